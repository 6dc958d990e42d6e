"""Under a service manager: told when it is up and when it stops, alive meanwhile, on its sockets."""

from __future__ import annotations

import contextlib
import os
import re
import shutil
import socket
import subprocess
import sys
from pathlib import Path

import pytest

from tests.requirements import program
from tests.system.gateway import ROOT, free_port, running_gateway, wait_for
from tests.system.raw import ask, head

pytestmark = [pytest.mark.system, pytest.mark.slow]

UNITS = ROOT / "deploy" / "systemd"
MOST_EXPOSED = 1.6
"""Of 10, as `systemd-analyze security` sums it up."""


@contextlib.contextmanager
def manager(place: Path):
    """Yield what hears a service, and the environment it is started with."""
    address = place / "notify"
    with socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM) as ears:
        ears.bind(str(address))
        ears.settimeout(20)
        yield ears, {**os.environ, "NOTIFY_SOCKET": str(address), "WATCHDOG_USEC": "600000"}


def hear(ears: socket.socket, wanted: str) -> None:
    """Wait for one state."""
    while wanted not in ears.recv(4096).decode().splitlines():
        pass


def test_it_is_told_of_a_start_of_life_and_of_the_end(tmp_path):
    with (
        running_gateway(tmp_path, portal="http://127.0.0.1:1", start=False) as gateway,
        manager(tmp_path) as (ears, environ),
    ):
        command = [sys.executable, "-m", "gateway", "run", "--config", str(gateway.config)]
        with subprocess.Popen(command, cwd=ROOT, env=environ, stderr=subprocess.DEVNULL) as run:
            hear(ears, "READY=1")
            assert ask(gateway.port, head("GET", "/", gateway.port)).status == 401
            hear(ears, "WATCHDOG=1")
            hear(ears, "WATCHDOG=1")
            run.terminate()
            hear(ears, "STOPPING=1")
        assert run.returncode == 0


@pytest.mark.parametrize("named", [True, False])
def test_it_serves_on_the_sockets_that_are_handed_over(tmp_path, named):
    activate = str(Path(program("systemd")).with_name("systemd-socket-activate"))
    with running_gateway(tmp_path, portal="http://127.0.0.1:1", start=False) as gateway:
        port = gateway.port if named else free_port()
        command = [activate, "-l", f"127.0.0.1:{port}", sys.executable, "-m", "gateway", "run"]
        log = tmp_path / "log"
        with (
            log.open("wb") as output,
            subprocess.Popen(
                [*command, "--config", str(gateway.config)],
                cwd=ROOT, stderr=output, env={**os.environ, "PYTHONPATH": str(ROOT)},
            ) as run,
        ):  # fmt: skip
            wait_for(lambda: socket.create_connection(("127.0.0.1", port), 1).close() is None, "it")
            if named:
                assert ask(port, head("GET", "/", port)).status == 401
                run.terminate()
            else:
                run.wait(20)
        told = log.read_text()
        assert (
            f"listens on 127.0.0.1:{port}, which gateway.toml does not name" in told
        ) is not named


def test_the_unit_leaves_little_open_and_holds_no_mistake(tmp_path):
    analyze = program("systemd")
    unit = tmp_path / "portvakt.service"
    installed = (UNITS / "portvakt.service").read_text()
    unit.write_text(installed.replace("/opt/portvakt/.venv/bin/portvakt", shutil.which("true")))
    verified = subprocess.run(
        [analyze, "verify", str(unit)], capture_output=True, text=True, check=False
    )
    assert "portvakt" not in verified.stderr
    judged = subprocess.run(
        [analyze, "security", "--offline=yes", str(unit)],
        capture_output=True, text=True, check=False,
    )  # fmt: skip
    level = re.search(r"Overall exposure level for \S+: ([\d.]+)", judged.stdout)
    assert level is not None, judged.stderr
    assert float(level[1]) <= MOST_EXPOSED
