"""policies/conditions.py: each condition alone, their order, and what they say."""

from __future__ import annotations

from dataclasses import dataclass, replace
from datetime import timedelta
from zoneinfo import ZoneInfo

import pytest

from policies import conditions as c
from policies.circumstances import Circumstances
from policies.factors import SecondFactor
from policies.hours import Hours, Span
from policies.routes import Route

NOON = 1_790_000_000.0  # Mon 2026-09-21 14:13:20 UTC
WORK = Hours((Span(frozenset({0}), 6 * 60, 20 * 60),), ZoneInfo("UTC"), "Mon 06:00-20:00 UTC")
SEEN = Circumstances("corporate", b"GET", NOON, 0.0)


@dataclass(frozen=True)
class Who:
    user: str = "anna"
    groups: tuple[str, ...] = ("staff",)
    factors: tuple[str, ...] = ("pwd",)
    created: float = NOON - 60


ANNA = Who()
HOUR, TEN = timedelta(hours=1), timedelta(minutes=10)
ROWS = [
    (c.SessionNeeded(), ANNA, SEEN, None),
    (c.SessionNeeded(), None, SEEN, c.NO_SESSION),
    (c.UserListed(frozenset({"anna"})), ANNA, SEEN, None),
    (c.UserListed(frozenset({"bo"})), ANNA, SEEN, c.USER_NOT_LISTED),
    (c.UserListed(frozenset({"anna"})), None, SEEN, c.USER_NOT_LISTED),
    (c.GroupHeld(frozenset({"hr", "staff"})), ANNA, SEEN, None),
    (c.GroupHeld(frozenset({"hr"})), ANNA, SEEN, c.GROUP_MISSING),
    (c.GroupHeld(frozenset({"hr"})), None, SEEN, c.GROUP_MISSING),
    (c.NetworkListed(frozenset({"corporate"})), None, SEEN, None),
    (c.NetworkListed(frozenset({"corporate"})), None, SEEN._replace(network="internet"), c.NETWORK_NOT_ALLOWED),
    (c.NetworkListed(frozenset({"corporate"})), None, SEEN._replace(network=""), c.NETWORK_NOT_ALLOWED),
    (c.HoursOpen(WORK), None, SEEN, None),
    (c.HoursOpen(WORK), None, SEEN._replace(now=NOON + 6 * 3600), c.OUTSIDE_HOURS),
    (c.MethodListed(frozenset({b"GET"})), None, SEEN, None),
    (c.MethodListed(frozenset({b"GET"})), None, SEEN._replace(method=b"POST"), c.METHOD_NOT_ALLOWED),
    (c.MethodListed(frozenset({b"GET"})), None, SEEN._replace(method=b"get"), c.METHOD_NOT_ALLOWED),
    (c.MethodListed(frozenset({b"GET", b"PUT"})), None, SEEN._replace(overrides=(b"PUT", b"GET")), None),
    (c.MethodListed(frozenset({b"GET", b"PUT"})), None, SEEN._replace(overrides=(b"PUT", b"DELETE")), c.METHOD_NOT_ALLOWED),
    (c.MethodListed(frozenset({b"GET"})), None, SEEN._replace(method=b"POST", overrides=(b"GET",)), c.METHOD_NOT_ALLOWED),
    (c.MethodListed(frozenset({b"GET"})), None, SEEN._replace(overrides=(b"",)), c.METHOD_NOT_ALLOWED),
    (c.LoggedOnSince(HOUR), replace(ANNA, created=NOON - 3599), SEEN, None),
    (c.LoggedOnSince(HOUR), replace(ANNA, created=NOON - 3600), SEEN, c.SESSION_TOO_OLD),
    (c.LoggedOnSince(HOUR), None, SEEN, c.SESSION_TOO_OLD),
    (c.NeverIdle(TEN), ANNA, SEEN._replace(idle_s=599.9), None),
    (c.NeverIdle(TEN), ANNA, SEEN._replace(idle_s=600.0), c.SESSION_IDLE),
    (c.CodeGiven(SecondFactor.OUTSIDE_CORPORATE), ANNA, SEEN, None),
    (c.CodeGiven(SecondFactor.OUTSIDE_CORPORATE), ANNA, SEEN._replace(network="internet"), c.CODE_NEEDED),
    (c.CodeGiven(SecondFactor.ALWAYS), ANNA, SEEN, c.CODE_NEEDED),
    (c.CodeGiven(SecondFactor.ALWAYS), None, SEEN, c.CODE_NEEDED),
    (c.CodeGiven(SecondFactor.NEVER), ANNA, SEEN._replace(network="internet"), None),
]  # fmt: skip


@pytest.mark.parametrize(("condition", "who", "seen", "refusal"), ROWS)
def test_row(
    condition: c.Condition, who: Who | None, seen: Circumstances, refusal: c.Refusal | None
) -> None:
    assert condition.judge(who, seen) == refusal
    assert condition.wanted()
    assert condition.found(who, seen)


FULL = Route(
    "/",
    "p",
    users=frozenset({"anna"}),
    groups=frozenset({"hr"}),
    networks=frozenset({"corporate"}),
    hours=WORK,
    methods=frozenset({b"GET"}),
    absolute=HOUR,
    idle=TEN,
)


def test_the_order_leaks_least() -> None:
    keys = [condition.key for condition in FULL.conditions]
    assert keys == [
        "public", "users", "groups", "networks", "hours", "methods", "absolute", "idle", "second_factor",
    ]  # fmt: skip
    enforced = [condition.key for condition in FULL.conditions if condition.always_enforced]
    assert enforced == ["public", "second_factor"]


def test_a_route_has_the_conditions_it_names_and_no_others() -> None:
    assert [one.key for one in Route("/", "p").conditions] == ["public", "second_factor"]
    assert Route("/", "p", public=True).is_open
    closed = replace(FULL, public=True)
    assert [one.key for one in closed.conditions] == ["networks", "hours", "methods"]
    assert not closed.is_open


def test_words() -> None:
    said = {one.key: (one.wanted(), one.found(ANNA, SEEN)) for one in FULL.conditions}
    assert said == {
        "public": ("somebody who is logged on", "anna"),
        "users": ("anna", "anna"),
        "groups": ("hr", "staff"),
        "networks": ("corporate", "corporate"),
        "hours": ("Mon 06:00-20:00 UTC", "Mon 14:13 UTC"),
        "methods": ("GET", "GET"),
        "absolute": ("a logon less than 1h ago", "1m ago"),
        "idle": ("never 10m without a request since the logon", "0s at the most"),
        "second_factor": ("a one-time password, or the network corporate", "pwd, from corporate"),
    }


NOBODY_KNOWS = Circumstances("", b"PROPFIND", NOON, 90.0)
FOUND = [
    (c.SessionNeeded(), ANNA, SEEN, "anna"),
    (c.SessionNeeded(), None, SEEN, "nobody"),
    (c.UserListed(frozenset({"bo"})), ANNA, SEEN, "anna"),
    (c.UserListed(frozenset({"bo"})), None, SEEN, "nobody"),
    (c.GroupHeld(frozenset({"hr"})), replace(ANNA, groups=("it", "staff")), SEEN, "it, staff"),
    (c.GroupHeld(frozenset({"hr"})), replace(ANNA, groups=()), SEEN, "no group"),
    (c.GroupHeld(frozenset({"hr"})), None, SEEN, "no group"),
    (c.NetworkListed(frozenset({"x"})), ANNA, SEEN, "corporate"),
    (c.NetworkListed(frozenset({"x"})), ANNA, NOBODY_KNOWS, "no network"),
    (c.MethodListed(frozenset({b"GET"})), ANNA, NOBODY_KNOWS, "PROPFIND"),
    (c.MethodListed(frozenset({b"GET"})), ANNA, SEEN._replace(overrides=(b"PUT",)), "GET as PUT"),
    (c.LoggedOnSince(HOUR), ANNA, SEEN, "1m ago"),
    (c.LoggedOnSince(HOUR), None, SEEN, "no logon"),
    (c.CodeGiven(SecondFactor.ALWAYS), ANNA, SEEN, "pwd, from corporate"),
    (c.CodeGiven(SecondFactor.ALWAYS), replace(ANNA, factors=("pwd", "otp")), SEEN,
     "pwd + otp, from corporate"),
    (c.CodeGiven(SecondFactor.ALWAYS), replace(ANNA, factors=()), SEEN, "no factor, from corporate"),
    (c.CodeGiven(SecondFactor.ALWAYS), None, SEEN, "no factor, from corporate"),
    (c.LoggedOnSince(HOUR), replace(ANNA, created=NOON - 90_061), SEEN, "1d1h1m1s ago"),
    (c.LoggedOnSince(HOUR), replace(ANNA, created=NOON + 5), SEEN, "0s ago"),  # a clock behind
]  # fmt: skip


@pytest.mark.parametrize(("condition", "who", "seen", "told"), FOUND)
def test_what_was_found_is_told(condition: c.Condition, who: Who | None, seen, told: str) -> None:
    assert condition.found(who, seen) == told


@pytest.mark.parametrize(
    ("condition", "wanted"),
    [
        (c.UserListed(frozenset({"siv", "anna", "bo"})), "anna or bo or siv"),
        (c.MethodListed(frozenset({b"PUT", b"GET"})), "GET or PUT"),
        (c.CodeGiven(SecondFactor.ALWAYS), "a one-time password"),
        (c.CodeGiven(SecondFactor.NEVER), "the password is enough"),
    ],
)
def test_what_is_wanted_is_told(condition: c.Condition, wanted: str) -> None:
    assert condition.wanted() == wanted
