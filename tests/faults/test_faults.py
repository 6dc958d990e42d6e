"""Everything around the gateway breaks under load, and nobody sees what is not his.

The short form of `python -m tests.faults`: one house and one load through every fault, so that
sessions outlive all of them. What the table counts as wrong never happens, whoever was sent to the
logon had no session any more, and afterwards everybody is served again.
"""

from __future__ import annotations

from functools import partial

import pytest

from tests.faults.house import family_house, house
from tests.faults.tally import FORCED, REVOKED, RIGHT, WRONG
from tests.faults.troubles import FAMILIES, TROUBLES, once

pytestmark = [pytest.mark.system, pytest.mark.slow, pytest.mark.xdist_group("faults")]


@pytest.fixture(scope="module")
def built(tmp_path_factory):
    with house(tmp_path_factory.mktemp("house")) as built:
        yield built


def judge(row, *, loses_sessions: bool) -> None:
    assert not row.counts.get(WRONG), row.told
    assert not row.counts.get(REVOKED), row.told
    assert loses_sessions or not row.counts.get(FORCED), row.told
    assert row.counts[RIGHT] > 0


@pytest.mark.parametrize("trouble", TROUBLES, ids=lambda trouble: trouble.name)
def test_nothing_wrong_and_everybody_served_again(built, trouble):
    judge(built.suffer(trouble, 0.0), loses_sessions=trouble.loses_sessions)


def test_another_redis_takes_over(tmp_path):
    """The sentinels'; the Cluster's, under load too, is in tests/store/test_groups.py."""
    name, family, befall = FAMILIES[0]
    with family() as servers, family_house(tmp_path, servers.url) as built:
        judge(built.suffer(once(name, partial(befall, servers)), 0.0), loses_sessions=False)
