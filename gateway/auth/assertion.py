"""The assertion: who is logged on, as a JWT (RFC 7519) that an upstream can verify by itself.

ES256 (RFC 7518 section 3.4), one minute long, for one upstream only. Signing costs more than all
the rest of a request, so the front door keeps an assertion with its session for `USED_S`.
"""

from __future__ import annotations

from base64 import urlsafe_b64encode
from typing import Final

from joserfc import jwt

from gateway.auth.key_ring import KeyRing
from gateway.auth.live import LiveSession
from gateway.auth.ports import Entropy

LIFETIME_S: Final = 60
USED_S: Final = 50.0
"""How long one is used again: ten seconds are left for the way, and for clocks that differ."""

_JTI_BYTES: Final = 16
_ALGORITHM: Final = "ES256"


class Assertions:
    """Signs with the current key of `ring`, which whoever watches the keys replaces."""

    def __init__(self, ring: KeyRing, entropy: Entropy) -> None:
        self.ring = ring
        self._entropy: Final = entropy

    def use(self, ring: KeyRing) -> None:
        """Sign with other keys from now on."""
        self.ring = ring

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
            "groups": list(who.groups),
            "sid": live.sid,
            "amr": list(who.factors),
            "network": network,
            "iat": issued,
            "exp": issued + LIFETIME_S,
            "jti": urlsafe_b64encode(self._entropy.token(_JTI_BYTES)).rstrip(b"=").decode(),
        }
        key = self.ring.current
        header = {"alg": _ALGORITHM, "typ": "JWT", "kid": key.kid}
        return jwt.encode(header, claims, key.private, algorithms=[_ALGORITHM]).encode("ascii")
