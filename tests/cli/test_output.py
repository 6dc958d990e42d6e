from __future__ import annotations

import json

import pytest

from gateway.cli.output import No, done, print_fields, print_json, warn


def test_answers_go_to_stdout_and_warnings_to_stderr(capsys: pytest.CaptureFixture[str]) -> None:
    done("anna is added.")
    warn("short.")
    assert capsys.readouterr() == ("anna is added.\n", "Warning: short.\n")


def test_json_keeps_letters(capsys: pytest.CaptureFixture[str]) -> None:
    print_json([{"name": "Åsa", "mobile": "•••• 67"}])
    printed = capsys.readouterr().out
    assert "Åsa" in printed
    assert json.loads(printed) == [{"name": "Åsa", "mobile": "•••• 67"}]


def test_fields_stand_in_columns(capsys: pytest.CaptureFixture[str]) -> None:
    print_fields([("user", "anna"), ("password", "")])
    assert capsys.readouterr().out == "user      anna\npassword  -\n"


def test_no_is_exit_1() -> None:
    assert No("x").exit_code == 1
