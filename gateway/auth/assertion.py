"""The assertion: who is logged on, as a JWT (RFC 7519) that an upstream can verify by itself.

ES256 (RFC 7518 section 3.4), one minute long, for one upstream only. Signing costs more than all
the rest of a request, so the front door keeps an assertion with its session for `USED_S`.
"""

from __future__ import annotations

import json
from base64 import urlsafe_b64encode
from typing import Final

from cryptography.hazmat.primitives.asymmetric.ec import ECDSA
from cryptography.hazmat.primitives.asymmetric.utils import decode_dss_signature
from cryptography.hazmat.primitives.hashes import SHA256

from gateway.auth.key_ring import KeyRing
from gateway.auth.live import LiveSession
from gateway.auth.ports import Entropy

LIFETIME_S: Final = 60
USED_S: Final = 50.0
"""How long one is used again: ten seconds are left for the way, and for clocks that differ."""

_JTI_BYTES: Final = 16
_ALGORITHM: Final = "ES256"
_ECDSA: Final = ECDSA(SHA256())
_INTEGER_BYTES: Final = 32
"""R and S of a P-256 signature, each (RFC 7518 section 3.4)."""
_COMPACT: Final = json.JSONEncoder(separators=(",", ":")).encode


class Assertions:
    """Signs with the current key of `ring`, which whoever watches the keys replaces."""

    def __init__(self, ring: KeyRing, entropy: Entropy) -> None:
        self._entropy: Final = entropy
        self.use(ring)

    def use(self, ring: KeyRing) -> None:
        """Sign with other keys from now on."""
        self.ring = ring
        header = {"alg": _ALGORITHM, "typ": "JWT", "kid": ring.current.kid}
        self._header = _segment(_COMPACT(header).encode("ascii")) + b"."
        self._sign = ring.current.signer()

    def sign(
        self, live: LiveSession, issuer: str, audience: str, network: str, now: float
    ) -> bytes:
        """Return the assertion of a session for an upstream, in the compact form of a JWS."""
        who = live.record
        issued = int(now)
        claims = {
            "iss": issuer,
            "aud": audience,
            "sub": who.user,
            "name": who.name,
            "email": who.email,
            "groups": who.groups,
            "sid": live.sid,
            "amr": who.factors,
            "network": network,
            "iat": issued,
            "exp": issued + LIFETIME_S,
            "jti": _segment(self._entropy.token(_JTI_BYTES)).decode("ascii"),
        }
        signed = self._header + _segment(_COMPACT(claims).encode("ascii"))
        # Put together here rather than by a library: a worker that begins meets many sessions at
        # once, and each of these costs more than all the rest of its request.
        first, second = decode_dss_signature(self._sign(signed, _ECDSA))
        raw = first.to_bytes(_INTEGER_BYTES, "big") + second.to_bytes(_INTEGER_BYTES, "big")
        return signed + b"." + _segment(raw)


def _segment(data: bytes) -> bytes:
    """Return base64url without padding (RFC 7515 section 2)."""
    return urlsafe_b64encode(data).rstrip(b"=")
