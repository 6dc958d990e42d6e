"""Fields that every answer of our own carries, pages and refusals (ASVS 3.4; docs/outside.md).

No script is allowed at all: the pages have none. Nothing may frame them (but
for one page without a form), nothing may post them elsewhere, and no cache keeps them.
"""

from __future__ import annotations

from typing import Final

_CONTENT_SECURITY_POLICY: Final = (
    "default-src 'none'; style-src 'self'; img-src 'self'; form-action 'self'; "
    "base-uri 'none'; frame-ancestors 'none'"
)

_ALWAYS: Final = (
    ("Content-Security-Policy", _CONTENT_SECURITY_POLICY),
    ("Cross-Origin-Opener-Policy", "same-origin"),
    ("Cross-Origin-Resource-Policy", "same-origin"),
    ("Referrer-Policy", "same-origin"),
    ("X-Content-Type-Options", "nosniff"),
    ("X-Frame-Options", "DENY"),
)
_HSTS: Final = ("Strict-Transport-Security", "max-age=63072000")
NO_STORE: Final = ("Cache-Control", "no-store")


def security_fields(*, https: bool) -> tuple[tuple[str, str], ...]:
    """Return the fields of any answer; under https they keep the browser there two years."""
    return (*_ALWAYS, _HSTS) if https else _ALWAYS


def page_fields(*, https: bool) -> tuple[tuple[str, str], ...]:
    """Return the fields of an HTML page."""
    return (("Content-Type", "text/html; charset=utf-8"), NO_STORE, *security_fields(https=https))
