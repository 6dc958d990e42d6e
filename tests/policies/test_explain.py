"""policies/explain.py agrees with policies/access.py, and both with rules written down once more.

Plain random cases, seeded: a hundred thousand of them take seconds, and any of them can be had
again by its number.
"""

from __future__ import annotations

import random  # noqa: TID251 - seeded: cases, not secrets
from collections import Counter
from collections.abc import Iterator
from dataclasses import dataclass, replace
from datetime import UTC, timedelta

import pytest

from policies.access import decide
from policies.circumstances import Circumstances
from policies.decision import Allow, Challenge, Decision, Deny, Reason, StepUp
from policies.explain import Verdict, explain
from policies.factors import SecondFactor
from policies.hours import Hours, Span
from policies.routes import Route

FEW, CASES = 1500, 100_000
NOW = 1_790_000_000.0  # Mon 2026-09-21 14:13:20 UTC
USERS, GROUPS = ("anna", "bo", "siv"), ("hr", "it", "staff")
NETWORKS, METHODS = ("corporate", "guest", "internet"), (b"GET", b"HEAD", b"POST", b"DELETE")
LIMITS = (None, timedelta(seconds=30), timedelta(minutes=10))
HOURS = (
    None,
    Hours((Span(frozenset({0}), 360, 1200),), UTC, "Mon 06:00-20:00 UTC"),
    Hours((Span(frozenset({0}), 1320, 360),), UTC, "Mon 22:00-06:00 UTC"),
)


@dataclass(frozen=True)
class Who:
    user: str
    groups: tuple[str, ...]
    factors: tuple[str, ...]
    created: float


def some(choice: random.Random, names: tuple) -> frozenset:
    """Mostly none, else one or two of the names."""
    return frozenset(choice.sample(names, choice.choice((0, 0, 1, 2))))


def a_route(choice: random.Random) -> Route:
    return Route(
        "/",
        "p",
        public=choice.random() < 0.2,
        users=some(choice, USERS),
        groups=some(choice, GROUPS),
        networks=some(choice, NETWORKS),
        hours=choice.choice(HOURS),
        methods=some(choice, METHODS),
        absolute=choice.choice(LIMITS),
        idle=choice.choice(LIMITS),
        second_factor=choice.choice(list(SecondFactor)),
        report_only=choice.random() < 0.2,
    )


def a_visitor(choice: random.Random) -> Who | None:
    if choice.random() < 0.15:
        return None
    return Who(
        user=choice.choice(USERS),
        groups=tuple(choice.sample(GROUPS, choice.randrange(4))),
        factors=choice.choice((("pwd",), ("pwd", "otp"), ())),
        created=NOW - choice.choice((0, 29, 30, 599, 600, 86_400)),
    )


def circumstances(choice: random.Random) -> Circumstances:
    return Circumstances(
        network=choice.choice(NETWORKS),
        method=choice.choice(METHODS),
        now=NOW + choice.choice((0, 0, 6 * 3600, 12 * 3600)),
        idle_s=choice.choice((0.0, 29.9, 30.0, 600.0)),
    )


Case = tuple[Route, Who | None, Circumstances]


def cases(number: int, seed: int) -> Iterator[Case]:
    choice = random.Random(seed)
    routes = [a_route(choice) for _ in range(4000)]
    for _ in range(number):
        yield choice.choice(routes), a_visitor(choice), circumstances(choice)


def by_hand(route: Route, who: Who | None, seen: Circumstances) -> Decision:
    """The rules once more, as docs/outside.md tells them."""
    unmet: list[tuple[bool, Decision]] = []
    if not route.public and who is None:
        return Challenge(Reason.NO_SESSION)
    if who is not None and not route.public:
        unmet += [
            (route.users == set() or who.user in route.users, Deny(403, Reason.USER_NOT_LISTED)),
            (
                route.groups == set() or bool(set(who.groups) & route.groups),
                Deny(403, Reason.GROUP_MISSING),
            ),
        ]
    wanted = route.networks or set(NETWORKS)
    open_now = route.hours is None or is_open(route.hours, seen.now)
    unmet += [
        (seen.network in wanted, Deny(403, Reason.NETWORK_NOT_ALLOWED)),
        (open_now, Deny(403, Reason.OUTSIDE_HOURS)),
        (
            route.methods == set() or seen.method in route.methods,
            Deny(403, Reason.METHOD_NOT_ALLOWED),
        ),
    ]
    if who is not None and not route.public:
        age = timedelta(seconds=seen.now - who.created)
        pause = timedelta(seconds=seen.idle_s)
        unmet += [
            (route.absolute is None or age < route.absolute, Challenge(Reason.SESSION_TOO_OLD)),
            (route.idle is None or pause < route.idle, Challenge(Reason.SESSION_IDLE)),
        ]
    refusals = [decision for met, decision in unmet if not met]
    if refusals and (route.public or not route.report_only):
        return refusals[0]
    if who is not None and not route.public and "otp" not in who.factors:
        always = route.second_factor is SecondFactor.ALWAYS
        outside = route.second_factor is SecondFactor.OUTSIDE_CORPORATE
        if always or (outside and seen.network != "corporate"):
            return StepUp(Reason.CODE_NEEDED)
    reason = Reason.PUBLIC_ROUTE if route.public else Reason.SESSION
    return Allow(reason, refusals[0].reason if refusals else None)


def is_open(hours: Hours, now: float) -> bool:
    """Both are hours of Mondays; the second goes on to six on Tuesday."""
    since_monday = (now - 1_789_948_800) / 3600  # 2026-09-21 00:00 UTC, a Monday
    if hours is HOURS[1]:
        return 6 <= since_monday < 20
    return 22 <= since_monday < 30


@pytest.mark.parametrize("number", [FEW, pytest.param(CASES, marks=pytest.mark.slow)])
def test_explanation_and_decision_agree(number: int) -> None:
    decided: Counter[Reason] = Counter()
    for case in cases(number, seed=1):
        decision = decide(*case)
        told = explain(*case)
        assert told.decision == decision == by_hand(*case), case
        decided[decision.reason] += 1
        verdicts = [step.verdict for step in told.steps]
        assert [step.key for step in told.steps] == [one.key for one in case[0].conditions]
        unmet = [place for place, one in enumerate(verdicts) if one is Verdict.UNMET]
        if isinstance(decision, Allow):
            assert not unmet
            assert Verdict.NOT_REACHED not in verdicts
        else:
            (last,) = unmet
            assert told.steps[last].reason is decision.reason
            assert set(verdicts[last + 1 :]) <= {Verdict.NOT_REACHED}
    # Cases that never met a condition, or never failed one, would show nothing.
    assert min(decided.values()) >= number // 1000, decided
    assert len(decided) == 11


def test_each_step_says_what_its_condition_says() -> None:
    seen_verdicts = set()
    for route, who, seen in cases(FEW, seed=7):
        for step, condition in zip(explain(route, who, seen).steps, route.conditions, strict=True):
            refusal = condition.judge(who, seen)
            reached = step.verdict is not Verdict.NOT_REACHED
            assert step.wanted == condition.wanted()
            assert step.found == (condition.found(who, seen) if reached else "")
            assert step.reason is (refusal.reason if reached and refusal is not None else None)
            if reached:
                assert (step.verdict is Verdict.MET) is (refusal is None)
            seen_verdicts.add(step.verdict)
    assert seen_verdicts == set(Verdict)


FURTHER = [
    {"users": frozenset({"anna"})},
    {"groups": frozenset({"hr"})},
    {"networks": frozenset({"corporate"})},
    {"hours": HOURS[1]},
    {"methods": frozenset({b"GET"})},
    {"absolute": timedelta(seconds=30)},
    {"idle": timedelta(seconds=30)},
    {"second_factor": SecondFactor.ALWAYS},
]


@pytest.mark.parametrize("further", FURTHER, ids=lambda further: next(iter(further)))
def test_a_further_condition_never_grants(further: dict) -> None:
    narrowed = 0
    (key,) = further
    without = {} if key == "second_factor" else {key: frozenset() if key in SETS else None}
    for drawn, who, seen in cases(3000, seed=2):
        route = replace(drawn, **without)
        narrower = replace(route, **further)
        before, after = decide(route, who, seen), decide(narrower, who, seen)
        if isinstance(after, Allow):
            assert isinstance(before, Allow), (route, who, seen)
        narrowed += isinstance(before, Allow) and not isinstance(after, Allow)
    assert narrowed > 10


SETS = {"users", "groups", "networks", "methods"}


def test_outside_is_never_weaker_than_inside_under_equal_rules() -> None:
    allowed = 0
    for route, who, seen in cases(30_000, seed=3):
        inside, outside = seen._replace(network="corporate"), seen._replace(network="internet")
        if route.networks and len({"corporate", "internet"} & route.networks) == 1:
            continue  # a rule that tells them apart
        if isinstance(decide(route, who, outside), Allow):
            allowed += 1
            assert isinstance(decide(route, who, inside), Allow), (route, who, seen)
    assert allowed > 1000


def test_report_only_gives_what_a_session_and_a_code_give_and_no_more() -> None:
    for route, who, seen in cases(10_000, seed=4):
        if route.public:
            continue
        trial = decide(replace(route, report_only=True), who, seen)
        bare = decide(Route("/", "p", second_factor=route.second_factor), who, seen)
        assert type(trial) is type(bare)
        enforced = decide(replace(route, report_only=False), who, seen)
        if isinstance(trial, Allow) and trial.reported is not None:
            assert enforced.reason is trial.reported
        elif isinstance(trial, Allow):
            assert enforced == trial


def test_a_steady_route_decides_by_session_and_network_alone() -> None:
    steady = 0
    for route, who, seen in cases(20_000, seed=6):
        if route.is_steady:
            steady += 1
            still = Circumstances(seen.network, b"", 0.0)
            assert decide(route, who, still) == decide(route, who, seen)
    assert steady > 100


def test_nobody_is_told_anything_of_a_route_without_a_session() -> None:
    for route, _, seen in cases(3000, seed=5):
        if not route.public:
            told = explain(route, None, seen)
            assert told.decision == Challenge(Reason.NO_SESSION)
            assert [step.found for step in told.steps[1:]] == [""] * len(told.steps[1:])
