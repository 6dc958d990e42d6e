"""The keys that sign assertions: one signs, the next is published already, old ones for a while.

A portal that keeps the published list (RFC 7517) for `PUBLISHED_S` knows each key before it signs,
so a rotation goes unnoticed. Values only; `gateway/operate/key_file.py` keeps them on disk.
"""

from __future__ import annotations

import json
from base64 import b64decode, b64encode
from collections.abc import Callable
from dataclasses import dataclass, replace
from typing import Any, Final

from cryptography.hazmat.primitives.asymmetric.ec import ECDSA, EllipticCurvePrivateKey
from joserfc.errors import JoseError
from joserfc.jwk import ECKey

from gateway.auth.sealing import Sealer

PUBLISHED_S: Final = 300
"""How long portals may keep the list of keys without asking again."""

RETIRED_S: Final = 600.0
"""How long a key that signs no more stays published: its last assertions live a minute."""

_PURPOSE: Final = "assertion key"
_VERSION: Final = 1


class BadKeys(Exception):
    """Keys cannot be read; the text says why, and what to do."""


@dataclass(frozen=True, slots=True)
class SigningKey:
    """One P-256 key, named by its thumbprint (RFC 7638).

    Seconds since the epoch: `made`, and published from then on; `since`, when it began to sign;
    `until`, when it leaves the list. None where that is not known yet.
    """

    kid: str
    private: ECKey
    made: float
    since: float | None = None
    until: float | None = None

    def public(self) -> dict[str, Any]:
        """Return the public key as a JWK."""
        return {
            **self.private.as_dict(private=False),
            "kid": self.kid,
            "use": "sig",
            "alg": "ES256",
        }

    def signer(self) -> Callable[[bytes, ECDSA], bytes]:
        """Return what signs bytes; its signatures are DER (RFC 3279 section 2.2.3)."""
        private = self.private.get_op_key("sign")
        if not isinstance(private, EllipticCurvePrivateKey):
            raise TypeError("no private key of a curve")
        return private.sign


@dataclass(frozen=True, slots=True)
class KeyRing:
    """The keys of one moment. Compared by identity on the hot path, so never changed in place."""

    current: SigningKey
    next: SigningKey
    retired: tuple[SigningKey, ...] = ()

    @property
    def ready_at(self) -> float:
        """From when on every portal knows the next key."""
        return self.next.made + PUBLISHED_S

    def is_due(self, now: float, rotate_s: float) -> bool:
        """Return whether the current key has signed for `rotate_s`."""
        return self.current.since is None or now >= self.current.since + rotate_s

    def rotated(self, now: float) -> KeyRing:
        """Return the ring in which the next key signs, and the one that did stays published."""
        old = replace(self.current, until=now + RETIRED_S)
        kept = tuple(key for key in self.retired if key.until is not None and key.until > now)
        return KeyRing(replace(self.next, since=now), new_key(now), (old, *kept))

    def published(self, now: float) -> list[SigningKey]:
        """Return the keys whose assertions are believed, the one that signs first."""
        kept = [key for key in self.retired if key.until is not None and key.until > now]
        return [self.current, self.next, *kept]

    def jwks(self, now: float) -> dict[str, Any]:
        """Return the published keys as a JWK Set."""
        return {"keys": [key.public() for key in self.published(now)]}


def new_key(now: float) -> SigningKey:
    """Return a new key."""
    private = ECKey.generate_key("P-256")
    return SigningKey(private.thumbprint(), private, made=now)


def new_ring(now: float) -> KeyRing:
    """Return a ring of new keys; one signs at once, because nobody knows any other."""
    return KeyRing(replace(new_key(now), since=now), new_key(now))


def dump_ring(ring: KeyRing, sealer: Sealer) -> bytes:
    """Return a ring as the bytes of a file; private keys are sealed with the server's secret."""
    listed = []
    for key in (ring.current, ring.next, *ring.retired):
        sealed = sealer.seal(_PURPOSE, key.kid.encode(), key.private.as_der(private=True))
        times = {"made": key.made, "since": key.since, "until": key.until}
        listed.append({"kid": key.kid, **times, "sealed": b64encode(sealed).decode()})
    return json.dumps({"version": _VERSION, "keys": listed}, indent=2).encode() + b"\n"


def load_ring(data: bytes, sealer: Sealer) -> KeyRing:
    """Return the ring that `dump_ring` wrote. Raises BadKeys."""
    try:
        file = json.loads(data)
        if file["version"] != _VERSION:
            raise BadKeys("was written by another version")
        current, following, *retired = [_load(entry, sealer) for entry in file["keys"]]
        return KeyRing(current, following, tuple(retired))
    except (ValueError, KeyError, TypeError, JoseError) as error:
        raise BadKeys("is damaged") from error


def _load(entry: dict[str, Any], sealer: Sealer) -> SigningKey:
    kid = str(entry["kid"])
    plain = sealer.unseal(_PURPOSE, kid.encode(), b64decode(entry["sealed"], validate=True))
    if plain is None:
        raise BadKeys("was sealed with another [secrets] key")
    times = {name: None if entry[name] is None else float(entry[name]) for name in _TIMES}
    return SigningKey(kid, ECKey.import_key(plain), float(entry["made"]), **times)


_TIMES: Final = ("since", "until")
