"""What a stranger could send an upstream to be taken for somebody, and whether it was believed.

Values only. The name is random, so nobody is called so: an answer that shows it was made for it.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Final

from gateway.settings.model import Upstream
from policies.fields import ASSERTION

Fields = tuple[tuple[str, str], ...]
_LENGTH_DIFFERS: Final = 64
"""Bytes by which two answers to equal requests may differ: a time, a counter, a token."""


@dataclass(frozen=True, slots=True)
class Forgery:
    """Fields as sent, and what they are called in a report. `signed`: by keys of ours."""

    name: str
    fields: Fields
    signed: bool = False


@dataclass(frozen=True, slots=True)
class Seen:
    """An answer, as far as it is compared. `shows`: the random name stands somewhere in it."""

    status: int
    length: int
    shows: bool


def identity_forgeries(upstream: Upstream, marker: str) -> list[Forgery]:
    """Return the identity fields of an upstream in the spellings that servers read alike."""
    plain = tuple((name, _filled(template, marker)) for name, template in upstream.identity)
    if not plain:
        return []
    return [
        Forgery("identity fields", plain),
        Forgery("in lower case", _renamed(plain, str.lower)),
        Forgery("in upper case", _renamed(plain, str.upper)),
        Forgery("with _ for -", _renamed(plain, lambda name: name.replace("-", "_"))),
        Forgery("given twice", tuple((name, text) for name, _ in plain for text in ("", marker))),
        Forgery("with a blank before the colon", _renamed(plain, lambda name: name + " ")),
    ]


def assertion_forgeries(
    upstream: Upstream, marker: str, *, foreign: str, expired: str
) -> list[Forgery]:
    """Return identity fields together with an assertion that is foreign, expired or no such."""
    plain = tuple((name, _filled(template, marker)) for name, template in upstream.identity)
    sent = [Forgery("a foreign key's assertion", (*plain, (ASSERTION, foreign)))]
    if expired:
        sent.append(Forgery("an expired assertion", (*plain, (ASSERTION, expired)), signed=True))
    return sent


def is_believed(baseline: Seen, answer: Seen) -> str:
    """Return why a forgery seems to have been believed, "" when it does not.

    An upstream that refuses (4xx, 5xx) believes nothing, unless it shows the name; one that
    let nobody in and lets this one in does.
    """
    if answer.shows and not baseline.shows:
        return "the answer shows the forged name"
    if answer.status >= 400:  # noqa: PLR2004
        return ""
    if answer.status != baseline.status:
        return f"status {answer.status} in place of {baseline.status}"
    if abs(answer.length - baseline.length) > _LENGTH_DIFFERS:
        return f"{answer.length} bytes in place of {baseline.length}"
    return ""


def request_bytes(host: str, path: str, fields: Sequence[tuple[str, str]]) -> bytes:
    """Return a GET as bytes: no client library would send these names."""
    lines = [f"GET {path} HTTP/1.1", f"Host: {host}", "Accept: text/html", "Connection: close"]
    lines += [f"{name}: {text}" for name, text in fields]
    return "\r\n".join((*lines, "", "")).encode("utf-8")


def _filled(template: str, marker: str) -> str:
    filled = template
    for gap in ("user", "name", "groups"):
        filled = filled.replace(f"{{{gap}}}", marker)
    return filled.replace("{email}", f"{marker}@example.invalid")


def _renamed(fields: Fields, rename: Callable[[str], str]) -> Fields:
    return tuple((rename(name), text) for name, text in fields)
