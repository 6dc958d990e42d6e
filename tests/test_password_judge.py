"""gateway/password_judge.py: the configured rules behind the port of the logon domain."""

from __future__ import annotations

import asyncio

import pytest

from gateway import password_judge
from gateway.auth.ports import Unavailable
from gateway.password_judge import ConfiguredPasswords
from gateway.password_rules import WordsMissing, compile_password_rules
from tests.auth.support import ANNA, edited, make_settings

pytestmark = pytest.mark.asyncio


async def test_the_rules_are_those_of_the_configuration_and_compiled_once(monkeypatch) -> None:
    compiled = []

    def counted(settings):
        compiled.append(settings)
        return compile_password_rules(settings)

    monkeypatch.setattr(password_judge, "compile_password_rules", counted)
    passwords = ConfiguredPasswords(edited(make_settings(), "password", min_length=9))
    judged = await asyncio.gather(
        *(passwords.reasons(text, ANNA) for text in ("Xq7rtGh2w", "Xq7rtGh2", "Anna4Qzx7q", "å"))
    )
    assert judged == [
        (),
        ("too-short",),
        ("holds-name", "holds-user-name"),
        ("too-short", "no-upper", "no-digit", "sign-not-allowed"),
    ]
    assert len(compiled) == 1


async def test_rules_that_cannot_be_read_never_mean_yes(monkeypatch) -> None:
    def broken(_):
        raise WordsMissing("install it again")

    monkeypatch.setattr(password_judge, "compile_password_rules", broken)
    passwords = ConfiguredPasswords(make_settings())
    for _ in range(2):
        with pytest.raises(Unavailable, match="password rules"):
            await passwords.reasons("Xq7rtGh2w", ANNA)
    monkeypatch.setattr(password_judge, "compile_password_rules", compile_password_rules)
    assert await passwords.reasons("Xq7rtGh2w", ANNA) == ()
