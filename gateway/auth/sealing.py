"""Tokens, keyed hashes and sealed records: nothing secret stands in the store in clear.

A token is 256 random or derived bits as 43 characters of base64url (RFC 4648 section 5, no
padding). The store knows a record by the SHA-256 of its token, and the record is AES-256-GCM under
a key from HKDF (RFC 5869) over token and server secret: neither a dump of the store nor the secret
alone opens it. Purpose and key name are authenticated too, so a record under another's key, or a
challenge in a session's place, does not open.
"""

from __future__ import annotations

import hashlib
import hmac
import re
from base64 import urlsafe_b64encode
from typing import Final

from cryptography.exceptions import InvalidTag
from cryptography.hazmat.primitives.ciphers.aead import AESGCM
from cryptography.hazmat.primitives.hashes import SHA256
from cryptography.hazmat.primitives.kdf.hkdf import HKDF

from gateway.auth.ports import Entropy

TOKEN_BYTES: Final = 32
_TOKEN: Final = re.compile(rb"[A-Za-z0-9_-]{42}[AEIMQUYcgkosw048]")
_NONCE_BYTES: Final = 12
_SHORTEST_SECRET: Final = 16


def parse_token(value: bytes) -> bytes | None:
    """Return the token when `value` is exactly one, else None. Anyone may have written `value`."""
    return value if _TOKEN.fullmatch(value) else None


def encode_token(raw: bytes) -> str:
    """Return 32 bytes as the 43 characters of a token."""
    return urlsafe_b64encode(raw).rstrip(b"=").decode("ascii")


def key_name(token: bytes) -> str:
    """Return the name under which the store knows the record of a token."""
    return hashlib.sha256(token).hexdigest()


class Sealer:
    """Everything that is keyed with the server's secret."""

    def __init__(self, secret: bytes, entropy: Entropy) -> None:
        """Take the secret (16 bytes at least: 128 bits). Raises ValueError when it is shorter."""
        if len(secret) < _SHORTEST_SECRET:
            raise ValueError(f"the server secret must have at least {_SHORTEST_SECRET} bytes")
        self._secret: Final = secret
        self._entropy: Final = entropy

    def new_token(self) -> str:
        """Return an unpredictable token."""
        return encode_token(self._entropy.token(TOKEN_BYTES))

    def mac(self, purpose: str, *parts: str) -> bytes:
        """Return HMAC-SHA-256 over purpose and parts; each is preceded by its length."""
        message = b"".join(
            len(data).to_bytes(4, "big") + data
            for data in (part.encode("utf-8", "surrogatepass") for part in (purpose, *parts))
        )
        return hmac.digest(self._secret, message, "sha256")

    def hidden(self, purpose: str, *parts: str) -> str:
        """Return `mac` as hex: a name in the store that tells nobody whose it is."""
        return self.mac(purpose, *parts).hex()

    def seal(self, purpose: str, token: bytes, plain: bytes) -> bytes:
        """Return `plain` sealed with the token."""
        nonce = self._entropy.token(_NONCE_BYTES)
        return nonce + self._cipher(purpose, token).encrypt(nonce, plain, _bound(purpose, token))

    def unseal(self, purpose: str, token: bytes, sealed: bytes) -> bytes | None:
        """Return what was sealed with this token for this purpose, or None when it was not."""
        nonce, rest = sealed[:_NONCE_BYTES], sealed[_NONCE_BYTES:]
        if len(nonce) < _NONCE_BYTES:
            return None
        try:
            return self._cipher(purpose, token).decrypt(nonce, rest, _bound(purpose, token))
        except InvalidTag:
            return None

    def _cipher(self, purpose: str, token: bytes) -> AESGCM:
        info = b"portvakt seal " + purpose.encode()
        return AESGCM(HKDF(SHA256(), 32, salt=self._secret, info=info).derive(token))


def mark_of(sealer: Sealer) -> str:
    """Return what shows that two secrets are equal, and nothing else of them: 128 bits, in hex."""
    return sealer.hidden("gateways with this secret")[:32]


def _bound(purpose: str, token: bytes) -> bytes:
    return f"{purpose} {key_name(token)}".encode()
