"""policies/apps.py: what is listed is what the guarding rule opens, and nothing else."""

from __future__ import annotations

from dataclasses import dataclass, replace
from datetime import UTC, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from policies.access import decide
from policies.apps import APPS, App, Newcomer, first_page, open_apps
from policies.circumstances import Circumstances
from policies.decision import Deny, StepUp
from policies.factors import SecondFactor
from policies.hours import Hours, parse_hours
from policies.routes import Route

NOW = 1_780_000_000.0


@dataclass(frozen=True)
class Who:
    groups: tuple[str, ...] = ()
    factors: tuple[str, ...] = ("pwd",)
    user: str = "anna"
    created: float = NOW


def hours(text: str) -> Hours:
    return Hours(parse_hours(f"{text} UTC")[0], UTC, text)


PORTAL = Route("/", "p", title="Portal")
NEWS = Route("/news/", "p", title="News", public=True)
STAFF = Route("/staff/", "p", title="Staff", groups=frozenset({"hr", "boss"}))
VAULT = Route("/vault/", "p", title="Vault", second_factor=SecondFactor.ALWAYS)
LUNCH = Route("/lunch/", "p", title="Lunch", second_factor=SecondFactor.NEVER)
PLAIN = Route("/static/", "p", public=True)
ALL = (VAULT, PLAIN, PORTAL, STAFF, NEWS, LUNCH)
PWD, OTP, HR = Who(), Who(factors=("pwd", "otp")), Who(("x", "hr"))

ROWS = [
    (PWD, "corporate", [(VAULT, True), (PORTAL, False), (NEWS, False), (LUNCH, False)]),
    (PWD, "internet", [(VAULT, True), (PORTAL, True), (NEWS, False), (LUNCH, False)]),
    (OTP, "internet", [(VAULT, False), (PORTAL, False), (NEWS, False), (LUNCH, False)]),
    (HR, "corporate", [(VAULT, True), (PORTAL, False), (STAFF, False), (NEWS, False), (LUNCH, False)]),
    (HR, "internet", [(VAULT, True), (PORTAL, True), (STAFF, True), (NEWS, False), (LUNCH, False)]),
]  # fmt: skip


@pytest.mark.parametrize(("who", "network", "shown"), ROWS)
def test_who_sees_what(who: Who, network: str, shown: list[tuple[Route, bool]]) -> None:
    assert open_apps(ALL, who, network, NOW) == tuple(App(*one) for one in shown)


ONLY = [
    # what a route has besides its title, and whether anna sees it inside, on a Thursday at 20:26
    ({"users": frozenset({"anna"})}, True), ({"users": frozenset({"bo"})}, False),
    ({"networks": frozenset({"corporate"})}, True), ({"networks": frozenset({"branch"})}, False),
    ({"hours": hours("Mon-Fri 06:00-22:00")}, True), ({"hours": hours("Sat-Sun 06:00-22:00")}, False),
    ({"hours": hours("Mon-Fri 06:00-20:00")}, False), ({"methods": frozenset({b"GET", b"HEAD"})}, True),
    ({"methods": frozenset({b"POST"})}, False), ({"absolute": timedelta(seconds=1)}, True),
    ({"users": frozenset({"bo"}), "report_only": True}, True),
    ({"public": True, "networks": frozenset({"branch"})}, False),
]  # fmt: skip


@pytest.mark.parametrize(("more", "shown"), ONLY)
def test_every_condition_counts(more: dict[str, object], shown: bool) -> None:
    route = Route("/x/", "p", title="X", **more)
    who = Who(created=NOW - 3600)
    assert bool(open_apps([route], who, "corporate", NOW)) is shown


ROUTES = st.builds(
    Route,
    st.from_regex(r"/[a-z]{1,3}/", fullmatch=True),
    st.just("p"),
    public=st.booleans(),
    users=st.frozensets(st.sampled_from(["anna", "bo"])),
    groups=st.frozensets(st.sampled_from("abc")),
    networks=st.frozensets(st.sampled_from(["corporate", "branch"])),
    hours=st.none() | st.sampled_from([hours("Mon-Fri 06:00-22:00"), hours("Sat 06:00-22:00")]),
    methods=st.frozensets(st.sampled_from([b"GET", b"POST"])),
    absolute=st.none() | st.just(timedelta(minutes=10)),
    idle=st.none() | st.just(timedelta(minutes=10)),
    second_factor=st.sampled_from(SecondFactor),
    report_only=st.booleans(),
    title=st.none() | st.sampled_from(["Time", "Pay"]),
)
PEOPLE = st.builds(
    Who,
    st.lists(st.sampled_from("abc")).map(tuple),
    st.lists(st.sampled_from(["pwd", "otp"])).map(tuple),
    st.sampled_from(["anna", "bo", "siv"]),
    st.sampled_from([NOW, NOW - 3600]),
)
NETWORKS = st.sampled_from(["corporate", "internet", "branch", ""])


@given(st.lists(ROUTES), PEOPLE, NETWORKS, st.sampled_from([0.0, 3600.0]))
def test_what_is_listed_is_what_opens(
    routes: list[Route], who: Who, network: str, idle_s: float
) -> None:
    """Listed is what `decide` lets in, steps up or sends to the logon; how long they were away, too."""
    seen = Circumstances(network, b"GET", NOW, idle_s)
    shown = open_apps(routes, who, network, NOW)
    opens = [route for route in routes if not isinstance(decide(route, who, seen), Deny)]
    assert [app.route for app in shown] == [route for route in opens if route.title is not None]
    for app in shown:
        now = decide(app.route, who, seen._replace(idle_s=0.0))
        assert app.code_needed is isinstance(now, StepUp)


@given(st.lists(ROUTES), PEOPLE, NETWORKS, st.sampled_from("abc"))
def test_a_group_taken_away_never_shows_more(
    routes: list[Route], who: Who, network: str, group: str
) -> None:
    fewer = replace(who, groups=tuple(one for one in who.groups if one != group))
    shown = {id(app.route) for app in open_apps(routes, who, network, NOW)}
    assert {id(app.route) for app in open_apps(routes, fewer, network, NOW)} <= shown


@given(st.lists(ROUTES), PEOPLE, NETWORKS)
def test_a_code_given_shows_the_same_and_asks_for_none(
    routes: list[Route], who: Who, network: str
) -> None:
    before = open_apps(routes, who, network, NOW)
    after = open_apps(routes, replace(who, factors=("pwd", "otp")), network, NOW)
    assert [app.route for app in after] == [app.route for app in before]
    assert not any(app.code_needed for app in after)


@given(st.lists(ROUTES), PEOPLE, NETWORKS)
def test_a_newcomer_sees_what_their_session_will(
    routes: list[Route], who: Who, network: str
) -> None:
    newcomer = Newcomer(who.user, who.groups, who.factors, who.created)
    assert open_apps(routes, newcomer, network, NOW) == open_apps(routes, who, network, NOW)


@pytest.mark.parametrize(
    ("way_back", "count", "page"),
    [
        ("/", 0, "/"), ("/", 1, "/"), ("/", 2, APPS), ("/", 9, APPS),
        ("/hr/", 2, "/hr/"), ("/?a=1", 2, "/?a=1"), (APPS, 0, APPS), ("/hr/", 0, "/hr/"),
    ],
)  # fmt: skip
def test_the_first_page(way_back: str, count: int, page: str) -> None:
    assert first_page(way_back, [App(PORTAL, code_needed=False)] * count) == page
