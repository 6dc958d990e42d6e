"""The audit of two workers: one chain, over logrotate, over a kill, and on a full disk."""

from __future__ import annotations

import contextlib
import functools
import gzip
import itertools
import json
import re
import resource
import signal
import subprocess
import sys
import time
import urllib.error
import urllib.request
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import pytest

from gateway.auth.sealing import Sealer
from gateway.operate.audit_file import audit_chain
from gateway.operate.audit_lines import files_of, in_order
from gateway.operate.audit_position import read_position
from gateway.operate.audit_verify import Broken, Verified, verify_whole
from tests.fakes import FakeEntropy
from tests.requirements import program
from tests.system.gateway import INSIDE, ROOT, running_gateway, running_stub, wait_for
from tests.system.processes import kill, workers_of
from tests.system.scraping import metrics
from tests.system.visitor import Visitor, insider

pytestmark = [pytest.mark.system, pytest.mark.slow, pytest.mark.xdist_group("audit")]

RECIPE = ROOT / "deploy" / "logrotate" / "portvakt"
CLOSED = '[[route]]\npath = "/"\nupstream = "portal"\n[[route]]\npath = "/closed"\n'
CLOSED += 'upstream = "portal"\ngroups = ["nobody"]\n'


@pytest.fixture(scope="module")
def gateway(tmp_path_factory):
    directory = tmp_path_factory.mktemp("audit")
    with (
        running_stub(directory) as stub,
        running_gateway(
            directory, portal=stub.portal, listen="workers = 2", routes=CLOSED
        ) as gateway,
    ):
        gateway.add_users("anna,Anna Åkesson,0701740605,staff", "bo,Bo Berg,0701740606,staff")
        yield gateway


def verified(gateway) -> Verified:
    """Verify as `portvakt audit verify` does, without starting it. Raises Broken."""
    secret = (gateway.state_dir / "secret.key").read_text().strip()
    chain = audit_chain(Sealer(secret.encode(), FakeEntropy()))
    kept = read_position(gateway.state_dir / "audit-position", chain)
    files = in_order(files_of(gateway.state_dir / "audit.jsonl"), chain)
    return verify_whole(files, chain, kept)


def denied(gateway, visitor: Visitor, times: int) -> list[str]:
    """Be refused so often, by whichever worker takes the connection; return the references."""

    def one(_: int) -> str:
        answer = visitor.get("/closed")
        assert answer.status == 403
        return re.search(r"[0-9a-f]{10}-[0-9a-f]+", answer.text)[0]

    with ThreadPoolExecutor(4) as pool:
        return list(pool.map(one, range(times)))


def audit_lines(gateway) -> list[dict]:
    """Return the lines of all files of the audit."""
    files = sorted(gateway.state_dir.glob("audit.jsonl*"))
    read = ((f.read_bytes(), f.suffix == ".gz") for f in files)
    texts = [gzip.decompress(raw) if packed else raw for raw, packed in read]
    return [json.loads(line) for text in texts for line in text.splitlines()]


def test_two_workers_write_one_chain(gateway):
    visitor = insider(gateway, "anna")
    references = denied(gateway, visitor, 60)
    assert len({reference.partition("-")[0] for reference in references}) == 2, "both workers"
    assert verified(gateway).lines == len(gateway.audit())
    assert gateway.cli("audit", "verify").stdout.startswith("The audit is whole: lines 1 to ")
    found = json.loads(gateway.cli("audit", "search", "--ref", references[0], "--json").stdout)
    assert [line["event"] for line in found] == ["access.denied"]
    assert all(line["ref"] == line["request_id"] != "" for line in gateway.audit())


def test_a_worker_that_is_killed_breaks_nothing(gateway):
    visitor = insider(gateway, "anna")
    worker = workers_of(gateway.process.pid)[0]
    with ThreadPoolExecutor(1) as pool:
        killing = pool.submit(kill, worker)
        for _ in range(20):
            try:
                visitor.get("/closed")
            except OSError:
                continue
        killing.result()
    wait_for(lambda: len(workers_of(gateway.process.pid)) == 2, "a new worker")
    denied(gateway, visitor, 10)
    verified(gateway)


def is_later(second: int) -> bool:
    return int(time.time()) > second  # noqa: TID251


class Logrotate:
    """The real one, with the recipe of deploy/ on this gateway's paths."""

    def __init__(self, gateway, directory: Path) -> None:
        self.gateway = gateway
        self.state = directory / "logrotate.state"
        self.recipe = directory / "portvakt"
        audit = gateway.state_dir / "audit.jsonl"
        portvakt = f"env PYTHONPATH={ROOT} {sys.executable} -m gateway --config {gateway.config}"
        text = RECIPE.read_text()
        for old, new in (
            ("/var/lib/portvakt/audit.jsonl", str(audit)),
            ("    su portvakt portvakt\n", ""),
            ("rotate 52", "rotate 1"),
            (
                "systemctl kill --kill-whom=main --signal=USR1 portvakt.service",
                f"kill -USR1 {gateway.process.pid}",
            ),
            (
                "/usr/local/sbin/portvakt",
                portvakt,
            ),
        ):
            assert old in text, old
            text = text.replace(old, new)
        self.recipe.write_text(text)
        self.recipe.chmod(0o600)

    def __call__(self) -> None:
        command = [program("logrotate"), "--force", "--state", str(self.state), str(self.recipe)]
        told: list[str] = []

        def rotated() -> bool:
            """Ask again where this second has a file already: its name ends with the second."""
            done = subprocess.run(command, capture_output=True, text=True, check=False, timeout=60)
            told[:] = [done.stderr]
            return done.returncode == 0 or "already exists" not in done.stderr

        wait_for(rotated, "a rotation")
        assert "error" not in told[0], told[0]


def test_logrotate_breaks_no_chain(gateway, tmp_path):
    program("logrotate")
    rotate = Logrotate(gateway, tmp_path)
    visitor = insider(gateway, "anna")
    audit = gateway.state_dir / "audit.jsonl"
    for turn in itertools.count(1):
        with ThreadPoolExecutor(1) as pool:
            load = pool.submit(denied, gateway, visitor, 30)
            rotate()
            load.result()
        denied(gateway, visitor, 10)
        assert audit.stat().st_mode & 0o777 == 0o600
        found = verified(gateway)
        if turn == 2:
            break
        assert found.lines == found.last.seq == len(audit_lines(gateway)), "nothing is lost"
        # The next file takes its name from the second.
        wait_for(functools.partial(is_later, int(time.time())), "the next second")  # noqa: TID251
    assert found.expired == found.first - 1 > 0
    workers = workers_of(gateway.process.pid)
    opened = [link.readlink() for pid in workers for link in Path(f"/proc/{pid}/fd").iterdir()]
    assert all(path.name == "audit.jsonl" for path in opened if "audit.jsonl" in path.name)
    packed = sorted(gateway.state_dir.glob("audit.jsonl-*.gz"))
    assert len(packed) == 1
    packed[0].unlink()  # without a word
    with pytest.raises(Broken, match="missing before the first"):
        verified(gateway)


def readiness(gateway) -> tuple[int, dict]:
    try:
        with urllib.request.urlopen(f"{gateway.admin}/readyz", timeout=5) as answer:
            return answer.status, json.load(answer)["checks"]
    except urllib.error.HTTPError as refused:
        with refused:
            return refused.code, json.load(refused)["checks"]


def is_unwritten(gateway) -> bool:
    status, checks = readiness(gateway)
    told = "unavailable: the audit cannot be written: "
    return status == 503 and checks["audit"].startswith(told)


@contextlib.contextmanager
def full_disk(gateway):
    """Let no file of the workers grow beyond what the audit has now, and half a line."""
    full = (gateway.state_dir / "audit.jsonl").stat().st_size + 100
    assert gateway.log.stat().st_size + 4000 < full, "the log must have room"
    workers = workers_of(gateway.process.pid)
    for worker in workers:
        resource.prlimit(worker, resource.RLIMIT_FSIZE, (full, resource.RLIM_INFINITY))
    try:
        yield
    finally:
        for worker in workers:
            unlimited = (resource.RLIM_INFINITY, resource.RLIM_INFINITY)
            resource.prlimit(worker, resource.RLIMIT_FSIZE, unlimited)


def test_a_full_disk_stops_logons_and_nothing_else(gateway):
    inside = insider(gateway, "anna")
    denied(gateway, inside, 20)
    workers, before = workers_of(gateway.process.pid), gateway.audit()
    with full_disk(gateway):
        for _ in range(4):
            refused = Visitor(gateway, INSIDE).password("bo")
            assert refused.status == 503
            assert refused.headers["Retry-After"]
            assert "gateway" not in "".join(refused.headers.get_all("Set-Cookie") or [])
        assert inside.get("/debug/echo").status == 200, "who is logged on goes on"
        assert inside.get("/closed").status == 403
        # Whichever worker is asked: the others hear of it within a second.
        wait_for(lambda: all(is_unwritten(gateway) for _ in range(6)), "readiness is lost")
        wait_for(lambda: metrics(gateway)["portvakt_audit_failures_total"] >= 5, "all are counted")
        assert metrics(gateway)['portvakt_ready{part="audit"}'] == 0
        assert "the audit cannot be written, so nobody can log on" in gateway.log.read_text()
        assert workers_of(gateway.process.pid) == workers
        assert gateway.audit() == before, "no half lines"
        leave = inside.get("/.gateway/logout")
        assert inside.post("/.gateway/logout", leave.form()).status == 303, "and may log off"

    wait_for(lambda: readiness(gateway)[0] == 200, "readiness")
    assert Visitor(gateway, INSIDE).password("bo").status == 303
    resumed = [line["reason"] for line in gateway.audit() if line["event"] == "audit.resumed"]
    assert resumed
    assert all(reason.endswith("events lost") for reason in resumed)


def test_a_hangup_before_the_workers_listen_ends_none_of_them(gateway):
    for number in (signal.SIGUSR1, signal.SIGHUP) * 3:
        gateway.process.send_signal(number)
    assert readiness(gateway)[0] == 200
    assert gateway.process.poll() is None
