"""The house of `deploy/ha/`: Redis's primary is cut off; nobody is logged off.

The whole drill is `deploy/ha/drill`; this is its short form, in a process of its own, because it
enters a network namespace.
"""

from __future__ import annotations

import json
import subprocess
import sys

import pytest

from tests.faults.machines import NO_NAMESPACES
from tests.faults.several import RECIPES
from tests.requirements import program
from tests.system.gateway import ROOT

pytestmark = [pytest.mark.system, pytest.mark.slow, pytest.mark.xdist_group("faults")]


@pytest.mark.drill
def test_the_primary_is_cut_off(tmp_path):
    program("haproxy")
    program("redis-server")
    told = tmp_path / "told.json"
    command = [sys.executable, "-m", "tests.faults.failovers", "--short", "--json", str(told)]
    run = subprocess.run(
        command, check=False, cwd=ROOT, capture_output=True, text=True, timeout=240
    )  # fmt: skip
    assert run.returncode == 0, run.stdout + run.stderr
    (outcome,) = json.loads(told.read_text())
    assert outcome["counts"]["right"] > 0
    assert not outcome["told"]
    assert ("cut off" in outcome["fault"]) == (NO_NAMESPACES not in run.stdout)


def test_what_the_recipes_say_twice_agrees():
    gateway = (RECIPES / "gateway.toml").read_text()
    balancer = (RECIPES / "haproxy.cfg").read_text()
    for address in ("10.77.0.11", "10.77.0.12"):
        assert f'"{address}/32"' in gateway
    for name, number in (("gw1", 21), ("gw2", 22), ("gw3", 23)):
        assert f"server {name} 10.77.0.{number}:8080" in balancer
    assert "portvakt 10.77.0.31 6379 2" in (RECIPES / "sentinel.conf").read_text()
