"""Two gateways behind a real HAProxy, restarted one after the other: nobody loses a request.

WebSockets are told 1001 between two frames, and open again at the other gateway.
"""

from __future__ import annotations

import pytest

from tests.faults.rolling import rolling
from tests.faults.tally import BAD, CUT, GOODBYE, HONEST, RIGHT

pytestmark = [pytest.mark.system, pytest.mark.slow, pytest.mark.xdist_group("faults")]


def test_a_rolling_restart_costs_no_request(tmp_path):
    row = rolling(tmp_path, 1)
    lost = {verdict: row.counts.get(verdict, 0) for verdict in (HONEST, CUT, *BAD)}
    assert not any(lost.values()), (lost, row.told)
    assert row.counts[RIGHT] > 50
    assert row.counts[GOODBYE] >= 1
