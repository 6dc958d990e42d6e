"""Where a client is: only a socket's address, or what trusted proxies say, makes anybody inside."""

from __future__ import annotations

import contextlib
import re
import socket
import struct
from pathlib import Path

from click.testing import CliRunner

from gateway.cli.root import portvakt
from gateway.settings.parse import read_settings
from gateway.settings.snapshot import compile_snapshot
from policies.networks import canonical_address, client_address
from tests.security.advisories.crossing import PROXY
from tests.security.advisories.replay import Replay, attack, fields, location, status
from tests.security.attacker import OTP
from tests.system.gateway import INSIDE, OUTSIDE, ROOT, wait_for

PLAIN = """
public_url = "http://localhost:8080"
state_dir = "{state}"
{top}
[networks]
corporate = {corporate}
{tables}
[[upstream]]
name = "portal"
url = ["http://127.0.0.1:9000"]
[[route]]
path = "/"
upstream = "portal"
"""


def is_outside(case: Replay, *lines: str, source: str, before: bytes = b"") -> None:
    """See that a session of the password alone is asked for a code, and the portal hears nothing."""
    head = ["GET /debug/echo HTTP/1.1", f"Host: {case.place.host}", f"Cookie: {case.place.anna}"]
    text = "\r\n".join([*head, "Sec-Fetch-Mode: navigate", *lines, "Connection: close", "", ""])
    answer = case.talk(before + case.bytes_of(text), source=source)
    assert status(answer) in {302, 400, 431}, case.told(lines, answer[:300])
    assert status(answer) != 302 or location(answer).startswith(OTP), case.told(lines)
    assert case.reached() == [], case.told(lines)


@attack("inside-by-fields")
def fields_that_say_inside(case: Replay) -> None:
    """From outside, fields that name an address inside: a code is asked for all the same."""
    for text in case.row.tries:
        lines = text.replace("{inside}", INSIDE).split("\n")
        is_outside(case, *lines, source=OUTSIDE)


@attack("inside-by-preface")
def bytes_before_the_request(case: Replay) -> None:
    """A PROXY header from anybody where none is awaited: refused."""
    for text in case.row.tries:
        before = case.bytes_of(text.replace("{inside}", INSIDE))
        is_outside(case, source=OUTSIDE, before=before)


@attack("inside-by-a-proxy")
def chains_that_a_proxy_passes_on(case: Replay) -> None:
    """Through a trusted proxy: the right-most hop that is not trusted decides, or nobody does."""
    for text in case.row.tries:
        lines = text.replace("{inside}", INSIDE).replace("{proxy}", PROXY).split("\n")
        is_outside(case, *lines, source=PROXY)


@attack("nobody-is-trusted")
def the_default_of_trusted_proxies(case: Replay) -> None:
    """Without the key nobody is believed: whatever the chain, the peer is the client."""
    config = case.place.gateway.directory / "default.toml"
    config.write_text(PLAIN.format(state="v", top="", corporate='["10.0.0.0/8"]', tables=""))
    settings = read_settings(config, {})
    snapshot = compile_snapshot(settings)
    assert not settings.listen.trusted_proxies
    for chain in case.row.tries:
        for peer in ("203.0.113.9", "10.0.0.5", "127.0.0.1"):
            assert client_address(peer, [chain], snapshot.trusted) == peer, case.told(chain, peer)


@attack("addresses-spelled")
def spellings_of_an_address(case: Replay) -> None:
    """A peer or hop that is no plain address, or maps to one inside by another scheme: outside."""
    snapshot = compile_snapshot(read_settings(case.place.gateway.config, {}))
    for peer, network in case.row.tries:
        address = canonical_address(peer)
        assert snapshot.networks.name_of(address) == network, case.told(peer, address)


@attack("bad-networks")
def networks_that_mean_something_else(case: Replay) -> None:
    """Networks that two programs read differently, or that are everybody: the file is refused."""
    config = case.place.gateway.directory / "networks.toml"
    for value, words in case.row.tries:
        for corporate, top in ((value, ""), ('["10.0.0.0/8"]', f"trusted_proxies = {value}")):
            tables = f"[listen]\n{top}" if top else ""
            config.write_text(PLAIN.format(state="v", top="", corporate=corporate, tables=tables))
            done = CliRunner().invoke(portvakt, ["check", "--config", str(config)])
            refused = done.exit_code == 1 and re.search(r"networks.toml:\d+", done.output)
            warned = words == "warned" and "warning" in done.output
            assert refused or warned, case.told(value, done.output)


@attack("reset-at-once")
def connections_gone_before_they_are_looked_at(case: Replay) -> None:
    """Connect, send and reset at once, many times: nothing is decided for whoever has no address."""
    linger = struct.pack("ii", 1, 0)
    data = case.bytes_of(
        f"GET /debug/echo HTTP/1.1\r\nHost: {{host}}\r\nCookie: {case.place.anna}\r\n\r\n"
    )
    for _ in range(case.row.tries[0]):
        with contextlib.suppress(OSError):
            gone = socket.create_connection(("127.0.0.1", case.place.gateway.port), 5)
            gone.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, linger)
            gone.sendall(data)
            gone.close()
    assert case.place.gateway.is_ready()
    assert case.reached() == []


@attack("no-guess-about-addresses")
def the_standard_librarys_idea_of_private(case: Replay) -> None:
    """What is inside is what the configuration says: no decision asks what looks private."""
    for word in case.row.tries:
        for folder in ("policies", "gateway/proxy", "gateway/auth", "gateway/pages"):
            for file in Path(ROOT / folder).rglob("*.py"):
                assert word not in file.read_text("utf-8"), case.told(word, str(file))


def is_inside(case: Replay) -> bool:
    return status(case.get("/debug/echo", cookie=case.place.anna, source=INSIDE)) == 200


@attack("carried-outside")
def a_session_of_inside_used_outside(case: Replay) -> None:
    """A session of the password alone: a code outside, open inside, never widened by going back."""
    for path in case.row.tries:
        is_outside(case, source=OUTSIDE)
        for source, inside in ((INSIDE, True), (OUTSIDE, False), (INSIDE, True), (PROXY, False)):
            answer = case.get(path, f"Cookie: {case.place.anna}", source=source)
            assert (status(answer) == 200) == inside, case.told(path, source, answer[:200])
        assert len(case.reached()) == 2
    gateway = case.place.gateway
    text = gateway.config.read_text()
    try:
        gateway.config.write_text(text.replace(f'["{INSIDE}/32"]', '["127.0.0.99/32"]'))
        wait_for(lambda: not is_inside(case), "the edit", 10)
    finally:
        gateway.config.write_text(text)
    wait_for(lambda: is_inside(case), "the edit back", 10)
    assert fields(case.reached()[-1], "X-Remote-User") == ["anna"]
