"""WebSocket frames as far as an echo needs them: whole, short, binary (RFC 6455 section 5.2)."""

from __future__ import annotations

_FIN_BINARY = 0x82
_MASKED = 0x80
_SHORT = 125


def frame(payload: bytes, mask: bytes = b"") -> bytes:
    """Return a frame; `mask` are the four bytes of a client, or nothing for a server.

    Raises ValueError for more than 125 bytes.
    """
    if len(payload) > _SHORT:
        raise ValueError(f"a short frame holds {_SHORT} bytes, not {len(payload)}")
    if not mask:
        return bytes((_FIN_BINARY, len(payload))) + payload
    return bytes((_FIN_BINARY, _MASKED | len(payload))) + mask + masked(payload, mask)


def masked(payload: bytes, mask: bytes) -> bytes:
    """Return a payload masked, or unmasked: the same sum."""
    pad = (mask * (len(payload) // 4 + 1))[: len(payload)]
    return (int.from_bytes(payload) ^ int.from_bytes(pad)).to_bytes(len(payload))


def cut(data: bytes) -> tuple[list[bytes], bytes]:
    """Return the unmasked payloads of the whole frames in `data`, and the rest."""
    payloads = []
    start = 0
    while len(data) - start >= 2:
        length = data[start + 1]
        body = start + 2 + (4 if length & _MASKED else 0)
        end = body + (length & ~_MASKED)
        if end > len(data):
            break
        payload = data[body:end]
        payloads.append(masked(payload, data[start + 2 : body]) if length & _MASKED else payload)
        start = end
    return payloads, data[start:]
