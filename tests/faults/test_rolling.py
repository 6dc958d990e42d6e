"""Two gateways behind a real HAProxy, restarted one after the other: nobody loses a request.

WebSockets are told 1001 between two frames, and open again at the other gateway.
"""

from __future__ import annotations

import contextlib
import http.client

import pytest

from tests.faults.balanced import Balanced, balanced
from tests.faults.load import USERS
from tests.faults.rolling import rolling
from tests.faults.tally import BAD, CUT, GOODBYE, HONEST, RIGHT
from tests.system.gateway import INSIDE
from tests.system.visitor import insider

pytestmark = [pytest.mark.system, pytest.mark.slow, pytest.mark.xdist_group("faults")]


@pytest.fixture(scope="module")
def house(tmp_path_factory):
    with balanced(tmp_path_factory.mktemp("rolling")) as house:
        yield house


def test_a_session_stays_at_one_gateway_with_the_lines_of_the_documents(house):
    office = insider(house.gateways[0], USERS[0].partition(",")[0])
    asked = [office.cookies["gateway"], *(f"made-up-{number}" for number in range(12)), None]
    rounds = [[served(house, cookie) for cookie in asked] for _ in range(3)]
    with_cookie = [answers[:-1] for answers in rounds]
    assert with_cookie[0] == with_cookie[1] == with_cookie[2]
    assert with_cookie[0][0][1] == 200
    assert {name for name, _ in with_cookie[0]} == {"one", "two"}
    assert {answers[-1][0] for answers in rounds} == {"one", "two"}, "without one, in turn"


def served(house: Balanced, cookie: str | None) -> tuple[str, int]:
    """Ask the balancer that keeps sessions; return which gateway answered, and its status."""
    connection = http.client.HTTPConnection("127.0.0.1", house.kept, timeout=10)
    with contextlib.closing(connection):
        fields = {"Host": house.site.host, "X-Forwarded-For": INSIDE}
        fields |= {"Cookie": f"gateway={cookie}"} if cookie else {}
        connection.request("GET", "/debug/echo", headers=fields)
        answer = connection.getresponse()
        answer.read()
        return answer.headers["X-Served-By"], answer.status


def test_a_rolling_restart_costs_no_request(house):
    row = rolling(house, 1)
    lost = {verdict: row.counts.get(verdict, 0) for verdict in (HONEST, CUT, *BAD)}
    assert not any(lost.values()), (lost, row.told)
    assert row.counts[RIGHT] > 50
    assert row.counts[GOODBYE] >= 1
