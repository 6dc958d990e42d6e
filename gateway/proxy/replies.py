"""The answers that the front door makes itself: the way to the logon, 401, and refusals.

A page load is answered with a page, anything a script sent with problem+json (RFC 9457). Which is
which is told by the route's kind, then by Sec-Fetch-*, Accept and X-Requested-With.
"""

from __future__ import annotations

import json
from collections.abc import Callable, Iterable
from functools import cache
from http import HTTPStatus
from typing import Final, Protocol

from gateway.wire.request import RequestHead
from policies.answer_fields import NO_STORE, security_fields
from policies.decision import Reason
from policies.return_paths import carried

LOGON: Final = "/.gateway/logon"
CODE: Final = "/.gateway/otp"

_HTML: Final = b"Content-Type: text/html; charset=utf-8\r\n"
_PROBLEM: Final = b"Content-Type: application/problem+json; charset=utf-8\r\n"
_UNAUTHORIZED: Final = (
    _PROBLEM + b'WWW-Authenticate: Gateway realm="gateway"\r\nVary: Sec-Fetch-Mode\r\n'
    b"X-Gateway-Logon: %b\r\n"
)
_AGAIN: Final = frozenset({Reason.SESSION_TOO_OLD, Reason.SESSION_IDLE})
"""Somebody is logged on, but is asked to do so again."""
_MET_BY_PEOPLE: Final = frozenset({414, 429, 431})
_PHRASES: Final = {status.value: status.phrase for status in HTTPStatus}
_WORDS: Final = {
    Reason.NO_SESSION: "Nobody is logged on.",
    Reason.CODE_NEEDED: "A one-time password is needed here.",
    Reason.SESSION_TOO_OLD: "The last logon is too long ago for this.",
    Reason.SESSION_IDLE: "The session was left unused for too long for this.",
    Reason.USER_NOT_LISTED: "Your account is not among those that may open this.",
    Reason.GROUP_MISSING: "Your account is not in a group that may open this.",
    Reason.NETWORK_NOT_ALLOWED: "This cannot be opened from the network you are on.",
    Reason.OUTSIDE_HOURS: "This is closed at this hour.",
    Reason.METHOD_NOT_ALLOWED: "This method may not be used here.",
    Reason.NO_ROUTE: "Nothing is served under this address.",
    Reason.AMBIGUOUS_PATH: "The path can be read in more than one way.",
    Reason.UNKNOWN_HOST: "This gateway does not answer for that host.",
    Reason.ORIGIN_NOT_ALLOWED: "The page that opened this connection may not do so.",
}


def words_of(reason: Reason) -> str:
    """Return what a script is told, "" for a reason that refuses nothing."""
    return _WORDS.get(reason, "")


class ErrorPage(Protocol):
    """Renders an error page; the pages half provides it, `app.py` hands it over."""

    def __call__(
        self,
        status: int,
        *,
        language: str,
        reference: str,
        here: str,
        reason: Reason | None,
        retry_after: int | None,
    ) -> bytes:
        """Return a complete HTML document; `here` is its own address as `carried` gives it."""
        ...


class Replies:
    """Writes the front door's own answers for one public URL."""

    def __init__(
        self, error_page: ErrorPage, language: Callable[[str, str], str], *, https: bool
    ) -> None:
        """`language` chooses a language for the values of Cookie and Accept-Language."""
        self._error_page = error_page
        self._language = language
        self._common = _lines((NO_STORE, *security_fields(https=https)))

    def challenge(self, head: RequestHead, reason: Reason, *, reference: str, close: bool) -> bytes:
        """Send a page load to the logon (or the code page) and tell a script 401.

        The reference is for those who see an answer: a script, not who is sent on.
        """
        page = CODE if reason is Reason.CODE_NEEDED else LOGON
        there = f"{page}?next={carried(head.target)}"
        if reason in _AGAIN:
            there += f"&notice={reason.value}"
        if is_page_load(head):
            fields = b"Location: %b\r\n" % there.encode("ascii")
            return self._answer(302, fields, b"", head, close=close)
        logon = there.encode("ascii")  # percent-encoded: nothing in it needs escaping in JSON
        body = _told(reason) % (logon, reference.encode("ascii"))
        fields = _UNAUTHORIZED % logon
        return self._answer(401, fields, body, head, close=close)

    def refuse(
        self,
        status: int,
        head: RequestHead | None,
        *,
        reference: str,
        reason: Reason | None = None,
        close: bool,
    ) -> bytes:
        """Refuse with a page or a problem; `head` is None when there is no readable one.

        Without a head a person is taken for the one who asks where people get: too many
        connections (429) and too many or too large fields, cookies mostly (414, 431).
        """
        retry_after = 5 if status in {429, 503} else None
        fields = b"Retry-After: %d\r\n" % retry_after if retry_after else b""
        if status == HTTPStatus.METHOD_NOT_ALLOWED:
            fields += b"Allow: GET, HEAD, POST, PUT, PATCH, DELETE, OPTIONS\r\n"
        if is_page_load(head) if head is not None else status in _MET_BY_PEOPLE:
            body = self._error_page(
                status,
                language=self._language_of(head),
                reference=reference,
                here=carried(b"/" if head is None else head.target),
                reason=reason,
                retry_after=retry_after,
            )
            return self._answer(status, fields + _HTML, body, head, close=close)
        words = _WORDS.get(reason, "") if reason is not None else ""
        body = _problem(status, words, reason.value if reason else "", reference=reference)
        return self._answer(status, fields + _PROBLEM, body, head, close=close)

    def _language_of(self, head: RequestHead | None) -> str:
        """Return the language of a page; requests that are passed on are never asked for it."""
        if head is None:
            return self._language("", "")
        cookies = b"; ".join(head.cookies).decode("utf-8", "surrogateescape")
        accept = head.value(b"accept-language") or b""
        return self._language(cookies, accept.decode("latin-1"))

    def _answer(
        self, status: int, fields: bytes, body: bytes, head: RequestHead | None, *, close: bool
    ) -> bytes:
        ending = b"Connection: close\r\n" if close else b""
        start = b"HTTP/1.1 %d %b\r\n" % (status, _PHRASES.get(status, "").encode())
        length = b"Content-Length: %d\r\n" % len(body)
        shown = b"" if head is not None and head.bodiless else body
        return b"".join((start, length, fields, self._common, ending, b"\r\n", shown))


def _lines(fields: Iterable[tuple[str, str]]) -> bytes:
    return "".join(f"{name}: {value}\r\n" for name, value in fields).encode("ascii")


def is_page_load(head: RequestHead) -> bool:
    """Return whether a person waits for a page, rather than a script for data."""
    found: dict[bytes, bytes] = {}
    for name, value in head.fields:
        lower = name.lower()
        if lower in _TELLING:
            found[lower] = value.lower()
    if head.upgrade or head.for_script:
        return False
    mode = found.get(b"sec-fetch-mode")
    if mode is not None:
        return mode == b"navigate" and found.get(b"sec-fetch-dest", b"document") in _DESTINATIONS
    if b"accept" in found:
        asks_page = b"text/html" in found[b"accept"] or b"application/xhtml" in found[b"accept"]
        return asks_page and found.get(b"x-requested-with") != b"xmlhttprequest"
    return False


_TELLING: Final = frozenset({
    b"sec-fetch-mode", b"sec-fetch-dest", b"accept", b"x-requested-with",
})  # fmt: skip
_DESTINATIONS: Final = frozenset({b"document", b"frame", b"iframe", b"embed", b"object"})


@cache
def _told(reason: Reason) -> bytes:
    """Return the problem of a challenge, with places for where the logon is and the reference.

    A script of a session that ended may ask every second, in every tab.
    """
    return (
        _problem(401, _WORDS[reason], reason.value).removesuffix(b"}").replace(b"%", b"%%")
        + b', "logon": "%b", "reference": "%b"}'
    )


def _problem(status: int, detail: str, reason: str, **more: str) -> bytes:
    problem = {"type": "about:blank", "title": _PHRASES.get(status, ""), "status": status}
    extra = {"detail": detail, "reason": reason, **more}
    return json.dumps(problem | {k: v for k, v in extra.items() if v}).encode()
