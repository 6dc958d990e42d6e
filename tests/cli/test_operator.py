"""gateway/cli/operator.py: who works at the command line."""

from __future__ import annotations

import os
import pwd
from unittest.mock import Mock

import pytest

from gateway.cli.operator import account


def test_who_called_sudo_comes_before_the_account(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("SUDO_USER", "olle")
    assert account() == "olle"
    monkeypatch.setenv("SUDO_USER", "")
    assert account() == pwd.getpwuid(os.getuid()).pw_name


def test_an_account_without_a_name_is_its_number(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delenv("SUDO_USER", raising=False)
    monkeypatch.setattr(pwd, "getpwuid", Mock(side_effect=KeyError))
    assert account() == str(os.getuid())
