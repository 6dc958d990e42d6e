"""gateway/auth/challenges.py: codes, and what they are bound to."""

from __future__ import annotations

import json
from collections import Counter
from dataclasses import replace

import pytest
from hypothesis import given
from hypothesis import strategies as st

from gateway.auth.challenges import Challenge, Purpose
from gateway.auth.ports import Unavailable
from tests.auth.support import ANNA, LoginScript

INSIDE = Challenge("anna", "+46701234567", "logon", 6, 0.0)


@given(st.integers(6, 10), st.text(max_size=50))
def test_a_code_is_digits_and_the_same_each_time(digits: int, token: str) -> None:
    challenges = LoginScript().challenges
    inside = replace(INSIDE, digits=digits)
    code = challenges.code(token, inside)
    assert len(code) == digits
    assert code.isascii()
    assert code.isdigit()
    assert challenges.code(token, inside) == code


def test_codes_are_uniform() -> None:
    challenges = LoginScript().challenges
    codes = [challenges.code(str(number), INSIDE) for number in range(20_000)]
    for place in range(6):
        counts = Counter(code[place] for code in codes)
        chi_square = sum((counts[digit] - 2000) ** 2 / 2000 for digit in "0123456789")
        assert chi_square < 27.88  # 9 degrees of freedom, p = 0.001
    assert len(set(codes)) > 19_700


def test_the_code_of_one_purpose_or_user_is_no_code_for_another() -> None:
    challenges = LoginScript().challenges
    codes = {
        challenges.code("token", replace(INSIDE, purpose=purpose, user=user))
        for purpose in ("logon", "step-up", "reset", "prove")
        for user in ("anna", "bo")
    }
    assert len(codes) == 8


@pytest.mark.asyncio
async def test_a_challenge_is_of_browser_user_number_purpose_and_password() -> None:
    challenges = LoginScript().challenges
    mobile = str(ANNA.mobile)
    tokens = [
        await challenges.begin(ANNA, mobile, "b1", Purpose.LOGON),
        await challenges.begin(ANNA, mobile, "b2", Purpose.LOGON),
        await challenges.begin(ANNA, "+46700000000", "b1", Purpose.LOGON),
        await challenges.begin(ANNA, mobile, "b1", Purpose.STEP_UP),
        await challenges.begin(replace(ANNA, user="bo"), mobile, "b1", Purpose.LOGON),
        await challenges.begin(replace(ANNA, credential="new"), mobile, "b1", Purpose.LOGON),
    ]
    assert len(set(tokens)) == 6
    assert await challenges.begin(ANNA, mobile, "b1", Purpose.LOGON) == tokens[0]
    live = await challenges.find(tokens[0])
    assert live is not None
    assert (live.inside.user, live.inside.mobile, live.inside.purpose) == ("anna", mobile, "logon")


@pytest.mark.asyncio
async def test_a_record_under_anothers_key_does_not_open() -> None:
    script = LoginScript()
    challenges, memory = script.challenges, script.memory
    one = await challenges.begin(ANNA, str(ANNA.mobile), "b1", Purpose.LOGON)
    await challenges.begin(ANNA, str(ANNA.mobile), "b2", Purpose.LOGON)
    first, second = memory.challenges
    memory.challenges[first] = memory.challenges[second]
    assert await challenges.find(one) is None


@pytest.mark.parametrize("change", [{"device_bound": True}, {"digits": None}])
@pytest.mark.asyncio
async def test_one_of_another_version_is_unknown_and_stays(change: dict[str, object]) -> None:
    """`digits` taken away: a field that this version needs, and another one may not write."""
    script = LoginScript()
    challenges, memory, sealer = script.challenges, script.memory, script.challenges._sealer
    token = await challenges.begin(ANNA, str(ANNA.mobile), "b1", Purpose.LOGON)
    ((key, kept),) = memory.challenges.items()
    known = kept.value
    plain = sealer.unseal("challenge", token.encode(), known.record)
    assert plain is not None
    fields = {**json.loads(plain), **change}
    other = json.dumps({name: value for name, value in fields.items() if value is not None})
    sealed = sealer.seal("challenge", token.encode(), other.encode())
    kept.value = replace(known, record=sealed)
    with pytest.raises(Unavailable, match="another version"):
        await challenges.find(token)
    assert memory.challenges[key].value.record == sealed
    kept.value = known
    assert await challenges.find(token) is not None


@pytest.mark.asyncio
async def test_a_pause_is_within_its_bounds_and_nobodys_to_foretell() -> None:
    challenges = LoginScript().challenges
    pauses = []
    for number in range(200):
        token = await challenges.begin(ANNA, str(ANNA.mobile), f"b{number}", Purpose.RESET)
        live = await challenges.find(token)
        assert live is not None
        pauses.append(challenges.pause_s(live, 0.5, 1.5))
        assert challenges.pause_s(live, 0.5, 1.5) == pauses[-1]
    assert len(set(pauses)) == 200
    assert 0.5 <= min(pauses) < 0.6
    assert 1.4 < max(pauses) < 1.5
