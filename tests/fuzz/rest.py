"""What any bytes must come to in settings and in the rules that read what strangers write.

A gateway.toml is Settings or the named errors; a path, a list of addresses, a cookie, a way back or
a proxy's question is judged, whatever it is.
"""

from __future__ import annotations

import atexit
import ipaddress
import shutil
import tempfile
from functools import cache
from pathlib import Path
from urllib.parse import urlsplit

from gateway.proxy.cookies import CookieReader
from gateway.settings.parse import read_settings
from gateway.settings.problems import SettingsError
from gateway.settings.snapshot import Snapshot, compile_snapshot
from gateway.settings.warnings import warnings
from gateway.wire.errors import BadMessage
from gateway.wire.request import HeadReader
from policies.decision import Deny
from policies.forward_auth import Asked, asked
from policies.networks import AddressSet, canonical_address, client_address
from policies.return_paths import own_path, safe_return_path
from policies.routes import PAGES
from tests.system.readings import is_under, readings
from tests.wire.reading import MAX_FIELDS, MAX_URL

SMALL = b"""\
public_url = "http://localhost:8080"
[[upstream]]
name = "portal"
url = ["http://127.0.0.1:9000"]
[[route]]
path = "/static/"
upstream = "portal"
public = true
[[route]]
path = "/hr/"
upstream = "portal"
groups = ["hr"]
[[route]]
path = "/"
upstream = "portal"
"""
OWN = frozenset({"http://localhost:8080"})


@cache
def _directory() -> Path:
    path = Path(tempfile.mkdtemp(prefix="pv-fuzz-"))
    atexit.register(shutil.rmtree, path, ignore_errors=True)
    return path


def settings(data: bytes) -> None:
    """Any bytes as gateway.toml, and behind a good beginning of one."""
    for content in (data, SMALL + data):
        file = _directory() / "gateway.toml"
        file.write_bytes(content)
        try:
            found = read_settings(file, {"NAME": "value"})
            for warning in warnings(found, file, 2):
                assert warning.sentence()
            compile_snapshot(found)
        except SettingsError as error:
            assert error.problems
            assert str(error)
            lines = content.count(b"\n") + 2
            assert all(0 <= problem.line <= lines or problem.file for problem in error.problems)


@cache
def _snapshot() -> Snapshot:
    file = _directory() / "small.toml"
    file.write_bytes(SMALL)
    return compile_snapshot(read_settings(file, {}))


def paths(data: bytes) -> None:
    """Any request target: what any server may read as guarded is not judged as open."""
    try:
        head = HeadReader(MAX_FIELDS, MAX_URL).read(
            b"GET /%b HTTP/1.1\r\nHost: localhost:8080\r\n\r\n" % data
        )
    except BadMessage:
        return
    found = _snapshot().routes.find(head.host, head.path)
    if isinstance(found, Deny) or found is PAGES:
        return
    ways = readings(head.target.decode("latin-1"))
    if found.path != "/hr/":
        assert not any(is_under(way, "/hr") for way in ways), head.path
    if found.public:
        assert all(is_under(way, "/static") for way in ways), head.path


_TRUSTED = AddressSet.compile(("127.0.0.3/32", "10.0.0.0/8"))


def addresses(data: bytes) -> None:
    """Any X-Forwarded-For: an address in its one spelling or none; a stranger's changes nothing."""
    lines = data.decode("latin-1").split("\n")
    found = client_address("10.1.1.1", lines, _TRUSTED)
    if found:
        assert ipaddress.ip_address(found)
        assert canonical_address(found) == found
    assert client_address("192.0.2.1", lines, _TRUSTED) == "192.0.2.1"


def cookies(data: bytes) -> None:
    """Any Cookie field: nothing of ours crosses, however it is spelled."""
    read = CookieReader(b"gateway", frozenset({b"gateway", b"gateway-form"})).read(data)
    left = [pair.partition(b"=")[0].strip() for pair in read.rest.split(b";")]
    assert b"gateway" not in left
    assert b"gateway-form" not in left
    for token in read.tokens:
        assert token in data


def ways_back(data: bytes) -> None:
    """Any way back: it stays on our own origin for two parsers that disagree."""
    text = data.decode("utf-8", "replace")
    for judge in (safe_return_path, own_path):
        way = judge(text, OWN)
        assert way.startswith("/")
        assert not way.startswith(("//", "/\\"))
        assert not set(way) & {"\r", "\n", "\t", "\\", " "}
        assert urlsplit(way).netloc == ""
        assert urlsplit("http://localhost:8080" + way).netloc == "localhost:8080"
        assert judge(way, OWN) == way


def questions(data: bytes) -> None:
    """Any fields of a proxy that asks: one request is named, or it is refused in words."""
    fields = [
        (name.strip(), value.strip())
        for name, _, value in (line.partition(b":") for line in data.split(b"\n"))
    ]
    for own in (None, Asked(b"GET", b"localhost", b"/x")):
        try:
            told = asked(fields, own)
        except ValueError as error:
            assert str(error)
        else:
            assert told.target.startswith(b"/")
            assert told.authority
