"""What is compiled from the settings, and that it decides as they say."""

from __future__ import annotations

import dataclasses
import hashlib

import pytest

from gateway.settings.snapshot import compile_snapshot
from tests.settings.samples import SMALL, read

LOOPBACK = {"http://localhost:8080", "http://127.0.0.1:8080", "http://[::1]:8080"}


@pytest.mark.parametrize(
    ("url", "cookie", "origins", "hosts"),
    [
        ("http://localhost:8080", "gateway", LOOPBACK, {b"localhost", b"127.0.0.1", b"[::1]"}),
        ("http://[::1]:8080", "gateway", LOOPBACK, {b"localhost", b"127.0.0.1", b"[::1]"}),
        (
            "https://One.example.SE",
            "__Host-gateway",
            {"https://one.example.se"},
            {b"one.example.se"},
        ),
        (
            "https://localhost",
            "__Host-gateway",
            {"https://localhost", "https://127.0.0.1", "https://[::1]"},
            {b"localhost", b"127.0.0.1", b"[::1]"},
        ),
    ],
)
def test_who_we_are(tmp_path, url, cookie, origins, hosts):
    snapshot = compile_snapshot(read(tmp_path, SMALL.replace("http://localhost:8080", url)))
    assert snapshot.cookies.session == cookie
    assert snapshot.own_origins == origins
    assert snapshot.own_hosts == hosts


def test_networks_proxies_and_routes_are_compiled(tmp_path):
    text = SMALL + (
        "[networks]\ncorporate = ['10.0.0.0/8', '!10.9.0.0/16']\nlab = ['192.0.2.0/24']\n"
        "[listen]\ntrusted_proxies = ['10.1.1.1']\n"
        "[[route]]\npath = '/static/'\nupstream = 'portal'\npublic = true\n"
    )
    snapshot = compile_snapshot(read(tmp_path, text))
    names = [snapshot.networks.name_of(a) for a in ("10.1.1.1", "10.9.1.1", "192.0.2.1", "::1")]
    assert names == ["corporate", "internet", "lab", "internet"]
    assert snapshot.trusted.contains("10.1.1.1")
    assert not snapshot.trusted.contains("10.1.1.2")
    assert snapshot.routes.find(b"localhost", b"/static/a") == snapshot.settings.routes[1]
    assert snapshot.routes.find(b"127.0.0.1", b"/x") == snapshot.settings.routes[0]


def test_the_digest_is_of_the_file(tmp_path):
    snapshot = compile_snapshot(read(tmp_path, SMALL))
    assert snapshot.digest == hashlib.sha256(SMALL.encode()).hexdigest()[:12]
    assert compile_snapshot(read(tmp_path, SMALL + "# x\n")).digest != snapshot.digest


def test_a_snapshot_cannot_be_changed(tmp_path):
    snapshot = compile_snapshot(read(tmp_path, SMALL))
    with pytest.raises(dataclasses.FrozenInstanceError):
        snapshot.digest = "x"
