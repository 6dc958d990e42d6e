"""`portvakt policy diff`: what it says, and of which files."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest
from click.testing import CliRunner, Result

from gateway.cli.policy import policy
from tests.cli.support import CONFIG, Shell

HR = '\n[[route]]\npath = "/hr/"\nupstream = "portal"\ngroups = ["hr"]\n'
LINE = (CONFIG + HR).splitlines().index('path = "/hr/"')
"""Of the [[route]] above its path."""


@pytest.fixture
def office(shell: Shell) -> Shell:
    shell.config.write_text(CONFIG + HR)
    shell.add("anna", "--group", "hr")
    shell.add("bo", "--group", "staff")
    return shell


def run(shell: Shell, text: str, *words: str) -> Result:
    new = shell.base / "new.toml"
    new.write_text(text)
    told = {"config": shell.config}
    return CliRunner().invoke(policy, ["diff", str(new), *words], obj=told)


def told(shell: Shell, text: str, *words: str) -> dict[str, Any]:
    result = run(shell, text, "--json", *words)
    assert (result.exit_code, result.exception) == (0, None), result.output
    found: dict[str, Any] = json.loads(result.stdout)
    return found


def test_equal_files_change_nothing(office: Shell) -> None:
    result = run(office, CONFIG + HR)
    assert (result.exit_code, result.output) == (0, "Nobody would gain or lose anything.\n")


def test_who_gains_and_who_loses(office: Shell) -> None:
    new = CONFIG + HR.replace('["hr"]', '["staff"]')
    found = told(office, new)
    (loss,), (gain,) = found["losses"], found["gains"]
    assert (loss["path"], loss["examples"], loss["reason"]) == ("/hr/", ["anna"], "group-missing")
    assert (gain["path"], gain["examples"], gain["users"]) == ("/hr/", ["bo"], 1)
    (route,) = found["routes"]
    assert (route["change"], route["line_before"]) == ("changed", LINE)
    assert route["keys"] == [{"key": "groups", "before": "[hr]", "after": "[staff]"}]
    text = run(office, new).output
    assert "Would lose access:\n  /hr/ (gateway.toml:" in text
    assert "1 user (bo) of staff" in text


def test_a_file_that_is_not_valid_is_told_as_check_tells_it(office: Shell) -> None:
    result = run(office, CONFIG.replace('path = "/"', 'path = "x"'))
    assert result.exit_code == 1
    assert "new.toml:" in result.stderr
    assert "route[1].path" in result.stderr
    assert result.stdout == ""


def test_recorded_refusals_are_judged_anew(office: Shell, tmp_path: Path) -> None:
    line = {
        "time": "2026-09-21T10:00:00Z", "event": "access.denied", "client": "203.0.113.9",
        "user": "bo", "route": "/hr/", "reason": "group-missing", "ref": "r-1",
    }  # fmt: skip
    lines = [
        line,
        line | {"ref": "r-2"},
        line | {"user": "gone"},
        line | {"reason": "method-not-allowed"},
        line | {"event": "logon.password"},
        line | {"route": "/.gateway/logon", "reason": "stale-form"},
    ]
    audit = tmp_path / "old.jsonl"
    audit.write_text("".join(json.dumps(one) + "\n" for one in lines) + "junk\n")
    same = told(office, CONFIG + HR, "--replay", str(audit))["replay"]
    assert same["same"] == 2
    found = told(office, CONFIG + HR.replace('["hr"]', '["staff"]'), "--replay", str(audit))
    changed = found["replay"]["changed"]
    assert [(one["user"], one["after"], one["count"], one["ref"]) for one in changed] == [
        ("bo", "allow", 2, "r-1"),
        ("gone", "unknown", 1, "r-1"),
        ("bo", "unknown", 1, "r-1"),
    ]
