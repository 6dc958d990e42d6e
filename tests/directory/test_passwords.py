from __future__ import annotations

import asyncio
import threading

import pytest
from hypothesis import given
from hypothesis import strategies as st

from gateway.auth.ports import Unavailable
from gateway.directory import passwords
from gateway.directory.passwords import (
    LONGEST,
    Cost,
    PasswordHasher,
    PasswordUnusable,
    cost_of,
    default_threads,
    material,
)
from gateway.system import SystemEntropy
from tests.directory.support import CHEAP, Counted, cheap_hasher

SALT_AND_TAG = "$c29tZXNhbHQxMjM0NTY$dGFndGFndGFndGFn"


@pytest.mark.asyncio
async def test_a_password_opens_its_own_hash_only() -> None:
    hasher = cheap_hasher()
    phc = await hasher.derive("Sommar2026")
    assert await hasher.verify("Sommar2026", phc)
    for wrong in ("sommar2026", "Sommar202", "Sommar2026 ", " Sommar2026", "", "Sommar2026\0"):
        assert not await hasher.verify(wrong, phc)
    hasher.close()


@pytest.mark.asyncio
async def test_the_hash_is_a_phc_string_with_a_salt_of_its_own() -> None:
    hasher = cheap_hasher()
    first, second = await hasher.derive("Sommar2026"), await hasher.derive("Sommar2026")
    assert first != second
    assert first.startswith("$argon2id$v=19$m=8,t=1,p=1$")
    assert cost_of(first) == CHEAP
    hasher.close()


@pytest.mark.asyncio
async def test_every_one_of_1024_characters_counts() -> None:
    hasher = cheap_hasher()
    longest = "x" * LONGEST
    phc = await hasher.derive(longest)
    assert await hasher.verify(longest, phc)
    assert not await hasher.verify(longest[:-1] + "y", phc)
    assert not await hasher.verify(longest + "x", phc)
    hasher.close()


@pytest.mark.asyncio
async def test_composed_and_decomposed_are_one_password_but_case_and_width_are_not() -> None:
    hasher = cheap_hasher()
    phc = await hasher.derive("L\u00f6senord1")
    assert await hasher.verify("Lo\u0308senord1", phc)
    assert not await hasher.verify("l\u00f6senord1", phc)
    assert not await hasher.verify("L\u00f6senord１", phc)
    hasher.close()


@pytest.mark.parametrize(
    "password", ["", "x" * 1025, "a\0b", "\ud800abc"], ids=["empty", "long", "NUL", "surrogate"]
)
@pytest.mark.asyncio
async def test_what_is_no_password_is_refused_when_set_and_wrong_when_checked(
    password: str, counted: Counted
) -> None:
    hasher = cheap_hasher()
    with pytest.raises(PasswordUnusable):
        await hasher.derive(password)
    assert counted.costs == []
    assert not await hasher.verify(password, await hasher.derive("Sommar2026"))
    assert counted.costs == [CHEAP, CHEAP]
    hasher.close()


@pytest.mark.asyncio
async def test_a_check_costs_one_derivation_whatever_there_is_to_check_against(
    counted: Counted,
) -> None:
    hasher = cheap_hasher()
    phc = await hasher.derive("Sommar2026")
    for password, known in [
        ("Sommar2026", phc),
        ("wrong", phc),
        ("Sommar2026", None),
        ("x" * 100_000, phc),
        ("Sommar2026", "not a hash"),
        ("Sommar2026", "$argon2id$v=19$m=4294967295,t=9,p=1" + SALT_AND_TAG),
    ]:
        counted.costs.clear()
        await hasher.verify(password, known)
        assert counted.costs == [CHEAP]
    hasher.close()


@pytest.mark.parametrize(
    ("phc", "cost"),
    [
        ("$argon2id$v=19$m=19456,t=2,p=1" + SALT_AND_TAG, Cost(19456, 2, 1)),
        ("$argon2id$v=19$m=65536,t=3,p=4" + SALT_AND_TAG, Cost(65536, 3, 4)),
        ("$argon2id$v=19$m=524289,t=1,p=1" + SALT_AND_TAG, None),  # over 512 MiB
        ("$argon2id$v=19$m=8,t=17,p=1" + SALT_AND_TAG, None),
        ("$argon2id$v=19$m=1024,t=1,p=17" + SALT_AND_TAG, None),
        ("$argon2id$v=19$m=8,t=1,p=2" + SALT_AND_TAG, None),  # under 8 KiB a lane
        ("$argon2id$v=19$m=8,t=0,p=1" + SALT_AND_TAG, None),
        ("$argon2id$v=19$m=8,t=1,p=0" + SALT_AND_TAG, None),
        ("$argon2id$v=16$m=8,t=1,p=1" + SALT_AND_TAG, None),
        ("$argon2i$v=19$m=8,t=1,p=1" + SALT_AND_TAG, None),
        ("$argon2id$v=19$t=1,m=8,p=1" + SALT_AND_TAG, None),
        ("$argon2id$v=19$m=8,t=1,p=1$c2FsdA$dGFndGFndGFndGFn", None),  # salt too short
        ("$argon2id$v=19$m=8,t=1,p=1" + SALT_AND_TAG + "\n", None),
        ("$2b$12$abcdefghijklmnopqrstuv", None),
        ("", None),
    ],
)
def test_which_stored_hashes_are_read(phc: str, cost: Cost | None) -> None:
    assert cost_of(phc) == cost


@given(st.text(max_size=120))
def test_any_text_is_a_hash_or_not(text: str) -> None:
    cost_of(text)


@given(st.text(min_size=1, max_size=60).filter(lambda text: "\0" not in text))
def test_the_material_is_never_shorter_for_a_longer_password(text: str) -> None:
    assert len(material(text + "x")) == len(material(text)) + 1


def test_the_default_cost_is_at_least_what_owasp_asks() -> None:
    assert Cost() == Cost(memory_kib=19456, iterations=2, lanes=1)
    assert 1 <= default_threads() <= 8


@pytest.mark.asyncio
async def test_a_hash_of_another_cost_is_checked_but_not_current() -> None:
    old, new = cheap_hasher(), PasswordHasher(SystemEntropy(), Cost(16, 1, 1))
    phc = await old.derive("Sommar2026")
    assert await new.verify("Sommar2026", phc)
    assert old.is_current(phc)
    assert not new.is_current(phc)
    old.close()
    new.close()


class Gate:
    """Entropy that holds the hashing thread until it is opened."""

    def __init__(self) -> None:
        self.open = threading.Event()
        self.inside = threading.Semaphore(0)

    def token(self, size: int) -> bytes:
        self.inside.release()
        assert self.open.wait(10)
        return b"s" * size


@pytest.mark.asyncio
async def test_beyond_the_queue_a_call_is_unavailable_at_once_and_the_queue_recovers() -> None:
    gate = Gate()
    hasher = PasswordHasher(gate, CHEAP, threads=1, waiting=2)
    waiting = asyncio.gather(*(hasher.derive(f"Sommar202{n}") for n in range(3)))
    await asyncio.to_thread(gate.inside.acquire)
    for call in (hasher.derive("late"), hasher.verify("late", None)):
        with pytest.raises(Unavailable, match="password hashing busy"):
            await call
    gate.open.set()
    assert len(await waiting) == 3
    assert await hasher.verify("Sommar2020", (await waiting)[0])
    hasher.close()


@pytest.mark.asyncio
async def test_a_caller_that_gives_up_frees_its_place_only_when_the_work_is_over() -> None:
    gate = Gate()
    hasher = PasswordHasher(gate, CHEAP, threads=1, waiting=0)
    with pytest.raises(TimeoutError):
        await asyncio.wait_for(hasher.derive("Sommar2026"), 0.05)
    with pytest.raises(Unavailable):
        await hasher.derive("Sommar2026")
    gate.open.set()
    for _ in range(1000):
        try:
            assert await hasher.derive("Sommar2026")
            break
        except Unavailable:
            await asyncio.sleep(0.005)
    else:
        pytest.fail("the place was never given back")
    hasher.close()


@pytest.mark.asyncio
async def test_a_closed_hasher_is_unavailable() -> None:
    hasher = cheap_hasher()
    hasher.close()
    with pytest.raises(Unavailable):
        await hasher.derive("Sommar2026")


@pytest.mark.asyncio
async def test_too_little_memory_is_unavailable_not_a_wrong_password(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    def exhausted(_given: bytes, _phc: str) -> None:
        raise MemoryError

    hasher = cheap_hasher()
    phc = await hasher.derive("Sommar2026")
    monkeypatch.setattr(Counted, "verify_phc_encoded", staticmethod(exhausted))
    monkeypatch.setattr(passwords, "Argon2id", Counted())
    with pytest.raises(Unavailable, match="memory"):
        await hasher.verify("Sommar2026", phc)
    hasher.close()
