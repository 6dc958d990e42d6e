"""policies/fields.py: which fields and cookies cross, under every spelling."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from policies.fields import (
    Crossing,
    FieldRules,
    fold,
    own_cookie_values,
    own_cookies,
    sets_cookie,
    without_own_cookies,
)

IDENTITY = ("X-Remote-User", "X-Remote-Groups", "Remote-Email")

CROSSINGS = {
    Crossing.DROP: """
        X-Remote-User x-remote-user X-REMOTE-USER Remote-Email X-Gateway-Assertion x-gateway-assertion
        x-gateway-client X-Gateway-Anything X_Gateway_Client
        X-Forwarded-Proto X-Forwarded-Host X-Forwarded-Uri X-Forwarded-Prefix X-Forwarded-Method X_Forwarded_Host
        X-Forwarded Forwarded forWarded For-warded Forwarded-For Forwarded_Host X-Real-IP X-Client-IP True-Client-IP CF-Connecting-IP
        X-Cluster-Client-IP X-ProxyUser-Ip X-Original-URL X-Original-Method X-Original-Forwarded-For X-Rewrite-URL
        X-Host X-HTTP-Host-Override X-Request-Id X-Forward-For CF-Connecting-IPv6 Client-IP Front-End-Https
        Connection Proxy-Connection Keep-Alive TE Trailer Transfer-Encoding Upgrade HTTP2-Settings
        Proxy-Authorization Proxy-Authenticate Content-Length Content_Length Expect Proxy PROXY
        C-ookie Cook_ie - _ . ~ ---
    """,
    Crossing.DISGUISE: """
        X_Remote_User X-Remote_User X.Remote.User X--Remote-User XRemoteUser -X-Remote-User X-Remote-User-
        X~Remote|User REMOTE_EMAIL X_Gateway_Assertion x-gateway_assertion
    """,
    Crossing.COOKIE: "Cookie cookie COOKIE",
    Crossing.HOST: "Host HOST",
    Crossing.FORWARDED_FOR: "X-Forwarded-For x-forwarded-for X_Forwarded_For",
    Crossing.PASS: """
        Accept Accept-Language User-Agent Referer Origin Range If-None-Match Content-Type Content-Encoding
        Authorization Sec-WebSocket-Key Sec-Fetch-Mode X-Requested-With X-CSRF-Token X-HTTP-Method-Override
        Remote-User-Agent X-Remote X-Remote-Userx DNT Via Depth Destination Cookie2
    """,
}


@pytest.mark.parametrize(
    ("name", "crossing"),
    [(name, kind) for kind, names in CROSSINGS.items() for name in names.split()],
)
def test_crossing(name: str, crossing: Crossing) -> None:
    for _ in range(2):  # judged, then remembered
        assert FieldRules(IDENTITY).crossing(name.encode()) is crossing


SEPARATORS = st.text(st.sampled_from("-_.~!#$%&'*+^`|"), max_size=2)
FORBIDDEN = st.sampled_from(
    [*IDENTITY, "X-Gateway-Assertion", "X-Forwarded-Host", "Forwarded", "X-Real-IP"]
)


@given(FORBIDDEN, st.data())
def test_no_spelling_of_ours_crosses(name: str, data) -> None:
    letters = fold(name)
    spelled = "".join(
        data.draw(SEPARATORS) + (letter.upper() if data.draw(st.booleans()) else letter)
        for letter in letters
    )
    assert FieldRules(IDENTITY).crossing(spelled.encode()) in {Crossing.DROP, Crossing.DISGUISE}


@given(st.text(max_size=30))
def test_fold_is_settled_at_once(name: str) -> None:
    assert fold(fold(name)) == fold(name)


FIELDS = st.lists(
    st.tuples(
        st.sampled_from(
            [
                b"X-Remote-User",
                b"X_Remote_User",
                b"Accept",
                b"A",
                b"Via",
                b"Forwarded",
                b"Connection",
            ]
        ),
        st.binary(max_size=3),
    )
)


@given(FIELDS)
def test_twice_is_once_and_the_order_stays(fields: list[tuple[bytes, bytes]]) -> None:
    def passed(some):
        return [field for field in some if FieldRules(IDENTITY).crossing(field[0]) is Crossing.PASS]

    once = passed(fields)
    assert passed(once) == once
    rest = iter(fields)
    assert all(field in rest for field in once)  # a subsequence
    assert once == [field for field in fields if field[0] in {b"Accept", b"A", b"Via"}]


def test_what_is_remembered_is_bounded() -> None:
    rules = FieldRules(IDENTITY)
    for n in range(10_000):
        rules.crossing(b"X-%d" % n)
        rules.crossing(b"X" * 100 + b"%d" % n)
    assert len(rules.known) <= 4096
    assert max(map(len, rules.known)) <= 64


# Cookies.

OWN = frozenset(name.encode() for name in own_cookies(https=False))


def test_names() -> None:
    assert own_cookies(https=False) == (
        "gateway", "gateway-challenge", "gateway-form", "gateway-errand", "gateway-asked",
        "gateway-language", "gateway-trail", "gateway-known",
    )  # fmt: skip
    assert own_cookies(https=True) == (
        "__Host-gateway",
        "__Host-gateway-challenge",
        "__Host-gateway-form",
        "__Host-gateway-errand",
        "__Host-gateway-asked",
        "__Host-gateway-language",
        "__Host-gateway-trail",
        "__Host-gateway-known",
    )


WITHOUT = {
    b"": b"",
    b"a=1": b"a=1",
    b"gateway=x": b"",
    b"gateway=x; a=1": b"a=1",
    b"a=1; gateway=x": b"a=1",
    b"a=1; gateway=x; b=2": b"a=1; b=2",
    b"a=1;gateway=x;b=2": b"a=1;b=2",
    b"gateway=x; gateway=y; gateway-form=z;gateway-challenge=q": b"",
    b"gateway": b"",
    b" gateway =x": b"",
    b"\tgateway\t=x;a=1": b"a=1",
    b"gateway=a=b=c; a=1": b"a=1",
    b'gateway="x; y"; a=1': b' y"; a=1'.strip(),
    b'a="; gateway=x; b="': b'a="; b="',
    b"gateway2=x; xgateway=y; gateway-=z; Gateway=q": b"gateway2=x; xgateway=y; gateway-=z; Gateway=q",
    b"a=gateway=x": b"a=gateway=x",
}


@pytest.mark.parametrize("value", WITHOUT, ids=repr)
def test_without_own_cookies(value: bytes) -> None:
    assert without_own_cookies(value, OWN) == WITHOUT[value]


PAIRS = st.lists(
    st.sampled_from(
        [
            b"gateway=t0ken",
            b"gateway-form=t0ken",
            b"gateway = t0ken",
            b"a=1",
            b"b",
            b"=c",
            b"",
            b'd="e',
        ]
    )
)


@given(PAIRS, st.sampled_from([b";", b"; ", b" ;\t"]))
def test_our_cookies_never_leave(pairs: list[bytes], joint: bytes) -> None:
    value = joint.join(pairs)
    kept = without_own_cookies(value, OWN)
    assert b"t0ken" not in kept
    assert without_own_cookies(kept, OWN) == kept
    assert not any(own_cookie_values(kept, name) for name in OWN)
    others = [pair for pair in pairs if b"gateway" not in pair and pair]
    assert [pair.strip() for pair in kept.split(b";") if pair.strip()] == others


VALUES = {
    b"gateway=x": [b"x"],
    b"gateway=x; gateway=y": [b"x", b"y"],
    b"gateway=": [b""],
    b"gateway": [],
    b"=gateway": [],
    b"=gateway=x": [],
    b"a=1; gateway=x=y ; b=2": [b"x=y"],
    b'gateway="x"': [b'"x"'],
    b"Gateway=x": [],
    b"gateway-form=x": [],
    b"agateway=x": [],
}


@pytest.mark.parametrize("value", VALUES, ids=repr)
def test_own_cookie_values(value: bytes) -> None:
    assert own_cookie_values(value, b"gateway") == VALUES[value]


SETS = {
    b"gateway=x": True,
    b"gateway=x; Path=/; HttpOnly": True,
    b" gateway =x": True,
    b"GATEWAY=x": True,
    b"=gateway=x": True,
    b"= gateway=x": True,
    b"==gateway=x": True,
    b"gateway": True,
    b"gateway; Path=/": True,
    b"Xgateway=x": False,
    b"gateway-form=x": True,
    b"gateway-challenge=": True,
    b"session=x; gateway=y": False,
    b"gateway2=x": False,
    b"xgateway=x": False,
    b"a=gateway=x": False,
    b"": False,
    b"; gateway=x": False,
}


@pytest.mark.parametrize("value", SETS, ids=repr)
def test_sets_cookie(value: bytes) -> None:
    assert sets_cookie(value, OWN) is SETS[value]
