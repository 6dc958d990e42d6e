"""gateway/auth/session_cache.py: bounded, and never losing one that somebody watches."""

from __future__ import annotations

import gc

from gateway.auth.live import LiveSession
from gateway.auth.model import SessionRecord
from gateway.auth.session_cache import SessionCache

RECORD = SessionRecord("anna", "Anna", "a@example.se", (), ("pwd",), "corporate", 0.0)


def session(number: int) -> LiveSession:
    return LiveSession(b"t%d" % number, f"k{number}", RECORD, 100.0)


def tokens(cache: SessionCache) -> list[int]:
    return sorted(int(token[1:]) for token in cache.by_token)


def test_the_first_goes_when_it_is_full() -> None:
    cache = SessionCache(3)
    for number in range(5):
        cache.put(session(number))
    assert tokens(cache) == [2, 3, 4]


def test_a_used_one_stays_for_another_round() -> None:
    cache = SessionCache(3)
    first = session(0)
    cache.put(first)
    first.seen = 200.0
    for number in range(1, 4):
        cache.put(session(number))
    assert tokens(cache) == [0, 2, 3]
    for number in range(4, 6):
        cache.put(session(number))
    assert tokens(cache) == [3, 4, 5] or tokens(cache) == [0, 4, 5]


def test_a_watched_one_never_goes() -> None:
    cache = SessionCache(2)
    watched = [session(number) for number in range(3)]
    for one in watched:
        one.watch(lambda: None)
        cache.put(one)
    cache.put(session(9))
    assert set(tokens(cache)) >= {0, 1, 2}


def test_when_all_are_used_one_goes() -> None:
    cache = SessionCache(3)
    for number in range(3):
        one = session(number)
        cache.put(one)
        one.seen = 200.0
    cache.put(session(3))
    assert len(cache) == 3


def test_one_that_left_is_found_as_long_as_it_is_held() -> None:
    cache = SessionCache(1)
    held = session(0)
    cache.put(held)
    cache.put(session(1))
    assert tokens(cache) == [1]
    assert cache.find("k0") is held
    assert cache.drop("k0") is held
    assert cache.find("k0") is None
    del held
    cache.put(session(2))
    gc.collect()
    assert cache.find("k1") is None
    assert [one.key for one in cache.all()] == ["k2"]
