"""Nobody is given an answer made for somebody else: the short form of `tests.faults mixups`."""

from __future__ import annotations

import pytest

from tests.faults.mixups import LIMIT, MIXED, mixups

pytestmark = [pytest.mark.system, pytest.mark.slow, pytest.mark.xdist_group("faults")]


def test_each_answer_carries_the_user_and_the_nonce_it_was_made_for(tmp_path):
    run = mixups(tmp_path, answers=3000, users=40, every_s=2.0)
    assert not run.counts[MIXED], run.told
    # The known limit: once a worker's first surplus answer, on the connections that were open.
    assert run.counts[LIMIT] <= 20, run.counts
    assert run.counts["redis planted"]
    assert run.counts["redis sessions read"] > 500, run.counts
    assert run.counts["workers killed"]
    assert run.counts["right"] >= 2900, run.counts
