"""Hosts, origins and URLs as tables: one spelling out, odd spellings refused."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from gateway.settings.addresses import (
    hosts_of,
    origins_of,
    parse_call_url,
    parse_host,
    parse_listen,
    parse_origin,
    parse_public_url,
    parse_upstream_url,
)
from gateway.settings.model import HostPort, UpstreamUrl


@pytest.mark.parametrize(
    ("text", "host", "port", "origin"),
    [
        ("http://localhost:8080", "localhost", 8080, "http://localhost:8080"),
        ("https://One.Example.SE", "one.example.se", 443, "https://one.example.se"),
        ("HTTPS://one.example.se:443", "one.example.se", 443, "https://one.example.se"),
        ("http://one.example.se:443", "one.example.se", 443, "http://one.example.se:443"),
        ("http://192.0.2.7:80", "192.0.2.7", 80, "http://192.0.2.7"),
        ("https://[2001:DB8::0001]:8443", "[2001:db8::1]", 8443, "https://[2001:db8::1]:8443"),
        (
            "https://xn--rksmrgs-5wao1o.se",
            "xn--rksmrgs-5wao1o.se",
            443,
            "https://xn--rksmrgs-5wao1o.se",
        ),
    ],
)
def test_public_url(text, host, port, origin):
    url = parse_public_url(text)
    assert (url.host, url.port, url.origin) == (host, port, origin)
    assert parse_origin(text) == origin


@pytest.mark.parametrize(
    "text",
    [
        "one.example.se", "ftp://one.example.se", "//one.example.se", "https:/one.example.se",
        "https://", "https://one.example.se/", "https://one.example.se/a", "https://one.example.se?a",
        "https://one.example.se#a", "https://u@one.example.se", "https://u:p@one.example.se",
        "https://one.example.se:", "https://one.example.se:0", "https://one.example.se:65536",
        "https://one.example.se:0443", "https://one.example.se:+443", "https://one..se", "https://-a.se",
        "https://one.example.se.", "https://räksmörgås.se", "https://a b", "https://a\\b", "https://a_b.se",
        "https://010.0.0.1", "https://10.1", "https://1", "https://256.1.1.1", "https://[::1",
        "https://[::ffff:10.0.0.1]", "https://[10.0.0.1]", "https://[fe80::1%25eth0]", "https://::1",
        "https://*.example.se", "https://one.example.se\n", " https://one.example.se", "",
    ],
)  # fmt: skip
def test_public_urls_and_origins_that_are_refused(text):
    with pytest.raises(ValueError, match=r".+"):
        parse_public_url(text)
    with pytest.raises(ValueError, match=r".+"):
        parse_origin(text)


@pytest.mark.parametrize(
    "url", ["http://localhost:8080", "http://127.0.0.1:8080", "http://[::1]:8080"]
)
def test_a_loopback_host_has_three_spellings(url):
    public = parse_public_url(url)
    assert origins_of(public) == {
        "http://localhost:8080", "http://127.0.0.1:8080", "http://[::1]:8080",
    }  # fmt: skip
    assert set(hosts_of(public)) == {"localhost", "127.0.0.1", "[::1]"}


@pytest.mark.parametrize("url", ["https://one.example.se", "http://127.0.0.2:8080"])
def test_any_other_host_has_one(url):
    public = parse_public_url(url)
    assert origins_of(public) == {public.origin}
    assert hosts_of(public) == (public.host,)


@pytest.mark.parametrize(
    ("text", "address"),
    [
        ("127.0.0.1:8080", HostPort("127.0.0.1", 8080)),
        ("0.0.0.0:443", HostPort("0.0.0.0", 443)),
        ("[::]:443", HostPort("::", 443)),
        ("localhost:0", HostPort("localhost", 0)),
    ],
)
def test_listen(text, address):
    assert parse_listen(text) == address


@pytest.mark.parametrize(
    "text",
    [
        ":8080",
        "8080",
        "127.0.0.1",
        "::1:8080",
        "one.example.se:80",
        "[::1]",
        "*:80",
        "127.1:80",
        "127.0.0.1:99999",
    ],
)
def test_listen_that_is_refused(text):
    with pytest.raises(ValueError, match=r".+"):
        parse_listen(text)


@pytest.mark.parametrize(
    ("text", "url"),
    [
        ("http://127.0.0.1:9000", UpstreamUrl("http", "127.0.0.1", 9000)),
        ("https://Portal.internal", UpstreamUrl("https", "portal.internal", 443)),
        ("http://[fd00::1]:81", UpstreamUrl("http", "fd00::1", 81)),
        ("unix:///run/portal.sock", UpstreamUrl("unix", "localhost", 0, "/run/portal.sock")),
    ],
)
def test_upstream_url(text, url):
    assert parse_upstream_url(text) == url


@pytest.mark.parametrize(
    "text",
    [
        "127.0.0.1:9000",
        "http://a/b",
        "http://a?x",
        "http://u@a",
        "unix:",
        "unix://",
        "unix://run/a",
        "unix:///",
        "ws://a",
    ],
)
def test_upstream_urls_that_are_refused(text):
    with pytest.raises(ValueError, match=r".+"):
        parse_upstream_url(text)


@pytest.mark.parametrize(
    "text", ["http://127.0.0.1:9001/a1/sms", "https://api.example.se/v1?account=7"]
)
def test_call_url(text):
    assert parse_call_url(text) == text


@pytest.mark.parametrize(
    "text",
    [
        "api.example.se",
        "ftp://a/b",
        "https://u:p@a/b",
        "https://a/{mobile}",
        "https://a/b c",
        "https://a/b#c",
        "https:///b",
        "https://[::1/b",
        "https://a:0/",
    ],
)
def test_call_urls_that_are_refused(text):
    with pytest.raises(ValueError, match=r".+"):
        parse_call_url(text)


@given(st.text(max_size=30))
def test_any_text_is_a_host_or_refused_with_words(text):
    try:
        host = parse_host(text)
    except ValueError:
        return
    assert parse_host(host) == host == host.lower()
    assert host.isascii()
