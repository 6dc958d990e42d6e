from __future__ import annotations

from pathlib import Path

import pytest

from gateway.cli import opening
from tests.cli.support import Shell
from tests.directory.support import cheap_hasher


@pytest.fixture
def shell(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Shell:
    monkeypatch.setattr(opening, "make_hasher", cheap_hasher)
    return Shell(tmp_path)
