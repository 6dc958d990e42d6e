"""The backup of docs/operations.md: its commands, followed on an installation below a directory.

What a systemd or another user would do is done by hand.
"""

from __future__ import annotations

import re
import shlex
import shutil
import subprocess
from pathlib import Path

from click.testing import CliRunner, Result

from gateway.cli.root import portvakt
from tests.system.gateway import ROOT, RunningGateway

_NOT_OURS = {"chown", "chgrp"}
_PLACE = re.compile(r"(?<= )/(?=(?:etc|var|root)\b)")


def blocks() -> tuple[list[str], list[str]]:
    """Return the commands of the backup and of the restore."""
    text = (ROOT / "docs/operations.md").read_text()
    section = text.partition("\n## Backup\n")[2].partition("\n## ")[0]
    backup, restore = re.findall(r"^```sh\n(.*?)^```$", section, re.MULTILINE | re.DOTALL)
    return backup.splitlines(), restore.splitlines()


def ran(gateway: RunningGateway, *words: str, stdin: str | None = None) -> Result:
    """Run a command in this process: a process of its own would read all of the program anew."""
    return CliRunner().invoke(portvakt, ["--config", str(gateway.config), *words], input=stdin)


def said(gateway: RunningGateway, *words: str, stdin: str | None = None) -> str:
    """Run a command that must succeed; return its output."""
    found = ran(gateway, *words, stdin=stdin)
    assert found.exit_code == 0, (words, found.output)
    return found.stdout


def follow(lines: list[str], gateway: RunningGateway, root: Path) -> None:
    """Do what the document says, line by line, on the machine whose root is a directory."""
    for line in lines:
        words = shlex.split(line)
        match words:
            case ["systemctl", "stop", "portvakt"]:
                gateway.stop()
            case ["systemctl", "start", "portvakt"]:
                gateway.start()
            case ["portvakt", *rest]:
                said(gateway, *rest)
            case _ if words[0] not in _NOT_OURS:
                here = _PLACE.sub(f"{root}/", line)
                subprocess.run(["sh", "-ec", here], check=True, timeout=30, cwd=root)


def destroy(gateway: RunningGateway, root: Path) -> None:
    """Lose the machine; /root and /var/backups stand for places elsewhere."""
    gateway.stop()
    for lost in ("etc/portvakt", "var/lib/portvakt"):
        shutil.rmtree(root / lost)
    (root / "var/lib/portvakt").mkdir(mode=0o700)  # step 1 of the installation
