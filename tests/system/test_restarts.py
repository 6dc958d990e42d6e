"""What dies and comes back: the gateway, its workers, Redis. A session outlives them all.

Trouble with Redis is not a log-off: whoever is logged on goes on or is asked to wait (503), is
never sent to the logon, and keeps his cookie.
"""

from __future__ import annotations

import contextlib
import json
import os
import re
import signal
import subprocess
import sys
import tempfile
import time
import urllib.error
import urllib.request
from pathlib import Path

import pytest
from click.testing import CliRunner

from gateway.cli.root import portvakt
from tests.conftest import start_redis
from tests.full import full_listener, waiting
from tests.system.gateway import (
    ROOT,
    free_port,
    running_gateway,
    running_stub,
    wait_for,
    write_config,
)
from tests.system.processes import is_alive, kill, redis_of, tree, workers_of
from tests.system.raw import connect, head, is_closed, read_answer
from tests.system.visitor import Visitor, insider

pytestmark = [pytest.mark.system, pytest.mark.slow, pytest.mark.xdist_group("restarts")]

ANNA = "anna,Anna Åkesson,0701740605,staff"
GRACE_S = 20.0
WEBSOCKET = (
    "Upgrade: websocket",
    "Connection: Upgrade",
    "Sec-WebSocket-Version: 13",
    "Sec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==",
)


@pytest.fixture(scope="module")
def stub(tmp_path_factory):
    with running_stub(tmp_path_factory.mktemp("restarts")) as stub:
        yield stub


@pytest.fixture(scope="module")
def started(stub, tmp_path_factory):
    directory = tmp_path_factory.mktemp("gateway")
    with running_gateway(directory, portal=stub.portal, phone=stub.phone) as gateway:
        gateway.add_users(ANNA)
        yield gateway


@pytest.fixture
def gateway(started):
    """The module's gateway, running again whatever the test before did to it."""
    if started.process is None or started.process.poll() is not None:
        started.start()
    return started


def statuses(visitor: Visitor, until, seconds: float = 15.0) -> list[int]:
    """Load a page again and again until a condition holds; no answer may touch a cookie."""
    found = []
    end = time.monotonic() + seconds
    while not until(found):
        assert time.monotonic() < end, found
        answer = visitor.get("/debug/echo")
        assert "Set-Cookie" not in answer.headers
        found.append(answer.status)
        time.sleep(0.02)
    return found


class TestTheGateway:
    def test_sessions_survive_a_restart(self, gateway, stub):
        warm, cold = insider(gateway, "anna"), insider(gateway, "anna")
        outside = Visitor(gateway)
        outside.log_on("anna", stub)
        assert warm.get("/debug/echo").status == 200
        assert gateway.stop() == 0
        gateway.start()
        for visitor in (warm, cold, outside):
            assert visitor.get("/debug/echo").status == 200

    def test_sessions_survive_the_death_of_every_process(self, gateway):
        visitor, ended = insider(gateway, "anna"), insider(gateway, "anna")
        token = ended.cookies["gateway"]
        ended.post("/.gateway/logout", ended.get("/.gateway/logout").form())
        kill(*tree(gateway.process.pid))
        gateway.process.wait(10)
        gateway.start()
        assert visitor.get("/debug/echo").status == 200
        ended.cookies["gateway"] = token
        assert ended.get("/debug/echo").status == 302

    def test_the_death_of_the_parent_ends_everything_below_it(self, gateway):
        below = tree(gateway.process.pid)[1:]
        assert len(below) == 3
        kill(gateway.process.pid)
        gateway.process.wait(10)
        wait_for(lambda: not any(map(is_alive, below)), "the end of its children", 10)
        gateway.start()

    def test_a_dead_worker_is_replaced_and_leaves_nothing(self, gateway):
        visitor = insider(gateway, "anna")
        (worker,) = workers_of(gateway.process.pid)
        kill(worker)

        def replaced() -> bool:
            now = workers_of(gateway.process.pid)
            return len(now) == 1 and now != [worker] and gateway.is_ready()

        wait_for(replaced, "a new worker", 10)
        assert visitor.get("/debug/echo").status == 200
        assert visitor.get("/.gateway/help").status == 200
        assert not is_alive(worker)
        (fresh,) = workers_of(gateway.process.pid)
        sockets = [path.name for path in (gateway.state_dir / "run").iterdir()]
        assert sockets == [f"pages-{fresh}.sock"]

    def test_a_second_gateway_on_the_same_state_says_so(self, gateway):
        text = gateway.config.read_text()
        for port in (gateway.port, int(gateway.admin.rpartition(":")[2])):
            text = text.replace(f"127.0.0.1:{port}", f"127.0.0.1:{free_port()}")
        other = gateway.directory / "other.toml"
        other.write_text(text)
        for config, words in ((other, "another gateway runs on"), (gateway.config, "in use")):
            command = [sys.executable, "-m", "gateway", "run", "--config", str(config)]
            second = subprocess.run(
                command, cwd=ROOT, capture_output=True, text=True, check=False, timeout=30
            )
            assert second.returncode == 1
            assert words in second.stderr
            assert "Traceback" not in second.stderr
        assert insider(gateway, "anna").get("/debug/echo").status == 200


class TestDraining:
    def test_what_is_under_way_ends_properly_and_nothing_else_begins(self, gateway, stub):
        visitor = insider(gateway, "anna")
        cookie = f"Cookie: gateway={visitor.cookies['gateway']}"
        with contextlib.ExitStack() as stack:
            download, upload, socket, idle, half = (
                stack.enter_context(connect(gateway.port, visitor.source)) for _ in range(5)
            )
            drip = head("GET", "/debug/drip?bytes=20&interval=0.1", gateway.port, cookie)
            download.sendall(drip)
            assert download.recv(12) == b"HTTP/1.1 200"
            upload.sendall(
                head("POST", "/debug/upload", gateway.port, cookie, "Content-Length: 10") + b"01234"
            )
            extra = (cookie, *WEBSOCKET, f"Origin: {gateway.origin}")
            socket.sendall(head("GET", "/debug/ws", gateway.port, *extra))
            assert read_answer(socket).status == 101
            idle.sendall(head("GET", "/debug/echo", gateway.port, cookie))
            assert read_answer(idle).status == 200
            request = head("GET", "/debug/echo", gateway.port, cookie)
            half.sendall(request[:9])
            begun = time.monotonic()
            gateway.process.send_signal(signal.SIGTERM)
            idle.settimeout(5)
            assert is_closed(idle)
            wait_for(lambda: refuses(gateway.port), "the end of listening", 5)
            half.sendall(request[9:])
            answer = read_answer(half)
            assert (answer.status, answer.headers["Connection"]) == (200, "close")
            upload.sendall(b"56789")
            answer = read_answer(upload)
            assert (answer.status, b'"length": 10' in answer.body) == (200, True)
            with contextlib.closing(download.makefile("rb")) as rest:
                head_and_body = rest.read()
            assert head_and_body.partition(b"\r\n\r\n")[2] == b"." * 20
            socket.settimeout(5)
            assert is_closed(socket)
        assert gateway.process.wait(GRACE_S) == 0
        assert time.monotonic() - begun < 10
        gateway.start()
        assert visitor.get("/debug/echo").status == 200

    def test_whoever_waits_for_a_connect_is_answered_in_time(self, tmp_path):
        """The upstream's queue is full: a connect to it hangs for longer than there is time."""
        with (
            full_listener() as full,
            running_gateway(
                tmp_path,
                portal=f"http://127.0.0.1:{full.getsockname()[1]}",
                listen='drain_timeout = "1s"',
            ) as gateway,
            connect(gateway.port) as line,
        ):
            before = waiting(full)
            line.sendall(head("GET", "/static/a", gateway.port))
            wait_for(lambda: waiting(full) > before, "the gateway's connect", 5)
            begun = time.monotonic()
            gateway.process.send_signal(signal.SIGTERM)
            answer = read_answer(line)
            assert (answer.status, answer.headers["Connection"]) == (503, "close")
            assert gateway.process.wait(GRACE_S) == 0
            assert time.monotonic() - begun < 5
            assert "Traceback" not in gateway.log.read_text()


def refuses(port: int) -> bool:
    try:
        connect(port).close()
    except ConnectionRefusedError:
        return True
    return False


class TestTheEmbeddedRedis:
    def test_its_death_logs_nobody_off(self, gateway):
        warm, cold = insider(gateway, "anna"), insider(gateway, "anna")
        assert warm.get("/debug/echo").status == 200
        redis = redis_of(gateway.process.pid)
        kill(redis)
        assert set(statuses(warm, lambda found: len(found) >= 5)) <= {200, 503}
        found = statuses(cold, lambda found: found[-3:] == [200] * 3)
        assert set(found) <= {200, 503}
        assert redis_of(gateway.process.pid) != redis
        assert not is_alive(redis)
        assert warm.get("/debug/echo").status == 200
        assert insider(gateway, "anna").get("/debug/echo").status == 200


class Outside:
    """A redis-server that somebody else runs."""

    def __init__(self, directory: Path) -> None:
        self.directory = directory
        self.server = start_redis(directory)

    def restart(self) -> None:
        self.server = start_redis(self.directory)

    def kill(self) -> None:
        self.server.process.kill()
        self.server.process.wait()


@pytest.fixture(scope="module")
def redis():
    with tempfile.TemporaryDirectory(prefix="pv-", dir="/tmp") as directory:
        redis = Outside(Path(directory))
        yield redis
        redis.server.process.send_signal(signal.SIGCONT)
        redis.kill()


@pytest.fixture(scope="module")
def outside(stub, tmp_path_factory, redis):
    tables = f'[redis]\nurl = "{redis.server.url}"\n'
    directory = tmp_path_factory.mktemp("outside")
    with running_gateway(directory, portal=stub.portal, phone=stub.phone, tables=tables) as gateway:
        gateway.add_users(ANNA)
        yield gateway


class TestARedisOfSomebodyElse:
    @pytest.mark.parametrize("trouble", ["killed", "stopped"])
    def test_its_absence_logs_nobody_off_and_lets_nobody_in(self, outside, redis, trouble):
        gateway = outside
        warm, cold = insider(gateway, "anna"), insider(gateway, "anna")
        assert warm.get("/debug/echo").status == 200
        newcomer = Visitor(gateway, warm.source)
        newcomer.get("/.gateway/logon")
        if trouble == "killed":
            redis.kill()
        else:
            redis.server.process.send_signal(signal.SIGSTOP)
        self.check_absence(gateway, warm, cold, newcomer)
        if trouble == "killed":
            redis.restart()
        else:
            redis.server.process.send_signal(signal.SIGCONT)
        wait_for(gateway.is_ready, "readiness", 10)
        assert set(statuses(cold, lambda found: found[-1:] == [200])) <= {200, 503}
        for visitor in (warm, cold):
            assert visitor.get("/debug/echo").status == 200
        assert newcomer.password("anna").status == 303
        warm.post("/.gateway/logout", warm.get("/.gateway/logout").form())
        assert warm.get("/debug/echo").status == 302

    def check_absence(self, gateway, warm, cold, newcomer) -> None:
        assert set(statuses(warm, lambda found: len(found) >= 5)) == {200}
        answer = cold.get("/debug/echo")
        assert answer.status == 503
        assert "Retry-After" in answer.headers
        assert "Set-Cookie" not in answer.headers
        assert "text/html" in answer.headers["Content-Type"]
        refused = newcomer.password("anna")
        assert refused.status == 503
        assert "gateway" not in newcomer.cookies
        page = warm.get("/.gateway/logout")
        off = warm.post("/.gateway/logout", page.form())
        assert off.status == 503
        assert "Set-Cookie" not in off.headers
        assert warm.get("/static/portal.css").status == 200
        assert Visitor(gateway).get("/debug/echo").status == 302
        assert not gateway.is_ready()

    def test_a_second_gateway_with_a_secret_of_its_own_is_kept_out(
        self, outside, redis, stub, tmp_path
    ):
        """It forgot [secrets] key and made one. The first goes on, and everybody says so."""
        tables = f'[redis]\nurl = "{redis.server.url}"\n'
        with running_gateway(tmp_path, portal=stub.portal, tables=tables, start=False) as wrong:
            wrong.is_ready = lambda: readiness(wrong)[0] == 503  # all that it will ever be
            wrong.start()
            status, checks = readiness(wrong)
            assert (status, {part for part in checks if checks[part] != "ok"}) == (503, {"peers"})
            assert "PORTVAKT_SECRETS_KEY" in checks["peers"]
            wait_for(lambda: "this gateway is kept out" in wrong.log.read_text(), "its own line")
            asked = ["doctor", "--json", "--config", str(wrong.config)]
            told = json.loads(CliRunner().invoke(portvakt, asked).stdout)
            problems = [one for one in told["findings"] if one["level"] == "problem"]
            (one,) = (problem for problem in problems if problem["part"] == "gateways")
            assert "no gateway here gets ready" in one["found"]
            assert "PORTVAKT_SECRETS_KEY" in one["advice"]
            wait_for(lambda: "has another secret than" in outside.log.read_text(), "the other's")
            assert readiness(outside)[0] == 200
            assert insider(outside, "anna").get("/debug/echo").status == 200
            secret = (wrong.state_dir / "secret.key").read_text().strip()
            assert secret not in f"{wrong.log.read_text()}{outside.log.read_text()}{told}"


def readiness(gateway) -> tuple[int, dict[str, str]]:
    """Return the status of /readyz and what it says of each part."""
    try:
        with urllib.request.urlopen(f"{gateway.admin}/readyz", timeout=5) as answer:
            return answer.status, json.load(answer)["checks"]
    except urllib.error.HTTPError as error:
        with error:
            return error.code, json.load(error)["checks"]


@contextlib.contextmanager
def ended(process):
    """End a process and all below it, whatever the block did."""
    try:
        yield
    finally:
        if process.poll() is None:
            kill(*tree(process.pid))
            process.wait(10)
        process.stdout.close()


class TestTheDemo:
    @pytest.fixture
    def config(self, tmp_path):
        portal, phone, port, admin = (free_port() for _ in range(4))
        url = "http://127.0.0.1:{}"
        write_config(
            tmp_path,
            portal=url.format(portal),
            phone=url.format(phone),
            port=port,
            admin=admin,
            listen="workers = 2",
        )
        return tmp_path / "gateway.toml", (portal, phone, port, admin)

    def test_ctrl_c_leaves_no_process_and_the_next_start_works(self, config):
        file, ports = config
        for _ in range(2):
            command = [sys.executable, "-m", "gateway", "demo", "--config", str(file)]
            demo = subprocess.Popen(
                command, cwd=ROOT, stdout=subprocess.PIPE, text=True, start_new_session=True
            )
            with ended(demo):
                told = ""
                while "Ctrl-C" not in told:
                    line = demo.stdout.readline()
                    assert line, told
                    told += line
                assert re.search(r"Portal +http://localhost:\d+", told)
                wait_for(lambda: not refuses(ports[2]), "listening", 10)
                wait_for(
                    lambda pid=demo.pid: len(tree(pid)) == 6, "stub, Redis, keeper, two workers", 10
                )
                processes = tree(demo.pid)
                os.killpg(demo.pid, signal.SIGINT)
                assert demo.wait(30) == 0
            assert not any(map(is_alive, processes))
            assert all(map(refuses, ports))
