"""An explanation as values for scripts: names and shapes are documented in docs/outside.md.

Each part tells on which line of gateway.toml it stands; null where the file says nothing of it.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any, Final

from gateway.auth.lockout import Count
from gateway.auth.model import Person, SessionRecord
from gateway.proxy.replies import words_of
from gateway.proxy.simulation import Asked, Simulated
from gateway.settings.model import Settings
from policies.decision import Allow, Challenge, Decision, Deny, Reason, StepUp
from policies.explain import Step, Verdict
from policies.factors import code_needed
from policies.moments import timestamp
from policies.networks import Hop
from policies.routes import PAGES, Route

_OUTCOMES: Final = {Allow: "allow", Challenge: "log-on", StepUp: "code", Deny: "deny"}


def explained(
    settings: Settings,
    asked: Asked,
    there: Simulated,
    user: dict[str, Any] | None,
    counts: Sequence[Count] | None,
) -> dict[str, Any]:
    """Return the document.

    `user` is what `told_person` or `told_session` returned, None for nobody; `counts` None: the
    store of failures was not asked, or did not answer.
    """
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
        "user": user,
        "conditions": [_condition(settings, there, step) for step in there.steps],
        "factor": _factor(there),
        "limiter": told_limiter(counts),
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


def told_person(person: Person) -> dict[str, Any]:
    """Return somebody as the directory knows them."""
    return {
        "name": person.user,
        "enabled": person.enabled,
        "groups": list(person.groups),
        "has_mobile": person.mobile is not None,
    }


def told_session(session: SessionRecord) -> dict[str, Any]:
    """Return somebody as their session knows them; null is what a session does not know."""
    return {
        "name": session.user,
        "enabled": None,
        "groups": list(session.groups),
        "has_mobile": None,
        "factors": list(session.factors),
        "logged_on": timestamp(session.created),
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


def told_limiter(counts: Sequence[Count] | None) -> dict[str, Any]:
    """Return what stands in the counters of a logon; None: nobody knows."""
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


def words(decision: Decision) -> dict[str, Any]:
    """Return a decision by its names, and in the words that a script is told."""
    return {
        "decision": _OUTCOMES[type(decision)],
        "reason": decision.reason.value,
        "words": words_of(decision.reason),
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
    answer |= words(decision) | {"line": _line_of_decision(settings, there, decision.reason)}
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
