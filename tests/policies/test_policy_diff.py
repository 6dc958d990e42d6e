"""policies/policy_diff.py: nothing differs from itself, both ways agree, a condition never gives."""

from __future__ import annotations

from dataclasses import replace
from datetime import UTC, timedelta

from hypothesis import given
from hypothesis import strategies as st

from policies.decision import Allow, Reason
from policies.factors import SecondFactor
from policies.hours import Hours, parse_hours
from policies.networks import NetworkTable
from policies.policy_diff import NOBODY, Change, Crowd, Crowds, Policy, changes
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
