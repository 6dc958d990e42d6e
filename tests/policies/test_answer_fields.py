from __future__ import annotations

import pytest

from policies.answer_fields import page_fields, security_fields

CSP = (
    "default-src 'none'; style-src 'self'; img-src 'self'; form-action 'self'; "
    "base-uri 'none'; frame-ancestors 'none'"
)
ALWAYS = {
    "Content-Security-Policy": CSP,
    "Cross-Origin-Opener-Policy": "same-origin",
    "Cross-Origin-Resource-Policy": "same-origin",
    "Referrer-Policy": "same-origin",
    "X-Content-Type-Options": "nosniff",
    "X-Frame-Options": "DENY",
}
HSTS = {"Strict-Transport-Security": "max-age=63072000"}
PAGE = {"Content-Type": "text/html; charset=utf-8", "Cache-Control": "no-store"}


@pytest.mark.parametrize("https", [True, False])
def test_what_every_answer_of_ours_carries(https: bool) -> None:
    wanted = ALWAYS | (HSTS if https else {})
    assert dict(security_fields(https=https)) == wanted
    assert dict(page_fields(https=https)) == wanted | PAGE
    assert len(page_fields(https=https)) == len(wanted | PAGE)
