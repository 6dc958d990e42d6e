"""How much a stranger may ask: sizes, times and counts end in the right answer, not in memory."""

from __future__ import annotations

import contextlib
import hashlib
import json
import socket
import threading
import time

import pytest

from tests.system.gateway import OUTSIDE, running_gateway, running_stub
from tests.system.processes import forget_peak, peak_memory, workers_of
from tests.system.raw import ask, connect, head, is_closed, read_answer
from tests.system.visitor import Visitor

pytestmark = [pytest.mark.system, pytest.mark.slow, pytest.mark.xdist_group("limits")]

CONNECTIONS = 12
HEAD = 4096
URL = 1024
BODY = 64 * 1024
FIELDS = 32
LIMITS = f"""
[limits]
head = "{HEAD}B"
url = "{URL}B"
body = "{BODY}B"
fields = {FIELDS}
head_timeout = "1s"
idle_timeout = "2s"
connections_per_address = {CONNECTIONS}
"""
SWEEP_S = 0.6
"""How far apart the gateway looks at deadlines, and reads the time for them."""
SLACK_S = 1.5
BIG = 100 * 1024**2
MEMORY = 16 * 1024**2
"""How much more a worker may hold while BIG bytes pass through it."""
ROUTES = '[[route]]\npath = "/"\nupstream = "portal"\npublic = true\n'


@pytest.fixture(scope="module")
def stub(tmp_path_factory):
    with running_stub(tmp_path_factory.mktemp("limits")) as stub:
        yield stub


@pytest.fixture(scope="module")
def gateway(tmp_path_factory, stub):
    directory = tmp_path_factory.mktemp("tight")
    with running_gateway(
        directory, portal=stub.portal, phone=stub.phone, tables=LIMITS, routes=ROUTES
    ) as gateway:
        yield gateway


@pytest.fixture(scope="module")
def roomy(tmp_path_factory, stub):
    directory = tmp_path_factory.mktemp("roomy")
    with running_gateway(directory, portal=stub.portal, routes=ROUTES) as gateway:
        yield gateway


def took(work) -> float:
    begun = time.monotonic()
    assert work()
    return time.monotonic() - begun


class TestSizes:
    @pytest.mark.parametrize(
        ("size", "status"), [(URL, 200), (URL + 1, 414), (HEAD, 414), (10 * HEAD, 414)]
    )
    def test_target(self, gateway, size, status):
        target = "/debug/echo?".ljust(size, "a")
        assert len(target) == size
        assert ask(gateway.port, head("GET", target, gateway.port)).status == status

    @pytest.mark.parametrize(("size", "status"), [(HEAD, 200), (HEAD + 5, 431), (9 * HEAD, 431)])
    def test_head(self, gateway, size, status):
        bare = len(head("GET", "/debug/echo", gateway.port, "X-Fill: "))
        data = head("GET", "/debug/echo", gateway.port, "X-Fill: " + "a" * (size - bare))
        assert len(data) == size
        assert ask(gateway.port, data).status == status

    @pytest.mark.parametrize(("count", "status"), [(FIELDS - 1, 200), (FIELDS, 431)])
    def test_fields(self, gateway, count, status):
        lines = [f"X-{number}: a" for number in range(count)]
        assert ask(gateway.port, head("GET", "/debug/echo", gateway.port, *lines)).status == status

    @pytest.mark.parametrize(("size", "status"), [(BODY, 200), (BODY + 1, 413), (10**12, 413)])
    def test_announced_body(self, gateway, stub, size, status):
        stub.new_requests()
        with connect(gateway.port) as connection:
            length = f"Content-Length: {size}"
            connection.sendall(head("POST", "/debug/upload", gateway.port, length))
            if status == 200:
                connection.sendall(b"a" * size)
            assert read_answer(connection).status == status
        assert len(stub.new_requests()) == (status == 200)

    def test_a_chunked_body_is_counted_while_it_passes(self, gateway):
        with connect(gateway.port) as connection:
            chunked = "Transfer-Encoding: chunked"
            connection.sendall(head("POST", "/debug/upload", gateway.port, chunked))
            with contextlib.suppress(ConnectionError):
                for _ in range(BODY // 1024 + 1):
                    connection.sendall(b"400\r\n" + b"a" * 1024 + b"\r\n")
            assert read_answer(connection).status == 413
            assert is_closed(connection)

    def test_pages_take_small_forms_only(self, gateway):
        visitor = Visitor(gateway)
        page = visitor.get("/.gateway/logon")
        fields = page.form() | {"username": "a" * 32 * 1024, "password": "b"}
        assert visitor.post("/.gateway/logon", fields).status == 413


class TestTimes:
    def test_a_head_that_does_not_end_is_answered_and_closed(self, gateway):
        with connect(gateway.port) as connection:
            connection.sendall(b"GET /debug/echo HTTP/1.1\r\nHost:")
            begun = time.monotonic()
            assert read_answer(connection).status == 408
            assert is_closed(connection)
            assert 1 - SWEEP_S <= time.monotonic() - begun < 1 + 2 * SLACK_S

    def test_a_head_that_drips_gains_no_time(self, gateway):
        with connect(gateway.port) as connection:
            connection.settimeout(0.1)
            begun, answer = time.monotonic(), b""
            while not answer and time.monotonic() < begun + 10:
                connection.sendall(b"G" if time.monotonic() == begun else b"E")
                with contextlib.suppress(TimeoutError):
                    answer = connection.recv(100)
            assert answer.startswith(b"HTTP/1.1 408")
            assert time.monotonic() - begun < 1 + 2 * SLACK_S

    def test_a_silent_connection_is_closed_without_a_word(self, gateway):
        with connect(gateway.port) as connection:
            assert connection.recv(100) == b""

    def test_an_idle_connection_is_closed(self, gateway):
        with connect(gateway.port) as connection:
            connection.sendall(head("GET", "/debug/echo", gateway.port))
            assert read_answer(connection).status == 200
            seconds = took(lambda: connection.recv(100) == b"")
            assert 2 - SWEEP_S <= seconds < 2 + 2 * SLACK_S

    def test_a_body_that_stops_is_answered_and_closed(self, gateway):
        with connect(gateway.port) as connection:
            length = "Content-Length: 10"
            connection.sendall(head("POST", "/debug/upload", gateway.port, length) + b"01234")
            begun = time.monotonic()
            assert read_answer(connection).status == 408
            assert is_closed(connection)
            assert 2 - SWEEP_S <= time.monotonic() - begun < 2 + 2 * SLACK_S

    def test_a_slow_body_that_goes_on_is_taken(self, gateway):
        with connect(gateway.port) as connection:
            length = "Content-Length: 4"
            connection.sendall(head("POST", "/debug/upload", gateway.port, length))
            for _ in range(4):
                time.sleep(0.8)
                connection.sendall(b"a")
            assert json.loads(read_answer(connection).body)["length"] == 4

    def test_a_slow_answer_is_waited_for(self, gateway):
        data = head("GET", "/debug/slow?seconds=3", gateway.port)
        assert ask(gateway.port, data).status == 200


class TestCounts:
    def test_one_address_has_so_many_connections_and_others_have_theirs(self, gateway):
        source = "127.0.3.1"
        request = head("GET", "/debug/echo", gateway.port)
        with contextlib.ExitStack() as stack:
            taken = []
            for _ in range(CONNECTIONS):
                connection = stack.enter_context(connect(gateway.port, source))
                connection.sendall(request)
                assert read_answer(connection).status == 200
                taken.append(connection)
            over = stack.enter_context(connect(gateway.port, source))
            answer = read_answer(over)
            assert (answer.status, "Retry-After" in answer.headers) == (429, True)
            assert is_closed(over)
            assert ask(gateway.port, request, "127.0.3.2").status == 200
            taken.pop().close()
            free = took(lambda: wait_until_served(gateway.port, request, source))
            assert free < 5

    def test_a_flood_of_pipelined_requests_is_answered_in_order(self, gateway):
        count = 500
        requests = [head("GET", f"/debug/echo/{n}", gateway.port) for n in range(count)]
        with connect(gateway.port) as connection:
            sender = threading.Thread(target=connection.sendall, args=(b"".join(requests),))
            sender.start()
            with connection.makefile("rb") as answers:
                for number in range(count):
                    assert answers.readline() == b"HTTP/1.1 200 OK\r\n"
                    length = 0
                    while (line := answers.readline()) != b"\r\n":
                        name, _, value = line.partition(b":")
                        length = int(value) if name.lower() == b"content-length" else length
                    body = json.loads(answers.read(length))
                    assert body["target"] == f"/debug/echo/{number}"
            sender.join()


def wait_until_served(port: int, request: bytes, source: str) -> bool:
    end = time.monotonic() + 10
    while time.monotonic() < end:
        if ask(port, request, source).status == 200:
            return True
        time.sleep(0.02)
    return False


class TestMemory:
    """A hundred megabytes pass through; a slow reader holds the other end, not our memory."""

    def test_a_download_to_a_slow_reader(self, roomy):
        (worker,) = workers_of(roomy.process.pid)
        before = forget_peak(worker)
        with socket.socket() as connection:
            connection.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, 64 * 1024)
            connection.settimeout(30)
            connection.bind((OUTSIDE, 0))
            connection.connect((OUTSIDE, roomy.port))
            connection.sendall(head("GET", f"/debug/download?bytes={BIG}", roomy.port))
            time.sleep(1)  # nobody reads, and whatever is not held back piles up
            with connection.makefile("rb") as answer:
                assert answer.readline() == b"HTTP/1.1 200 OK\r\n"
                digest = None
                while (line := answer.readline()) != b"\r\n":
                    name, _, value = line.partition(b": ")
                    digest = value.strip().decode() if name == b"X-Content-SHA256" else digest
                found = hashlib.sha256()
                for _ in range(BIG // 2**20):
                    found.update(answer.read(2**20))
        assert found.hexdigest() == digest
        assert peak_memory(worker) - before < MEMORY

    @pytest.mark.parametrize("framing", ["length", "chunked"])
    def test_an_upload_to_a_slow_portal(self, roomy, framing):
        (worker,) = workers_of(roomy.process.pid)
        before = forget_peak(worker)
        piece = bytes(range(256)) * 4096
        digest = hashlib.sha256()
        field = f"Content-Length: {BIG}" if framing == "length" else "Transfer-Encoding: chunked"
        with connect(roomy.port, timeout=60) as connection:
            connection.sendall(head("POST", "/debug/upload?pause=1", roomy.port, field))
            for _ in range(BIG // len(piece)):
                digest.update(piece)
                if framing == "chunked":
                    connection.sendall(b"%x\r\n" % len(piece))
                connection.sendall(piece)
                if framing == "chunked":
                    connection.sendall(b"\r\n")
            if framing == "chunked":
                connection.sendall(b"0\r\n\r\n")
            answer = json.loads(read_answer(connection).body)
        assert answer == {"sha256": digest.hexdigest(), "length": BIG}
        assert peak_memory(worker) - before < MEMORY
