"""Verify X-Gateway-Assertion in a portal written in Python; needs pyjwt with its extra "crypto".

One `Verifier` for the process, one call a request; `docs/verify-assertion.md` shows both.
"""

from __future__ import annotations

from typing import Any

import jwt

LEEWAY_S = 10
KEYS_KEPT_S = 300
REQUIRED = ["iss", "aud", "sub", "iat", "exp", "jti"]


class Verifier:
    """One for the process. `issuer` is public_url, `audience` the name of your [[upstream]].

    `keys_url` is where the keys are fetched when that is not the public address: by https, or on a
    loopback address, because whoever changes them on the way signs as Portvakt.
    """

    def __init__(self, issuer: str, audience: str, keys_url: str | None = None) -> None:
        self._issuer = issuer
        self._audience = audience
        url = keys_url or issuer + "/.gateway/jwks.json"
        # Keys are fetched once in five minutes, and anew when one is named that is not among them.
        self._keys = jwt.PyJWKClient(url, lifespan=KEYS_KEPT_S, timeout=5)

    def verify(self, assertion: str | None) -> dict[str, Any] | None:
        """Return the claims, None when there is no assertion or not a good one.

        Raises jwt.PyJWKClientConnectionError when the keys cannot be fetched: answer 503.
        """
        if not assertion:
            return None
        try:
            return jwt.decode(
                assertion,
                self._keys.get_signing_key_from_jwt(assertion),
                algorithms=["ES256"],
                issuer=self._issuer,
                audience=self._audience,
                leeway=LEEWAY_S,
                options={"require": REQUIRED},
            )
        except jwt.PyJWKClientConnectionError:
            raise
        except jwt.PyJWTError:
            return None
