from __future__ import annotations

from dataclasses import replace

from gateway.auth.sealing import Sealer
from gateway.auth.session_labels import SessionLabel, open_label, seal_label, user_index
from tests.fakes import FakeEntropy

SEALER = Sealer(b"0123456789abcdef", FakeEntropy())
OTHER = Sealer(b"fedcba9876543210", FakeEntropy())
LABEL = SessionLabel("anna", 1000.5, "corporate", "10.0.0.1", ("pwd", "otp"), "Firefox, Windows")


def test_what_is_sealed_opens_for_its_session_and_secret_only() -> None:
    sealed = seal_label(SEALER, "a" * 64, LABEL)
    assert open_label(SEALER, "a" * 64, sealed) == LABEL
    assert open_label(SEALER, "b" * 64, sealed) is None
    assert open_label(OTHER, "a" * 64, sealed) is None
    assert open_label(SEALER, "a" * 64, b"") is None
    assert open_label(SEALER, "a" * 64, sealed[:-1]) is None


def test_the_store_learns_nothing_of_the_person() -> None:
    sealed = seal_label(SEALER, "a" * 64, LABEL)
    assert b"anna" not in sealed
    assert b"10.0.0.1" not in sealed
    assert sealed != seal_label(SEALER, "a" * 64, LABEL)
    assert "anna" not in user_index(SEALER, "anna")
    assert user_index(SEALER, "anna") != user_index(SEALER, "bo")
    assert seal_label(SEALER, "a" * 64, replace(LABEL, user="bo")) != sealed
