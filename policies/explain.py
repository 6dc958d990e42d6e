"""Why a decision came out as it did: the conditions that decide, each with what it saw.

`explain` goes over the same condition values as `access.decide`, in the same order, and goes on
past the one that refuses. Pure.
"""

from __future__ import annotations

import enum
from dataclasses import dataclass

from policies.circumstances import Circumstances, Who
from policies.conditions import Condition
from policies.decision import Allow, Decision, Reason
from policies.routes import Route


class Verdict(enum.Enum):
    """What became of one condition."""

    MET = "met"
    UNMET = "unmet"
    REPORTED = "reported"
    """Not met, on a route with `report_only`: counted, not enforced."""
    NOT_REACHED = "not-reached"
    """Never looked at, because one before it refused."""


@dataclass(frozen=True, slots=True)
class Step:
    """One condition: its key in gateway.toml, what it wants and what it found, in words.

    `reason` is why it refuses, None when it does not; `found` is "" when it was not reached.
    """

    key: str
    wanted: str
    found: str
    verdict: Verdict
    reason: Reason | None = None


@dataclass(frozen=True, slots=True)
class Explanation:
    """A decision and the steps to it, in the order in which they are taken."""

    decision: Decision
    steps: tuple[Step, ...]


def explain(route: Route, who: Who | None, seen: Circumstances) -> Explanation:
    """Return what `access.decide` decides about the same values, and why."""
    decision: Decision | None = None
    reported: Reason | None = None
    steps = []
    for condition in route.conditions:
        if decision is not None:
            steps.append(Step(condition.key, condition.wanted(), "", Verdict.NOT_REACHED))
            continue
        refusal = condition.judge(who, seen)
        if refusal is None:
            steps.append(_step(condition, who, seen, Verdict.MET, None))
        elif route.looks_past and not condition.always_enforced:
            reported = reported or refusal.reason
            steps.append(_step(condition, who, seen, Verdict.REPORTED, refusal.reason))
        else:
            decision = refusal
            steps.append(_step(condition, who, seen, Verdict.UNMET, refusal.reason))
    if decision is None:
        decision = Allow(Reason.PUBLIC_ROUTE if route.public else Reason.SESSION, reported)
    return Explanation(decision, tuple(steps))


def _step(
    condition: Condition,
    who: Who | None,
    seen: Circumstances,
    verdict: Verdict,
    reason: Reason | None,
) -> Step:
    found = condition.found(who, seen)
    return Step(condition.key, condition.wanted(), found, verdict, reason)
