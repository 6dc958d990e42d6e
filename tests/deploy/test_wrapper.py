"""deploy/systemd/portvakt-as-user: root's commands have the gateway's environment, to the letter."""

from __future__ import annotations

import os
import subprocess
from pathlib import Path

import pytest

from tests.system.gateway import ROOT

WRAPPER = ROOT / "deploy/systemd/portvakt-as-user"
PLACE = "/etc/portvakt/environment"
URL = "redis+sentinel://:p&$HOME`id`@h1,h2/portvakt?a=b"


def ran(directory: Path, *words: str) -> list[str]:
    """Run it with a `runuser` that prints an environment and the words; return the lines."""
    other = directory / "runuser"
    other.write_text('#!/bin/sh\nprintf "%s\\n" "${PORTVAKT_REDIS_URL-none}" "$@"\n')
    other.chmod(0o755)
    text = WRAPPER.read_text()
    assert text.count(PLACE) == 2
    script = directory / "portvakt"
    script.write_text(text.replace(PLACE, str(directory / "environment")))
    path = f"{directory}{os.pathsep}{os.environ['PATH']}"
    done = subprocess.run(
        ["sh", str(script), *words],
        env={"PATH": path}, check=True, capture_output=True, text=True, timeout=10,
    )  # fmt: skip
    return done.stdout.splitlines()


@pytest.mark.parametrize("has_secrets", [True, False])
def test_commands_run_as_the_gateway_does(tmp_path: Path, *, has_secrets: bool) -> None:
    if has_secrets:
        (tmp_path / "environment").write_text(
            f"# secrets\n\nPORTVAKT_REDIS_URL={URL}\n; other\nexit 3\n"
        )
    program = ["-u", "portvakt", "--", "/opt/portvakt/.venv/bin/portvakt"]
    assert ran(tmp_path, "user", "show", "anna b") == [
        URL if has_secrets else "none",
        *program, "--config", "/etc/portvakt/gateway.toml", "user", "show", "anna b",
    ]  # fmt: skip


def test_the_unit_reads_the_same_file() -> None:
    unit = (ROOT / "deploy/systemd/portvakt.service").read_text()
    assert f"\nEnvironmentFile=-{PLACE}\n" in unit
