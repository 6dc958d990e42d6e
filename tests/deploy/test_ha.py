"""deploy/ha: what no drill runs is at least read by the programs that it is for."""

from __future__ import annotations

import re
import subprocess
from pathlib import Path

import pytest

from policies.fields import own_cookies
from tests.faults.balanced import KEEPING
from tests.requirements import program
from tests.system.certificates import Authority
from tests.system.gateway import ROOT

RECIPES = ROOT / "deploy/ha"
PEM = "/etc/haproxy/portal.pem"
NO_CARD = {
    "(portal) cannot use a loopback interface (lo) for vrrp - ignoring",
    "(portal) Unknown interface!",  # told to others than root
}
"""What is amiss with the test itself."""


def haproxy_says(directory: Path, text: str) -> tuple[int, str]:
    """Have HAProxy check a configuration; a certificate stands where it looks for one."""
    pem = directory / "portal.pem"
    issued = Authority(directory).issue("one.example.se")
    pem.write_text(issued.certificate.read_text() + issued.key.read_text())
    assert PEM in text
    file = directory / "haproxy.cfg"
    file.write_text(text.replace(PEM, str(pem)))
    done = subprocess.run(
        [program("haproxy"), "-c", "-f", str(file)],
        capture_output=True, text=True, check=False, timeout=20,
    )  # fmt: skip
    return done.returncode, done.stdout + done.stderr


def test_haproxy_takes_the_recipe_as_it_stands(tmp_path: Path) -> None:
    status, said = haproxy_says(tmp_path, (RECIPES / "haproxy.cfg").read_text())
    assert (status, "WARNING" in said) == (0, False), said


def test_haproxy_takes_the_lines_that_keep_a_session_at_one_gateway(tmp_path: Path) -> None:
    text = (RECIPES / "haproxy.cfg").read_text()
    assert "    balance leastconn\n" in text
    assert f"req.cook({own_cookies(https=True).session})" in KEEPING
    for lines in (KEEPING, f"{KEEPING}    hash-balance-factor 150\n"):
        status, said = haproxy_says(tmp_path, text.replace("    balance leastconn\n", lines))
        assert (status, "WARNING" in said) == (0, False), said


def test_haproxy_takes_what_two_sites_want(tmp_path: Path) -> None:
    text = (RECIPES / "haproxy.cfg").read_text()
    (lines,) = re.findall(
        r"^```haproxy\n(.*?)^```$", (RECIPES / "README.md").read_text(), re.MULTILINE | re.DOTALL
    )
    looks, plain = lines.split("\n\n")
    there = f" ssl crt {PEM}\n"
    text = text.replace(there, f"{there}{looks}\n")
    status, said = haproxy_says(tmp_path, f"{text}\n{plain}")
    assert (status, "WARNING" in said) == (0, False), said


def test_haproxy_would_say_what_is_wrong(tmp_path: Path) -> None:
    text = (RECIPES / "haproxy.cfg").read_text().replace(" ssl crt ", " ssl cert ")
    status, said = haproxy_says(tmp_path, text)
    assert (status, "unknown keyword 'cert'" in said) == (1, True), said


def keepalived_says(directory: Path, text: str) -> list[str]:
    """Have keepalived check a configuration, on the one network card that every machine has."""
    assert " eth0\n" in text
    file = directory / "keepalived.conf"
    file.write_text(text.replace(" eth0\n", " lo\n"))
    done = subprocess.run(  # in a session of its own: 2.2.7 ends a check by SIGTERM to itself
        [program("keepalived"), "--config-test", "--use-file", str(file)],
        capture_output=True, text=True, check=False, timeout=20, start_new_session=True,
    )  # fmt: skip
    lines = (done.stdout + done.stderr).splitlines()
    said = [line.partition("Line ")[2].partition(") ")[2] or line for line in lines if line]
    return [line for line in said if line not in NO_CARD]


@pytest.mark.parametrize("priority", ["priority 100", "priority 90"])
def test_keepalived_takes_the_recipe(tmp_path: Path, priority: str) -> None:
    text = (RECIPES / "keepalived.conf").read_text()
    assert "priority 100" in text
    assert keepalived_says(tmp_path, text.replace("priority 100", priority)) == []


def test_keepalived_would_say_what_is_wrong(tmp_path: Path) -> None:
    text = (RECIPES / "keepalived.conf").read_text().replace("virtual_router_id", "router")
    said = keepalived_says(tmp_path, text)
    assert "Unknown keyword 'router'" in said
