"""Edits of a running gateway as people meet them, over real processes."""

from __future__ import annotations

import contextlib
import hashlib
import json
import signal
import time
import urllib.error
import urllib.request

import pytest

from gateway.reload.keeper import LOOK_S
from tests.system.certificates import Authority
from tests.system.gateway import INSIDE, running_gateway, running_stub, wait_for
from tests.system.processes import is_alive, keeper_of, kill, workers_of
from tests.system.raw import connect, head, is_closed, read_answer
from tests.system.visitor import Visitor, insider

pytestmark = [pytest.mark.system, pytest.mark.slow, pytest.mark.xdist_group("reload")]

IN_FORCE_S = 2.0
CLOSED_S = 5.0
SOCKET = (
    "Upgrade: websocket",
    "Connection: Upgrade",
    "Sec-WebSocket-Version: 13",
    "Sec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==",
)


@pytest.fixture(scope="module")
def stub(tmp_path_factory):
    with running_stub(tmp_path_factory.mktemp("stub")) as stub:
        yield stub


@pytest.fixture(scope="module")
def started(stub, tmp_path_factory):
    directory = tmp_path_factory.mktemp("reload")
    with running_gateway(
        directory,
        portal=stub.portal,
        phone=stub.phone,
        listen="workers = 2",
        tables='[secrets]\nkey = { file = "var/secret.key" }\n',
    ) as gateway:
        gateway.add_users("anna,Anna Åkesson,0701740605,staff")
        yield gateway


@pytest.fixture
def gateway(started):
    """The gateway, whose first gateway.toml is in force again when a test is over."""
    text = started.config.read_text()
    yield started
    started.config.write_text(text)
    wait_for(lambda: readiness(started)[0] == 200, "the first configuration", 10)


def readiness(gateway) -> tuple[int, str]:
    """Return the status of /readyz and what it says of the configuration."""
    try:
        with urllib.request.urlopen(f"{gateway.admin}/readyz", timeout=5) as answer:
            return answer.status, json.load(answer)["checks"]["configuration"]
    except urllib.error.HTTPError as answer:
        return answer.code, json.load(answer)["checks"]["configuration"]


def edit(gateway, *changes: tuple[str, str], more: str = "") -> None:
    text = gateway.config.read_text()
    for old, new in changes:
        assert old in text
        text = text.replace(old, new)
    gateway.config.write_text(text + more)


def in_force(gateway, workers: int = 2) -> None:
    """Wait until every worker goes by what is on disk."""
    digest = hashlib.sha256(gateway.config.read_bytes()).hexdigest()[:12]
    told = f"configuration {digest} in force after"
    wait_for(lambda: gateway.log.read_text().count(told) >= workers, "the edit", IN_FORCE_S)


def everywhere(condition, what: str) -> None:
    """Wait until something holds ten times in a row, so in both workers."""
    wait_for(lambda: all(condition() for _ in range(10)), what, 3 * IN_FORCE_S)


def title(gateway) -> str:
    return Visitor(gateway).get("/.gateway/logon").text


BRANDING = '[branding]\nportal = "{}"\n'


def test_a_start_is_no_edit(started):
    """Not even the first one, which makes the key that gateway.toml names."""
    time.sleep(2 * LOOK_S)
    assert "in force" not in started.log.read_text()
    assert not any(line["event"].startswith("config") for line in started.audit())


def test_both_workers_go_by_an_edit(gateway):
    edit(gateway, more=BRANDING.format("Ett nytt namn"))
    everywhere(lambda: "Ett nytt namn" in title(gateway), "the new name")
    wait_for(lambda: readiness(gateway) == (200, "ok"), "all workers to know of each other", 10)


def test_a_wrong_edit_is_told_and_changes_nothing(gateway):
    edit(gateway, more=BRANDING.format("Inte detta") + "nonsense = 1\n")
    wait_for(lambda: readiness(gateway)[0] == 503, "the refusal", IN_FORCE_S)
    wait_for(lambda: "branding.nonsense" in readiness(gateway)[1], "its words", IN_FORCE_S)
    assert "Inte detta" not in title(gateway)
    told = gateway.cli("check", check=False).stdout
    assert "branding.nonsense: found an unknown key" in told
    assert "branding.nonsense: found an unknown key" in gateway.log.read_text()


def test_keys_that_wait_for_a_restart_are_named(gateway):
    edit(gateway, ("workers = 2", "workers = 1"), more=BRANDING.format("Trots det"))
    everywhere(lambda: "Trots det" in title(gateway), "the rest of it")
    assert readiness(gateway) == (503, "unavailable: a restart is needed for listen.workers")
    assert len(workers_of(gateway.process.pid)) == 2


def test_a_signal_is_as_good_as_the_kernels_word(gateway):
    before = gateway.log.read_text().count("has not changed: nothing to do")
    gateway.process.send_signal(signal.SIGHUP)
    wait_for(
        lambda: gateway.log.read_text().count("has not changed: nothing to do") > before,
        "an answer",
        IN_FORCE_S,
    )
    assert len(workers_of(gateway.process.pid)) == 2


def test_codes_leave_by_the_provider_of_the_day(gateway, stub, tmp_path):
    visitor = Visitor(gateway)
    assert visitor.log_on("anna", stub).status == 303
    count = len(stub.messages())
    outbox = tmp_path / "outbox.jsonl"
    text = gateway.config.read_text()
    begin = text.index("[[sms]]")
    provider = text[begin : text.index("[[", begin + 2)]
    edit(gateway, (provider, f'[[sms]]\nkind = "outbox"\npath = "{outbox}"\n'))
    in_force(gateway)
    assert "otp" in Visitor(gateway).password("anna").location
    wait_for(outbox.exists, "the message in the outbox", 10)
    assert len(stub.messages()) == count


def test_what_is_under_way_goes_on_or_ends_as_the_new_policy_says(gateway):
    visitor = insider(gateway, "anna")
    cookie = f"Cookie: gateway={visitor.cookies['gateway']}"
    route = '[[route]]\npath = "{}"\nupstream = "portal"\n'
    endless = "/debug/endless?pause=0.1"
    edit(gateway, more=route.format("/debug/ws") + route.format("/debug/endless"))
    in_force(gateway)
    with contextlib.ExitStack() as stack:
        sockets, streams = [], []
        for _ in range(6):
            socket, stream = (
                stack.enter_context(connect(gateway.port, visitor.source)) for _ in range(2)
            )
            origin = f"Origin: {gateway.origin}"
            socket.sendall(head("GET", "/debug/ws", gateway.port, cookie, *SOCKET, origin))
            assert read_answer(socket).status == 101
            stream.sendall(head("GET", endless, gateway.port, cookie))
            assert stream.recv(12) == b"HTTP/1.1 200"
            sockets.append(socket)
            streams.append(stream)
        closed = route.format("/debug/endless") + 'groups = ["nobody"]\n'
        edit(gateway, (route.format("/debug/endless"), closed))
        begun = time.monotonic()
        for stream in streams:
            stream.settimeout(CLOSED_S)
            assert is_closed(stream)
        assert time.monotonic() - begun < CLOSED_S + IN_FORCE_S
        for socket in sockets:
            socket.sendall(b"\x89\x80\x00\x00\x00\x00")  # a ping, masked by nothing
            assert socket.recv(2) == b"\x8a\x00"


def test_a_new_worker_starts_with_the_newest_good_configuration(gateway):
    """Whatever lies on disk by then."""
    edit(gateway, more=BRANDING.format("Det sista goda"))
    in_force(gateway)
    gateway.config.write_text("nonsense")
    wait_for(lambda: "is refused" in readiness(gateway)[1], "the refusal", IN_FORCE_S)
    old = workers_of(gateway.process.pid)
    kill(*old)
    wait_for(lambda: not any(map(is_alive, old)), "their end", 10)
    wait_for(lambda: len(workers_of(gateway.process.pid)) == 2, "new workers", 10)
    everywhere(lambda: "Det sista goda" in title(gateway), "the new workers' names")
    assert "is refused" in readiness(gateway)[1]


def test_the_keeper_is_replaced_and_knows_what_is_in_force(gateway):
    old = keeper_of(gateway.process.pid)
    kill(old)
    edit(gateway, more=BRANDING.format("Under tiden"))
    everywhere(lambda: "Under tiden" in title(gateway), "what was edited meanwhile")
    assert keeper_of(gateway.process.pid) != old
    wait_for(lambda: readiness(gateway) == (200, "ok"), "all workers to know of each other", 10)


def test_a_certificate_is_renewed_without_a_restart(stub, tmp_path):
    authority = Authority(tmp_path)
    issued = authority.issue("localhost")
    tls = f'tls = {{ certificate = "{issued.certificate}", key = "{issued.key}" }}'
    with running_gateway(
        tmp_path, portal=stub.portal, listen=tls, scheme="https", tls=authority.client()
    ) as gateway:

        def serial(connection) -> str:
            return connection.getpeercert()["serialNumber"]

        def opened():
            plain = connect(gateway.port, INSIDE)
            return gateway.tls.wrap_socket(plain, server_hostname="localhost")

        with opened() as before:
            old = serial(before)
            authority.issue("localhost")  # the same files

            def renewed() -> bool:
                with opened() as now:
                    return serial(now) != old

            wait_for(renewed, "the new certificate", IN_FORCE_S)
            before.sendall(head("GET", "/.gateway/help", gateway.port))
            assert read_answer(before).status == 200
        issued.key.write_text("no key")
        wait_for(lambda: readiness(gateway)[0] == 503, "the refusal", IN_FORCE_S)
        assert renewed()
