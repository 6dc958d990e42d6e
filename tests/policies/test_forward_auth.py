"""policies/forward_auth.py: a request is named once everywhere and alike, or not at all."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from policies.forward_auth import Asked, asked, upgrade_of

URL = (b"X-Original-URL", b"https://one.example.se/hr/?a=b")
HOST = (b"X-Forwarded-Host", b"one.example.se")
URI = (b"X-Forwarded-Uri", b"/hr/?a=b")
METHOD = (b"X-Forwarded-Method", b"POST")
TOLD = Asked(b"POST", b"one.example.se", b"/hr/?a=b")

WAYS = {
    "nginx": [URL, METHOD],
    "nginx ingress": [URL, (b"X-Original-Method", b"POST")],
    "Traefik and Caddy": [METHOD, (b"X-Forwarded-Proto", b"http"), HOST, URI],
    "both": [URL, METHOD, HOST, URI, (b"X-Original-URI", URI[1]), (b"x-original-method", b"POST")],
    "spelt otherwise": [(b"x-original-url", b"HTTPS://ONE.example.se/hr/?a=b"), METHOD],
    "what is not known is not read": [URL, METHOD, (b"X-Rewrite-URL", b"/static/"), (b"X-Forwarded-Prefix", b"/static"), (b"X-Forwarded-Port", b"1")],
}  # fmt: skip


@pytest.mark.parametrize("fields", WAYS.values(), ids=WAYS)
def test_the_ways_in_which_proxies_ask(fields) -> None:
    assert asked(fields) == TOLD
    assert asked(reversed(fields)) == TOLD


def test_envoy_repeats_target_and_method() -> None:
    assert asked([], TOLD) == TOLD
    assert asked([HOST, URI, METHOD], TOLD) == TOLD


def test_a_method_that_nobody_said_is_none() -> None:
    assert asked([URL]) == TOLD._replace(method=b"")


REFUSED = {
    "nothing": [],
    "no host": [URI, METHOD],
    "no target": [HOST, METHOD],
    "twice": [URL, URL, METHOD],
    "twice, spelt otherwise": [HOST, URI, (b"x-forwarded-uri", URI[1])],
    "two targets": [HOST, URI, (b"X-Original-URI", b"/static/")],
    "two hosts": [URL, (b"X-Forwarded-Host", b"evil.example")],
    "a URL that says something else": [HOST, URI, (b"X-Original-URL", b"https://one.example.se/static/")],
    "two methods": [URL, METHOD, (b"X-Original-Method", b"GET")],
    "a path as URL": [(b"X-Original-URL", b"/static/a"), HOST, URI],
    "another scheme": [(b"X-Original-URL", b"ftp://one.example.se/"), METHOD],
    "no path in the URL": [(b"X-Original-URL", b"https://one.example.se"), METHOD],
    "only a query": [(b"X-Original-URL", b"https://one.example.se?a"), METHOD],
    "a user in the URL": [(b"X-Original-URL", b"https://one.example.se@evil/"), METHOD],
    "a fragment": [(b"X-Original-URL", b"https://one.example.se/a#b"), METHOD],
    "a backslash": [(b"X-Original-URL", b"https://one.example.se\\evil/"), METHOD],
    "a blank": [(b"X-Original-URL", b"https://one.example.se/a b"), METHOD],
    "an absolute target": [HOST, (b"X-Forwarded-Uri", b"http://one.example.se/"), METHOD],
    "an empty target": [HOST, (b"X-Forwarded-Uri", b""), METHOD],
    "an asterisk": [HOST, (b"X-Forwarded-Uri", b"*"), METHOD],
}  # fmt: skip


WORDS = {
    "a field that names the request is given twice",
    "X-Original-URL is no absolute URL",
    "the original request is not named whole",
    "the original request is named in two ways",
    "the original request has no path",
}


@pytest.mark.parametrize("fields", REFUSED.values(), ids=REFUSED)
def test_what_is_not_believed(fields) -> None:
    with pytest.raises(ValueError, match=r"X-Original-URL|request") as raised:
        asked(fields)
    assert str(raised.value) in WORDS


@pytest.mark.parametrize("field", [(b"X-Original-URL", b"https://one.example.se/static/"), (b"X-Forwarded-Uri", b"/static/"), (b"X-Forwarded-Host", b"evil"), (b"X-Forwarded-Method", b"GET")])  # fmt: skip
def test_fields_that_contradict_a_repeated_target_are_not_believed(field) -> None:
    with pytest.raises(ValueError, match="two ways"):
        asked([field], TOLD)


NAMES = [b"X-Original-URL", b"X-Forwarded-Host", b"X-Forwarded-Uri", b"X-Original-URI", b"X-Forwarded-Method", b"X-Original-Method"]  # fmt: skip
VALUES = [b"https://a/x", b"https://b/x", b"a", b"b", b"/x", b"/y", b"GET", b"POST", b""]
FIELDS = st.lists(st.tuples(st.sampled_from(NAMES), st.sampled_from(VALUES)), max_size=7)


@given(FIELDS, FIELDS)
def test_what_a_client_adds_never_changes_what_is_asked(fields, more) -> None:
    try:
        before = asked(fields)
    except ValueError:
        return
    if not before.method:
        fields = [*fields, (b"X-Forwarded-Method", b"PUT")]
        before = before._replace(method=b"PUT")
    try:
        assert asked([*fields, *more]) == before
    except ValueError:
        return


KEY = (b"Sec-Websocket-Key", b"x")
UPGRADE = (b"upgrade", b"WebSocket")


@pytest.mark.parametrize(
    ("fields", "wanted"),
    [([KEY], b"websocket"), ([UPGRADE], b"websocket"), ([KEY, UPGRADE], b"websocket"),
     ([(b"X-Sec-WebSocket-Key", b"x"), URL], b""), ([(b"Upgrade", b"h2c"), KEY], b"h2c"),
     ([UPGRADE, (b"Upgrade", b"h2c")], b"websocket, h2c"), ([], b"")],
)  # fmt: skip
def test_what_a_request_wants_to_change_to(fields, wanted) -> None:
    assert upgrade_of(fields) == wanted
