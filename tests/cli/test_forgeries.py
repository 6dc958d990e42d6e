"""gateway/cli/forgeries.py: what is sent in a stranger's name, and what counts as believed."""

from __future__ import annotations

from datetime import timedelta

import pytest

from gateway.cli.forgeries import (
    Seen,
    assertion_forgeries,
    identity_forgeries,
    is_believed,
    request_bytes,
)
from gateway.settings.model import Upstream, UpstreamUrl
from policies.fields import FieldRules

S = timedelta(seconds=1)
PORTAL = Upstream(
    name="portal",
    urls=(UpstreamUrl("http", "127.0.0.1", 9000),),
    host="preserve",
    identity=(("X-Remote-User", "{user}"), ("X-Remote-Email", "{email}")),
    connect_timeout=S,
    first_byte_timeout=S,
    idle_timeout=S,
    connections=1,
    line=1,
)
NOBODY = Seen(200, 1000, shows=False)


@pytest.mark.parametrize(
    ("baseline", "answer", "believed"),
    [
        (NOBODY, NOBODY, False),
        (NOBODY, Seen(200, 1010, shows=False), False),
        (NOBODY, Seen(200, 1100, shows=False), True),
        (NOBODY, Seen(200, 1000, shows=True), True),
        (NOBODY, Seen(400, 90, shows=False), False),
        (NOBODY, Seen(400, 90, shows=True), True),
        (NOBODY, Seen(302, 0, shows=False), True),
        (Seen(401, 20, shows=False), Seen(200, 20, shows=False), True),
        (Seen(401, 20, shows=False), Seen(403, 999, shows=False), False),
        (Seen(200, 1000, shows=True), Seen(200, 1000, shows=True), False),
    ],
)
def test_what_counts_as_believed(baseline, answer, believed) -> None:
    assert bool(is_believed(baseline, answer)) is believed


def test_every_spelling_is_sent_as_it_is() -> None:
    sent = {one.name: one.fields for one in identity_forgeries(PORTAL, "mark")}
    assert sent["identity fields"] == (
        ("X-Remote-User", "mark"),
        ("X-Remote-Email", "mark@example.invalid"),
    )
    assert sent["with _ for -"][0] == ("X_Remote_User", "mark")
    assert sent["given twice"][:2] == (("X-Remote-User", ""), ("X-Remote-User", "mark"))
    raw = request_bytes("one.example.se", "/hr/", sent["with a blank before the colon"])
    assert b"\r\nX-Remote-User : mark\r\n" in raw
    assert raw.startswith(b"GET /hr/ HTTP/1.1\r\nHost: one.example.se\r\n")
    assert raw.endswith(b"\r\n\r\n")


def test_the_gateway_would_let_none_of_them_through() -> None:
    rules = FieldRules(["X-Remote-User", "X-Remote-Email"])
    for one in identity_forgeries(PORTAL, "mark"):
        for name, _ in one.fields:
            assert rules.crossing(name.strip().encode()) != 0, name


def test_assertions_are_sent_with_the_fields_they_speak_of() -> None:
    both = assertion_forgeries(PORTAL, "mark", foreign="f", expired="e")
    assert [one.fields[-1] for one in both] == [
        ("X-Gateway-Assertion", "f"),
        ("X-Gateway-Assertion", "e"),
    ]
    assert len(assertion_forgeries(PORTAL, "mark", foreign="f", expired="")) == 1
