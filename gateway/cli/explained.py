"""An explanation as values for scripts: names and shapes are documented in docs/outside.md.

Each part tells on which line of gateway.toml it stands; null where the file says nothing of it.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any, Final

from gateway.auth.lockout import Count
from gateway.auth.model import Person
from gateway.cli.output import timestamp
from gateway.cli.simulation import Asked, Simulated
from gateway.proxy.replies import words_of
from gateway.settings.model import Settings
from policies.decision import Allow, Challenge, Deny, Reason, StepUp
from policies.explain import Step, Verdict
from policies.factors import code_needed
from policies.networks import Hop
from policies.routes import PAGES, Route

_OUTCOMES: Final = {Allow: "allow", Challenge: "log-on", StepUp: "code", Deny: "deny"}


def explained(
    settings: Settings,
    asked: Asked,
    there: Simulated,
    person: Person | None,
    counts: Sequence[Count] | None,
) -> dict[str, Any]:
    """Return the document; `counts` None: the store of failures did not answer."""
    return {
        "request": {
            "method": asked.method,
            "host": asked.authority,
            "target": asked.target,
            "from": asked.peer,
            "time": timestamp(asked.now),
        },
        "client": _client(settings, there),
        "route": _route(settings, there),
        "user": None if person is None else _user(person),
        "conditions": [_condition(settings, there, step) for step in there.steps],
        "factor": _factor(there),
        "limiter": _limiter(counts),
        "outcome": _outcome(settings, there),
    }


def line_of(settings: Settings, route: Route, key: str) -> int:
    """Return the line of a key of a route, that of its [[route]] when the file leaves it out."""
    place = next(n for n, one in enumerate(settings.routes) if one is route)
    return settings.lines.of(("route", place, key))


def _client(settings: Settings, there: Simulated) -> dict[str, Any]:
    trace = there.trace
    return {
        "address": trace.client,
        "hops": [
            {"text": hop.text, "address": hop.address, "role": _role(hop)} for hop in trace.hops
        ],
        "not_believed": list(trace.unread),
        "trusted_proxies_line": settings.lines.find(("listen", "trusted_proxies")),
        "network": there.network,
        "network_line": settings.lines.find(("networks", there.network)),
    }


def _role(hop: Hop) -> str:
    if hop.is_trusted:
        return "trusted-proxy"
    return "client" if hop.address else "unreadable"


def _route(settings: Settings, there: Simulated) -> dict[str, Any] | None:
    route = there.route
    if route is None:
        return None
    ours = there.is_our_page
    return {
        "path": route.path,
        "host": route.host,
        "upstream": None if ours else route.upstream,
        "line": None if ours else line_of(settings, route, ""),
        "public": route.public,
        "kind": route.kind.value,
        "report_only": route.report_only,
    }


def _user(person: Person) -> dict[str, Any]:
    return {
        "name": person.user,
        "enabled": person.enabled,
        "groups": list(person.groups),
        "has_mobile": person.mobile is not None,
    }


def _condition(settings: Settings, there: Simulated, step: Step) -> dict[str, Any]:
    return {
        "key": step.key,
        "line": None if there.route is None else line_of(settings, there.route, step.key),
        "wanted": step.wanted,
        "found": step.found,
        "verdict": step.verdict.value,
        "reason": None if step.reason is None else step.reason.value,
    }


def _factor(there: Simulated) -> dict[str, Any] | None:
    """Return whether a logon from there to this route takes a code."""
    route = there.route
    if route is None or route.public:
        return None
    return {
        "second_factor": route.second_factor.value,
        "code_needed": code_needed(route.second_factor, there.network, ()),
    }


def _limiter(counts: Sequence[Count] | None) -> dict[str, Any]:
    return {
        "known": counts is not None,
        "counters": [
            {
                "step": count.step,
                "of": count.of,
                "failures": count.failures,
                "most": count.most,
                "locked_until": None
                if count.locked_until is None
                else timestamp(count.locked_until),
            }
            for count in counts or ()
        ],
    }


def _outcome(settings: Settings, there: Simulated) -> dict[str, Any]:
    decision = there.decision
    answer: dict[str, Any] = {
        "decision": "bad-request",
        "reason": None,
        "reported": None,
        "status": there.status,
        "location": there.location or None,
        "upstream": None,
        "line": None,
        "routes": [
            {"path": route.path, "line": None if route is PAGES else line_of(settings, route, "")}
            for route in there.contenders
        ],
        "words": there.refused,
    }
    if there.is_our_page:
        answer |= {"decision": "own-page", "words": "The gateway's own pages answer."}
    if decision is None:
        return answer
    answer |= {
        "decision": _OUTCOMES[type(decision)],
        "reason": decision.reason.value,
        "line": _line_of_decision(settings, there, decision.reason),
        "words": words_of(decision.reason),
    }
    if isinstance(decision, Allow) and there.route is not None:
        reported = decision.reported
        answer["reported"] = None if reported is None else reported.value
        answer["upstream"] = there.route.upstream
    return answer


def _line_of_decision(settings: Settings, there: Simulated, reason: Reason) -> int | None:
    """Return the line that a person would look at first to change the outcome."""
    if reason is Reason.UNKNOWN_HOST:
        return settings.lines.find(("public_url",))
    # Of the routes that a path may mean, the first is that of its bytes; another one is in the way.
    meant = [route for route in there.contenders if route is not PAGES]
    route = there.route or (meant[-1] if meant else None)
    if route is None:
        return None
    unmet = [step.key for step in there.steps if step.verdict is Verdict.UNMET]
    return line_of(settings, route, unmet[0] if unmet else "")
