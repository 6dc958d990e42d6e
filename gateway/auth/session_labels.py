"""What a session is listed under: enough to recognise it, nothing that opens it.

The record of a session opens with its token alone. Operators and employees who look at sessions
have no token, so a label lies beside the record, sealed with the server's secret and bound to the
session's key.
"""

from __future__ import annotations

import json
from dataclasses import asdict, dataclass
from typing import Final

from gateway.auth.sealing import Sealer

_PURPOSE: Final = "session label"


@dataclass(frozen=True, slots=True)
class SessionLabel:
    """Whose session it is, and where, when (seconds since the epoch) and how it was opened.

    `device` is what the browser called itself ("Firefox, Windows"), or "".
    """

    user: str
    created: float
    network: str
    address: str
    factors: tuple[str, ...]
    device: str


def user_index(sealer: Sealer, user: str) -> str:
    """Return what stands for a canonical user name in the store."""
    return sealer.hidden("sessions of", user)


def seal_label(sealer: Sealer, key: str, label: SessionLabel) -> bytes:
    """Return the label of the session with this key as it lies in the store."""
    plain = json.dumps(asdict(label), ensure_ascii=False, separators=(",", ":"))
    return sealer.seal(_PURPOSE, key.encode(), plain.encode())


def open_label(sealer: Sealer, key: str, sealed: bytes) -> SessionLabel | None:
    """Return the label, or None when it was not sealed for this session with this secret."""
    plain = sealer.unseal(_PURPOSE, key.encode(), sealed)
    if plain is None:
        return None
    fields = json.loads(plain)
    fields["factors"] = tuple(fields["factors"])
    return SessionLabel(**fields)
