"""HTTP/1.1 grammar: bytes to heads and back, body framing. No I/O (RFC 9110, RFC 9112)."""
