from __future__ import annotations

from datetime import timedelta

from policies.decision import Reason
from policies.policy_diff import Crowds, changes
from policies.policy_summary import route_changes, summed_up
from policies.routes import Route
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
