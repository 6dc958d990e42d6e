"""What the front door would do with a request that nobody sends: the same code, no I/O.

The request is written as bytes and read by the gateway's own reader, so what would be refused on
the wire is refused here too.
"""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass, replace
from typing import Final, NamedTuple
from urllib.parse import quote, urlsplit

from gateway.auth.model import SessionRecord
from gateway.proxy import decide
from gateway.proxy.replies import Replies
from gateway.settings.model import Settings
from gateway.settings.snapshot import Snapshot, compile_snapshot
from gateway.wire.errors import BadMessage
from gateway.wire.request import HeadReader, RequestHead
from policies.circumstances import Circumstances
from policies.decision import Challenge, Decision, Deny, Reason, StepUp
from policies.explain import Step, Verdict, explain
from policies.methods import overrides
from policies.networks import Trace, trace_client
from policies.routes import PAGES, Kind, Route

_FIELD: Final = re.compile(r"[!#$%&'*+.^_`|~0-9A-Za-z-]+")
_ALL_ASCII: Final = "".join(map(chr, range(0x21, 0x7F)))
_BROWSER: Final = ("Accept", "text/html")
_TELLING: Final = frozenset({"accept", "sec-fetch-mode", "x-requested-with"})


class Asked(NamedTuple):
    """A request and where it comes from. `target` is the path and query as a browser sends them."""

    method: str
    authority: str
    target: str
    peer: str
    headers: tuple[tuple[str, str], ...]
    now: float


@dataclass(frozen=True, slots=True)
class Simulated:
    """What would happen. `refused` is what is wrong with the request itself, "" mostly.

    `contenders` are the routes that an ambiguous path may mean; `status` and `location` what the
    browser gets from the gateway, None and "" when the answer is the upstream's.
    """

    trace: Trace
    network: str
    route: Route | None = None
    steps: tuple[Step, ...] = ()
    decision: Decision | None = None
    contenders: tuple[Route, ...] = ()
    status: int | None = None
    location: str = ""
    refused: str = ""

    @property
    def is_our_page(self) -> bool:
        """Whether the gateway's own pages answer."""
        return self.route is PAGES


class Stage:
    """The parts of the front door that decide, for one configuration; nothing is behind them."""

    def __init__(self, settings: Settings, snapshot: Snapshot | None = None) -> None:
        """Take the settings, and what is compiled of them where that is there."""
        self.snapshot: Final = snapshot or compile_snapshot(settings)
        self.reader: Final = HeadReader(settings.limits.fields, settings.limits.url)
        https = settings.public_url.is_https
        self.replies: Final = Replies(_no_page, lambda _, _there: "en", https=https)


def _no_page(status: int, **_: object) -> bytes:
    """Stand for a page: only the head of an answer is looked at."""
    return b"%d" % status


def read_url(url: str, settings: Settings) -> tuple[str, str]:
    """Return the authority and the target of a URL, or of a path on `public_url`.

    Raises ValueError with what to write.
    """
    if url.startswith("/"):
        url = settings.public_url.origin + url
    parts = urlsplit(url.partition("#")[0])
    if parts.scheme not in {"http", "https"} or not parts.netloc or "@" in parts.netloc:
        raise ValueError(f'"{settings.public_url.origin}/…", or a path as "/hr/"')
    rest = url.partition("#")[0].partition("://")[2]
    target = rest[len(parts.netloc) :] or "/"
    if not target.startswith("/"):
        target = "/" + target
    return parts.netloc, quote(target, safe=_ALL_ASCII)


def read_field(line: str) -> tuple[str, str]:
    """Return name and value of a header field line. Raises ValueError with what to write."""
    name, colon, value = line.partition(":")
    if not colon or _FIELD.fullmatch(name) is None or not value.isprintable():
        raise ValueError("one header field, as 'X-Forwarded-For: 203.0.113.9'")
    return name, value.strip()


def simulate(
    stage: Stage, asked: Asked, session: SessionRecord | None, idle_s: float = 0.0
) -> Simulated:
    """Return what the front door would do; `idle_s` is the longest pause of the session."""
    fields = _fields(asked)
    lines = [value for name, value in fields if name.lower() == "x-forwarded-for"]
    trace = trace_client(asked.peer, lines, stage.snapshot.trusted)
    there = Simulated(trace, stage.snapshot.networks.name_of(trace.client))
    try:
        head = stage.reader.read(_raw(asked, fields))
    except BadMessage as error:
        return replace(there, status=error.status, refused=error.why)
    routes, host = stage.snapshot.routes, head.host
    route = routes.find(host, head.path)
    if isinstance(route, Deny):
        contenders: Sequence[Route] = ()
        if route.reason is Reason.AMBIGUOUS_PATH:
            contenders = routes.contenders(host, head.path)
        return _answered(stage, head, replace(there, decision=route, contenders=tuple(contenders)))
    if route is PAGES:
        return replace(there, route=route)
    head.for_script = route.kind is Kind.API
    others = overrides(head.fields)
    seen = Circumstances(there.network, head.method, asked.now, idle_s, others)
    told = explain(route, session, seen)
    steps, decision = _with_origin(stage, route, head, told.steps, told.decision)
    return _answered(stage, head, replace(there, route=route, steps=steps, decision=decision))


def _with_origin(
    stage: Stage, route: Route, head: RequestHead, steps: tuple[Step, ...], decision: Decision
) -> tuple[tuple[Step, ...], Decision]:
    """Add what is decided about the page that opens a WebSocket; its refusal goes before all."""
    if not head.upgrade or head.upgrade.decode("latin-1") not in route.upgrades:
        return steps, decision
    refused = decide.judge_upgrade(stage.snapshot, route, head)
    wanted = " or ".join(route.origins) or "no origin at all"
    found = decide.origin_field(head) or "no Origin, or more than one"
    verdict = Verdict.MET if refused is None else Verdict.UNMET
    reason = None if refused is None else refused.reason
    return (Step("origins", wanted, found, verdict, reason), *steps), refused or decision


def _answered(stage: Stage, head: RequestHead, there: Simulated) -> Simulated:
    """Add the status and the Location of the answer that the front door would write."""
    match there.decision:
        case Challenge(reason=reason) | StepUp(reason=reason):
            answer = stage.replies.challenge(head, reason, reference="", close=False)
        case Deny(status=status, reason=reason):
            answer = stage.replies.refuse(status, head, reference="", reason=reason, close=False)
        case _:
            return there
    lines = answer.partition(b"\r\n\r\n")[0].decode("ascii").split("\r\n")
    found = [line.partition(": ")[2] for line in lines if line.startswith("Location: ")]
    return replace(there, status=int(lines[0].split()[1]), location="".join(found))


def _fields(asked: Asked) -> list[tuple[str, str]]:
    """Return the fields of the request; without a word about it, it is a page load."""
    fields = list(asked.headers)
    if _TELLING.isdisjoint(name.lower() for name, _ in fields):
        fields.append(_BROWSER)
    return fields


def _raw(asked: Asked, fields: Sequence[tuple[str, str]]) -> bytes:
    named = {name.lower() for name, _ in fields}
    host = [] if "host" in named else [("Host", asked.authority)]
    lines = [f"{name}: {value}" for name, value in (*host, *fields)]
    start = f"{asked.method} {asked.target} HTTP/1.1"
    return "\r\n".join((start, *lines, "", "")).encode("latin-1", "replace")
