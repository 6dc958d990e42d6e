"""Two workers are one gateway: a session is everywhere at once, and so is its end."""

from __future__ import annotations

import contextlib
import json
import time

import pytest

from tests.system.gateway import running_gateway, running_stub
from tests.system.processes import workers_of
from tests.system.raw import connect, head, is_closed, read_answer
from tests.system.visitor import insider

pytestmark = [pytest.mark.system, pytest.mark.slow, pytest.mark.xdist_group("workers")]

ENDED_WITHIN_S = 2.0
TRIES = 100
WEBSOCKET = (
    "Upgrade: websocket",
    "Connection: Upgrade",
    "Sec-WebSocket-Version: 13",
    "Sec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==",
)


@pytest.fixture(scope="module")
def gateway(tmp_path_factory):
    directory = tmp_path_factory.mktemp("workers")
    with (
        running_stub(directory) as stub,
        running_gateway(directory, portal=stub.portal, listen="workers = 2") as gateway,
    ):
        gateway.add_users("anna,Anna Åkesson,0701740605,staff")
        yield gateway


class Line:
    """One kept connection to one worker, which its request ids tell (`worker`)."""

    def __init__(self, gateway, cookie: str, source: str) -> None:
        self._head = head(
            "GET",
            "/debug/echo",
            gateway.port,
            f"Cookie: gateway={cookie}",
            "Sec-Fetch-Mode: navigate",
        )
        self.connection = connect(gateway.port, source)
        self.worker = self._worker()

    def status(self) -> int:
        return self._ask().status

    def _ask(self):
        self.connection.sendall(self._head)
        return read_answer(self.connection)

    def _worker(self) -> str:
        fields = dict(json.loads(self._ask().body)["headers"])
        return fields["X-Request-Id"].partition("-")[0]


@contextlib.contextmanager
def lines_to_both(gateway, visitor):
    """Yield a kept connection to each worker."""
    with contextlib.ExitStack() as stack:
        found: dict[str, Line] = {}
        for _ in range(TRIES):
            line = Line(gateway, visitor.cookies["gateway"], visitor.source)
            stack.callback(line.connection.close)
            found.setdefault(line.worker, line)
            if len(found) == 2:
                break
        assert len(found) == 2, "only one worker takes connections"
        yield list(found.values())


def ended_after(condition) -> float:
    """Return after how many seconds the look began that saw a condition hold."""
    begun = looked = time.monotonic()
    while not condition() and looked < begun + 3 * ENDED_WITHIN_S:
        time.sleep(0.02)
        looked = time.monotonic()
    return looked - begun


def log_off(visitor) -> None:
    page = visitor.get("/.gateway/logout")
    assert visitor.post("/.gateway/logout", page.form()).status == 303


def test_two_workers_share_the_listening_socket(gateway):
    assert len(workers_of(gateway.process.pid)) == 2
    with lines_to_both(gateway, insider(gateway, "anna")) as lines:
        assert {line.status() for line in lines} == {200}


def test_a_log_off_on_one_worker_ends_the_session_on_the_other(gateway):
    visitor = insider(gateway, "anna")
    with lines_to_both(gateway, visitor) as lines:
        assert [line.status() for line in lines] == [200, 200]
        log_off(visitor)
        for line in lines:
            assert ended_after(lambda line=line: line.status() == 302) < ENDED_WITHIN_S


def test_a_log_off_on_one_worker_closes_what_streams_on_the_other(gateway):
    visitor = insider(gateway, "anna")
    cookie = f"Cookie: gateway={visitor.cookies['gateway']}"
    with contextlib.ExitStack() as stack:
        streams = []
        for number in range(8):
            connection = stack.enter_context(connect(gateway.port, visitor.source))
            if number % 2:
                extra = (*WEBSOCKET, f"Origin: {gateway.origin}")
                connection.sendall(head("GET", "/debug/ws", gateway.port, cookie, *extra))
                assert read_answer(connection).status == 101
            else:
                target = "/debug/endless?pause=0.1"
                connection.sendall(head("GET", target, gateway.port, cookie))
                assert connection.recv(12) == b"HTTP/1.1 200"
            streams.append(connection)
        log_off(visitor)
        begun = time.monotonic()
        for connection in streams:
            connection.settimeout(3 * ENDED_WITHIN_S)
            assert is_closed(connection)
        assert time.monotonic() - begun < ENDED_WITHIN_S


def test_a_request_after_the_end_is_refused_on_every_new_connection(gateway):
    visitor = insider(gateway, "anna")
    token = visitor.cookies["gateway"]
    assert visitor.get("/debug/echo").status == 200
    log_off(visitor)
    visitor.cookies["gateway"] = token

    def refused_everywhere() -> bool:
        return all(visitor.get("/debug/echo").status == 302 for _ in range(10))

    assert ended_after(refused_everywhere) < ENDED_WITHIN_S
