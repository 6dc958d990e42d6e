from __future__ import annotations

from types import SimpleNamespace

import pytest

from gateway.directory.rows import Entry, columns_of, ends_sessions, entry_of, person_of
from tests.directory.support import account, person

BEFORE = columns_of(account("anna", "old", groups=("hr", "it")))


def row(**changes: object) -> SimpleNamespace:
    return SimpleNamespace(**(BEFORE | {"created": 1.0, "changed": 2.0} | changes))


def test_an_account_survives_the_way_through_a_row() -> None:
    anna = person("anna", groups=("hr", "it"))
    assert person_of(row()) == anna
    assert entry_of(row()) == Entry(anna, has_password=True, created=1.0, changed=2.0)
    assert not entry_of(row(password_hash=None)).has_password


@pytest.mark.parametrize(
    ("changes", "ends"),
    [
        ({}, False),
        ({"name": "Anna Berg", "email": "", "mobile": None}, False),
        ({"groups": ["it", "hr"]}, False),
        ({"groups": ["it", "hr", "more"]}, False),
        ({"groups": ["it"]}, True),
        ({"groups": []}, True),
        ({"groups": ["hr", "other"]}, True),
        ({"password_hash": "new"}, True),
        ({"password_hash": None}, True),
        ({"enabled": False}, True),
    ],
)
def test_which_changes_end_sessions(changes: dict[str, object], ends: bool) -> None:
    assert ends_sessions(row(), BEFORE | changes) is ends


def test_enabling_ends_nothing() -> None:
    assert not ends_sessions(row(enabled=False), BEFORE)
