"""Two gateways behind a real HAProxy, restarted one after the other: nobody loses a request.

WebSockets are told 1001 between two frames, and open again at the other gateway.
"""

from __future__ import annotations

import pytest

from tests.faults.balanced import balanced
from tests.faults.load import difference, loaded
from tests.faults.tally import CUT, FORCED, GOODBYE, HONEST, REVOKED, RIGHT, WRONG

pytestmark = [pytest.mark.system, pytest.mark.slow, pytest.mark.xdist_group("faults")]


def test_a_rolling_restart_costs_no_request(tmp_path):
    with balanced(tmp_path) as house, loaded(house.site) as load:
        before = load.tally.counts()
        house.restart(house.gateways[0])
        house.end(house.gateways[1])
        row = difference("rolling", 0, before, load.tally.counts(), None, load.tally.told())
    bad = {verdict: row.counts.get(verdict, 0) for verdict in (HONEST, CUT, WRONG, FORCED, REVOKED)}
    assert not any(bad.values()), (bad, row.told, house.gateways[0].log.read_text()[-2000:])
    assert row.counts[RIGHT] > 50
    assert row.counts[GOODBYE] >= 1
