"""policies/policy_diff.py: nothing differs from itself, both ways agree, a condition never gives."""

from __future__ import annotations

from dataclasses import replace
from datetime import UTC, datetime, timedelta
from zoneinfo import ZoneInfo

import pytest
from hypothesis import given
from hypothesis import strategies as st

from policies.decision import Allow, Reason
from policies.factors import SecondFactor
from policies.hours import Hours, parse_hours
from policies.networks import NetworkTable
from policies.policy_diff import NOBODY, Case, Change, Crowd, Crowds, Policy, changes
from policies.routes import Route, RouteTable

NOW = 1_790_000_000.0
USERS = {"anna": ("hr", "staff"), "bo": ("staff",), "siv": ()}


def hours(text: str) -> Hours:
    spans, _ = parse_hours(text)
    return Hours(spans, UTC, text)


ROUTES = st.builds(
    Route,
    path=st.just("/"),
    upstream=st.just("portal"),
    public=st.booleans(),
    users=st.sampled_from([frozenset(), frozenset({"anna"}), frozenset({"bo", "siv"})]),
    groups=st.sampled_from([frozenset(), frozenset({"hr"}), frozenset({"staff", "it"})]),
    networks=st.sampled_from([frozenset(), frozenset({"corporate"}), frozenset({"internet"})]),
    hours=st.sampled_from(
        [None, hours("Mon-Fri 06:00-20:00 UTC"), hours("Sat 22:00-06:00, Mon 00:00-24:00 UTC")]
    ),
    methods=st.sampled_from([frozenset(), frozenset({b"GET", b"HEAD"}), frozenset({b"REPORT"})]),
    absolute=st.sampled_from([None, timedelta(hours=1)]),
    idle=st.sampled_from([None, timedelta(minutes=5)]),
    second_factor=st.sampled_from(list(SecondFactor)),
    report_only=st.booleans(),
)
PLACES = st.lists(
    st.tuples(st.sampled_from(["/", "/hr/", "/a/b"]), st.sampled_from([None, "x.se", "*.x.se"])),
    min_size=1,
    max_size=4,
    unique=True,
)
NETWORKS = st.sampled_from(
    [("10.0.0.0/8",), ("10.0.0.0/9", "fd00::/8"), ("192.0.2.0/24", "!192.0.2.128/25")]
)


@st.composite
def policies(draw: st.DrawFn) -> Policy:
    places = draw(PLACES)
    return made(
        [replace(draw(ROUTES), path=path, host=host) for path, host in places], draw(NETWORKS)
    )


def made(routes: list[Route], corporate: tuple[str, ...] = ("10.0.0.0/8",)) -> Policy:
    table = RouteTable(routes, frozenset({b"localhost"}))
    return Policy(routes, table, NetworkTable.compile({"corporate": corporate}), b"localhost")


def crowds(before: Policy, after: Policy) -> list[Crowd]:
    found = Crowds(before, after)
    for user, groups in USERS.items():
        found.add(user, groups)
    return list(found.all())


def diff(before: Policy, after: Policy) -> list[Change]:
    return list(changes(before, after, crowds(before, after), NOW))


def outline(found: list[Change], *, turned: bool) -> set[tuple[object, ...]]:
    """Return changes as comparable values; `turned` as they are from the other side."""
    return {
        (
            one.place, one.case.crowd.user, one.case.networks[:: -1 if turned else 1],
            one.case[2:], one.is_gain is not turned,
            *((one.after, one.before) if turned else (one.before, one.after)),
        )
        for one in found
    }  # fmt: skip


@given(policies())
def test_nothing_differs_from_itself(policy: Policy) -> None:
    assert diff(policy, policy) == []


@given(policies(), policies())
def test_both_ways_agree(before: Policy, after: Policy) -> None:
    there, back = diff(before, after), diff(after, before)
    assert outline(there, turned=False) == outline(back, turned=True)
    for one in there:
        assert isinstance(one.before, Allow) != isinstance(one.after, Allow)


CONDITIONS = st.sampled_from([
    {"groups": frozenset({"hr"})}, {"users": frozenset({"siv"})}, {"methods": frozenset({b"GET"})},
    {"networks": frozenset({"corporate"})}, {"hours": hours("Tue 08:00-09:00 UTC")},
    {"absolute": timedelta(minutes=1)}, {"idle": timedelta(minutes=1)},
])  # fmt: skip


@given(policies(), CONDITIONS, st.data())
def test_one_more_condition_never_shows_a_gain(
    before: Policy, condition: dict[str, object], data: st.DataObject
) -> None:
    number = data.draw(st.integers(0, len(before.listed) - 1))
    routes = list(before.listed)
    if any(getattr(routes[number], name) for name in condition):
        return  # it has one of the kind: another is no further condition
    routes[number] = replace(routes[number], **condition)  # type: ignore[arg-type] - drawn
    after = Policy(
        routes, RouteTable(routes, frozenset({b"localhost"})), before.networks, b"localhost"
    )
    assert [one for one in diff(before, after) if one.is_gain] == []


def test_who_is_in_a_group_gains_and_the_others_lose() -> None:
    before = made([Route("/", "portal", groups=frozenset({"hr"}))])
    after = made([Route("/", "portal", users=frozenset({"bo"}))])
    found = {(one.case.crowd.user, one.is_gain) for one in diff(before, after)}
    assert found == {("anna", False), ("bo", True)}


def test_a_removed_route_falls_to_the_one_around_it() -> None:
    around, inner = Route("/", "portal"), Route("/open/", "portal", public=True)
    found = diff(made([around, inner]), made([around]))
    assert {one.place.path for one in found} == {"/open/"}
    assert any(one.case.crowd is NOBODY and one.after.reason is Reason.NO_SESSION for one in found)


def test_a_new_host_takes_paths_over() -> None:
    hr = Route("/hr/", "portal", public=True)
    before, after = made([hr]), made([hr, Route("/", "portal", host="x.se")])
    found = {(one.place.host, one.place.path, one.is_gain) for one in diff(before, after)}
    assert found == {("x.se", "/", True), ("x.se", "/hr/", True)}


def test_addresses_that_change_their_network_are_found() -> None:
    route = [Route("/", "portal", networks=frozenset({"corporate"}))]
    found = diff(made(route), made(route, ("10.0.0.0/9",)))
    assert {one.case.networks for one in found} == {("corporate", "internet")}
    assert not any(one.is_gain for one in found)


def test_users_whom_nothing_tells_apart_are_judged_once() -> None:
    policy = made([Route("/", "portal", groups=frozenset({"hr"}), users=frozenset({"siv"}))])
    found = Crowds(policy, policy)
    for number in range(1000):
        found.add(f"u{number}", ("staff", f"team-{number}"))
    found.add("siv", ())
    found.add("anna", ("hr",))
    assert [(one.user, one.groups, one.count) for one in found.all()] == [
        ("", (), 0), ("u0", (), 1000), ("siv", (), 1), ("anna", ("hr",), 1),
    ]  # fmt: skip
    assert [one.examples for one in found.all()] == [[], ["u0", "u1", "u2"], ["siv"], ["anna"]]


def one_route(**conditions: object) -> Policy:
    return made([Route("/", "portal", **conditions)])  # type: ignore[arg-type] - rows below


def lost(before: Policy, after: Policy, now: float = NOW) -> list[Case]:
    found = list(changes(before, after, crowds(before, after), now))
    assert not any(one.is_gain for one in found)
    return [one.case for one in found]


def test_a_method_that_is_listed_no_more_is_lost_and_no_other() -> None:
    three = frozenset({b"GET", b"REPORT", b"PUT"})
    found = lost(one_route(methods=three), one_route(methods=frozenset({b"GET"})))
    assert {case.methods for case in found} == {(b"PUT", b"REPORT")}
    assert {(case.now, case.logged_on_s, case.idle_s) for case in found} == {(NOW, 0.0, 0.0)}
    found = lost(one_route(), one_route(methods=frozenset({b"GET", b"HEAD"})))
    assert {case.methods for case in found} == {(b"POST", b"PUT", b"PATCH", b"DELETE", b"OPTIONS")}


def test_who_is_too_long_logged_on_or_away_loses() -> None:
    found = lost(one_route(), one_route(absolute=timedelta(hours=1)))
    assert {(case.logged_on_s, case.idle_s) for case in found} == {(3600.0, 0.0)}
    found = lost(one_route(), one_route(idle=timedelta(minutes=5)))
    assert {(case.logged_on_s, case.idle_s) for case in found} == {(0.0, 300.0)}


def test_who_gave_no_code_loses_where_one_is_wanted() -> None:
    never, always = SecondFactor.NEVER, SecondFactor.ALWAYS
    found = lost(one_route(second_factor=never), one_route(second_factor=always))
    assert {case.with_code for case in found} == {False}


def test_nobody_is_judged_once() -> None:
    found = lost(one_route(public=True, idle=timedelta(minutes=5)), one_route())
    assert [case for case in found if case.crowd is NOBODY] == [found[0], found[1]]  # two networks


def test_what_is_enforced_from_now_on_is_lost() -> None:
    groups = frozenset({"hr"})
    tried = one_route(groups=groups, report_only=True)
    found = lost(tried, one_route(groups=groups))
    assert {case.crowd.user for case in found} == {"bo"}  # and siv, whom nothing tells apart


def test_a_host_takes_over_what_stood_under_its_wildcard() -> None:
    wild = Route("/hr/", "portal", host="*.x.se", groups=frozenset({"hr"}))
    found = diff(made([wild]), made([wild, Route("/", "portal", host="a.x.se", public=True)]))
    assert {(one.place.host, one.place.path) for one in found} == {
        ("a.x.se", "/"), ("a.x.se", "/hr/"),
    }  # fmt: skip
    assert all(one.is_gain for one in found)


def at_work(text: str, zone: str) -> Policy:
    spans, _ = parse_hours(f"{text} {zone}")
    return one_route(hours=Hours(spans, ZoneInfo(zone), f"{text} {zone}"))


WINTER = 1_768_435_200.0  # Thu 2026-01-15 00:00 UTC


@pytest.mark.parametrize("now", [NOW, WINTER, WINTER + 4 * 86_400, WINTER + 6 * 86_400])
def test_hours_that_are_cut_short_are_lost(now: float) -> None:
    stockholm = "Europe/Stockholm"
    before = at_work("Mon 22:00-23:30, Wed 06:00-18:00", stockholm)
    after = at_work("Mon 22:00-23:30, Wed 07:00-18:00", stockholm)
    walls = {
        datetime.fromtimestamp(one.now, ZoneInfo(stockholm)) for one in lost(before, after, now)
    }
    assert {(wall.weekday(), wall.hour) for wall in walls} == {(2, 6)}
    assert all(abs(wall.timestamp() - now) < 27 * 7 * 86_400 for wall in walls)


@pytest.mark.parametrize("now", [NOW, WINTER])
def test_zones_that_differ_in_summer_only_are_told_apart_all_year(now: float) -> None:
    before = at_work("Mon-Sun 06:00-20:00", "Europe/Stockholm")
    after = at_work("Mon-Sun 06:00-20:00", "Africa/Lagos")  # as Stockholm's winter, all year
    found = list(changes(before, after, crowds(before, after), now))
    assert {one.is_gain for one in found} == {True, False}
