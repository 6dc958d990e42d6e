from __future__ import annotations

import pytest

from gateway.directory import passwords
from tests.directory.support import Counted


@pytest.fixture
def counted(monkeypatch: pytest.MonkeyPatch) -> Counted:
    counter = Counted()
    monkeypatch.setattr(passwords, "Argon2id", counter)
    return counter
