"""gateway/auth/key_ring.py: published before it signs, and for a while after."""

from __future__ import annotations

import json

import pytest

from gateway.auth.key_ring import (
    PUBLISHED_S,
    RETIRED_S,
    BadKeys,
    KeyRing,
    dump_ring,
    load_ring,
    new_ring,
)
from gateway.auth.sealing import Sealer
from tests.fakes import MORNING, FakeEntropy

SEALER = Sealer(b"s" * 32, FakeEntropy())


def kids(ring: KeyRing, now: float) -> list[str]:
    return [key["kid"] for key in ring.jwks(now)["keys"]]


def test_a_key_is_published_before_it_signs_and_after() -> None:
    first = new_ring(MORNING)
    later = MORNING + 86_400
    second = first.rotated(later)
    assert kids(first, MORNING) == [first.current.kid, first.next.kid]
    assert second.current.kid == first.next.kid
    assert second.current.since == later
    assert kids(second, later) == [second.current.kid, second.next.kid, first.current.kid]
    assert kids(second, later + RETIRED_S) == [second.current.kid, second.next.kid]


def test_who_rotates_often_publishes_every_key_for_as_long() -> None:
    ring, now = new_ring(MORNING), MORNING
    signed: list[tuple[str, float]] = []
    for _ in range(6):
        now += RETIRED_S / 2
        signed.append((ring.current.kid, now))
        ring = ring.rotated(now)
        published = kids(ring, now)
        assert len(set(published)) == len(published)
        assert all(kid in published for kid, ended in signed if ended + RETIRED_S > now)
    assert len(ring.retired) <= 3


def test_what_is_published_holds_no_private_number() -> None:
    ring = new_ring(MORNING)
    for key in ring.jwks(MORNING)["keys"]:
        assert set(key) == {"kty", "crv", "x", "y", "kid", "use", "alg"}
        assert (key["kty"], key["crv"], key["use"], key["alg"]) == ("EC", "P-256", "sig", "ES256")


@pytest.mark.parametrize(("age", "due"), [(0, False), (3599.9, False), (3600, True)])
def test_a_key_is_due_by_its_age(age: float, due: bool) -> None:
    assert new_ring(MORNING).is_due(MORNING + age, 3600) is due


def test_the_next_key_is_ready_when_every_portal_has_asked_anew() -> None:
    ring = new_ring(MORNING)
    assert ring.ready_at == MORNING + PUBLISHED_S


def test_it_comes_back_from_its_file_and_nothing_secret_stands_there() -> None:
    ring = new_ring(MORNING).rotated(MORNING + 400)
    data = dump_ring(ring, SEALER)
    back = load_ring(data, SEALER)
    assert back.jwks(MORNING + 400) == ring.jwks(MORNING + 400)
    assert [key.since for key in (back.current, back.next)] == [MORNING + 400, None]
    assert back.retired[0].until == MORNING + 400 + RETIRED_S
    private = ring.current.private
    assert private.as_dict(private=True)["d"].encode() not in data
    assert private.as_der(private=True) not in data


def test_another_secret_opens_nothing() -> None:
    data = dump_ring(new_ring(MORNING), SEALER)
    with pytest.raises(BadKeys, match="another"):
        load_ring(data, Sealer(b"t" * 32, FakeEntropy()))


def test_a_key_under_another_name_does_not_open() -> None:
    file = json.loads(dump_ring(new_ring(MORNING), SEALER))
    first, second = file["keys"]
    first["sealed"], second["sealed"] = second["sealed"], first["sealed"]
    with pytest.raises(BadKeys):
        load_ring(json.dumps(file).encode(), SEALER)


@pytest.mark.parametrize(
    "data",
    [b"", b"{}", b"[]", b"\xff", b'{"version": 1, "keys": []}', b'{"version": 2, "keys": []}',
     b'{"version": 1, "keys": [{"kid": "a", "sealed": "!"}, {"kid": "b", "sealed": ""}]}',
     b'{"version": 1, "keys": null}', b"null"],
)  # fmt: skip
def test_what_is_no_key_file_is_told(data: bytes) -> None:
    with pytest.raises(BadKeys):
        load_ring(data, SEALER)
