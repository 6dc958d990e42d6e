from __future__ import annotations

from datetime import timedelta
from zoneinfo import ZoneInfo

from policies.decision import Reason
from policies.factors import SecondFactor
from policies.hours import Hours
from policies.policy_diff import Crowds, changes
from policies.policy_summary import route_changes, summed_up
from policies.routes import Kind, Route
from tests.policies.test_policy_diff import NOW, USERS, made

HR = frozenset({"hr"})


def test_changes_are_summed_up_by_place_and_reason() -> None:
    before = made([Route("/", "portal"), Route("/hr/", "portal")])
    after = made([Route("/", "portal"), Route("/hr/", "portal", groups=HR)])
    crowds = Crowds(before, after)
    for user, groups in USERS.items():
        crowds.add(user, groups)
    (loss,) = summed_up(changes(before, after, crowds.all(), NOW))
    assert (loss.place.path, loss.is_gain, loss.reason) == ("/hr/", False, Reason.GROUP_MISSING)
    assert (loss.users, loss.is_about_nobody) == (2, False)
    assert sorted(loss.codes) == [False, True]
    assert {name for pair in loss.networks for name in pair} == {"corporate", "internet"}


def test_routes_that_came_went_or_changed() -> None:
    kept, gone = Route("/", "portal", line=3), Route("/a/", "portal", line=5)
    changed = Route("/b", "portal", absolute=timedelta(hours=1), line=7)
    after = [
        Route("/c/", "portal", line=2),
        Route("/b/", "other", groups=HR, line=4),
        Route("/", "portal", line=9),
    ]
    found = {
        (one.after or one.before or kept).path: (one.before is None, one.after is None, one.keys)
        for one in route_changes([kept, gone, changed], after)
    }
    assert found == {
        "/a/": (False, True, ()),
        "/b/": (
            False,
            False,
            (
                ("upstream", "portal", "other"),
                ("groups", "[]", "[hr]"),
                ("absolute", "1:00:00", "none"),
            ),
        ),
        "/c/": (True, False, ()),
    }


def test_every_kind_of_value_is_said_as_it_is_written() -> None:
    hours = Hours((), ZoneInfo("UTC"), "Mon 06:00-20:00 UTC")
    plain = Route("/", "portal")
    other = Route(
        "/", "portal", public=True, hours=hours, methods=frozenset({b"PUT", b"GET"}),
        second_factor=SecondFactor.ALWAYS, kind=Kind.API, users=frozenset({"bo", "anna"}),
        idle=timedelta(minutes=5),
    )  # fmt: skip
    (there,) = route_changes([plain], [other])
    assert there.keys == (
        ("public", "false", "true"),
        ("users", "[]", "[anna, bo]"),
        ("hours", "none", "Mon 06:00-20:00 UTC"),
        ("methods", "[]", "[GET, PUT]"),
        ("idle", "none", "0:05:00"),
        ("second_factor", "outside-corporate", "always"),
        ("kind", "page", "api"),
    )


def test_a_gain_says_why_it_was_refused_before_and_a_loss_why_it_is_now() -> None:
    closed = made([Route("/", "portal"), Route("/hr/", "portal", groups=HR)])
    opened = made([Route("/", "portal"), Route("/hr/", "portal")])
    crowds = Crowds(closed, opened)
    for user, groups in USERS.items():
        crowds.add(user, groups)
    everybody = crowds.all()
    (gain,) = summed_up(changes(closed, opened, everybody, NOW))
    (loss,) = summed_up(changes(opened, closed, everybody, NOW))
    assert (gain.is_gain, gain.reason) == (True, Reason.GROUP_MISSING)
    assert (loss.is_gain, loss.reason) == (False, Reason.GROUP_MISSING)
    assert gain.crowds == loss.crowds
    assert len({id(crowd) for crowd in gain.crowds}) == len(gain.crowds)
    first = next(iter(changes(closed, opened, everybody, NOW)))
    assert gain.example == first.case
    assert set(gain.methods) == {
        m for one in changes(closed, opened, everybody, NOW) for m in one.case.methods
    }


def test_each_place_and_reason_is_a_shift_of_its_own() -> None:
    before = made([Route("/", "portal"), Route("/a/", "portal"), Route("/b/", "portal")])
    only_anna = frozenset({"anna"})
    after = made([
        Route("/", "portal"), Route("/a/", "portal", groups=HR), Route("/b/", "portal", users=only_anna),
    ])  # fmt: skip
    crowds = Crowds(before, after)
    for user, groups in USERS.items():
        crowds.add(user, groups)
    shifts = summed_up(changes(before, after, crowds.all(), NOW))
    assert [(one.place.path, one.reason, one.users) for one in shifts] == [
        ("/a/", Reason.GROUP_MISSING, 2), ("/b/", Reason.USER_NOT_LISTED, 2),
    ]  # fmt: skip
