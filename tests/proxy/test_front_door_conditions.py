"""Conditions of routes at the front door: statuses, reasons, what is written down, what is not."""

from __future__ import annotations

import json
from collections.abc import AsyncIterator
from pathlib import Path

import pytest
import pytest_asyncio

from tests.proxy.house import House, get

pytestmark = pytest.mark.asyncio

TOML = """\
public_url = "http://localhost:8080"
[networks]
corporate = ["10.0.0.0/8"]
[[upstream]]
name = "portal"
url = ["http://127.0.0.1:9"]
[[route]]
path = "/users/"
upstream = "portal"
users = ["siv"]
[[route]]
path = "/groups/"
upstream = "portal"
groups = ["hr"]
[[route]]
path = "/networks/"
upstream = "portal"
networks = ["corporate"]
[[route]]
path = "/hours/"
upstream = "portal"
hours = "Tue 00:00-24:00 UTC"
[[route]]
path = "/methods/"
upstream = "portal"
methods = ["POST"]
[[route]]
path = "/old/"
upstream = "portal"
absolute = "5s"
[[route]]
path = "/idle/"
upstream = "portal"
idle = "5s"
[[route]]
path = "/api/"
upstream = "portal"
kind = "api"
networks = ["corporate"]
[[route]]
path = "/inside-only/"
upstream = "portal"
public = true
networks = ["corporate"]
[[route]]
path = "/trial/"
upstream = "portal"
groups = ["hr"]
networks = ["corporate"]
report_only = true
[[route]]
path = "/"
upstream = "portal"
"""
NOBODY = b"Accept: text/html\r\n"
ANNA = NOBODY + b"Cookie: gateway=anna\r\n"
SCRIPT = b"Cookie: gateway=anna\r\n"


@pytest_asyncio.fixture
async def place(tmp_path: Path) -> AsyncIterator[House]:
    async with House(tmp_path, TOML) as house:
        yield house
    assert house.crashes == []


REFUSED = [
    (b"/users/", "user-not-listed"),
    (b"/groups/", "group-missing"),
    (b"/networks/", "network-not-allowed"),
    (b"/hours/", "outside-hours"),
    (b"/methods/", "method-not-allowed"),
    (b"/inside-only/", "network-not-allowed"),
]


@pytest.mark.parametrize(("path", "reason"), REFUSED)
async def test_a_condition_that_is_not_met_is_403_and_is_written_down(
    place: House, path: bytes, reason: str
) -> None:
    client = await place.client()
    page = await client.ask(get(path, ANNA))
    assert (page.status, page.field(b"content-type")) == (403, b"text/html; charset=utf-8")
    told = await client.ask(get(path, SCRIPT))
    assert (told.status, json.loads(told.body)["reason"]) == (403, reason)
    assert len(json.loads(told.body)["detail"]) > 10
    events = [(one.event, one.route, one.reason, one.user) for one in place.audit.events]
    assert events == [("access.denied", path.decode(), reason, "anna")] * 2
    assert place.origin.heads() == []


GUARDED = [path for path, _ in REFUSED[:-1]] + [b"/old/", b"/idle/", b"/trial/", b"/"]


@pytest.mark.parametrize("path", GUARDED)
async def test_nobody_learns_what_a_route_asks_for_without_a_session(
    place: House, path: bytes
) -> None:
    client = await place.client()
    page = await client.ask(get(path, NOBODY))
    assert (page.status, page.field(b"location")) == (302, b"/.gateway/logon?next=" + path)
    told = await client.ask(get(path, b"", method=b"DELETE"))
    assert (told.status, json.loads(told.body)["reason"]) == (401, "no-session")
    assert place.audit.events == []


async def test_a_session_too_old_for_a_route_is_sent_to_the_logon_and_lives_on(
    place: House,
) -> None:
    place.sessions.add(b"fresh", created=place.clock.now() - 4.9)
    client = await place.client()
    page = await client.ask(get(b"/old/?a=b", ANNA))
    there = b"/.gateway/logon?next=/old/%3Fa%3Db&notice=session-too-old"
    assert (page.status, page.field(b"location")) == (302, there)
    told = await client.ask(get(b"/old/", SCRIPT))
    body = json.loads(told.body)
    assert (told.status, body["reason"]) == (401, "session-too-old")
    assert body["logon"] == "/.gateway/logon?next=/old/&notice=session-too-old"
    assert (await client.ask(get(b"/", ANNA))).status == 200
    assert (await client.ask(get(b"/old/", b"Cookie: gateway=fresh\r\n"))).status == 200


async def test_a_session_left_idle_too_long_for_a_route_stays_out_whatever_it_opens_first(
    place: House,
) -> None:
    place.anna.idle_s = 5.0
    client = await place.client()
    for _ in range(2):
        page = await client.ask(get(b"/idle/", ANNA))
        there = b"/.gateway/logon?next=/idle/&notice=session-idle"
        assert (page.status, page.field(b"location")) == (302, there)
        assert (await client.ask(get(b"/", ANNA))).status == 200
    place.anna.idle_s = 4.9
    assert (await client.ask(get(b"/idle/", ANNA))).status == 200


async def test_an_api_route_never_redirects_and_never_shows_a_page(place: House) -> None:
    client = await place.client()
    nobody = await client.ask(get(b"/api/", NOBODY))
    assert (nobody.status, json.loads(nobody.body)["logon"]) == (401, "/.gateway/logon?next=/api/")
    refused = await client.ask(get(b"/api/", ANNA))
    assert (refused.status, json.loads(refused.body)["status"]) == (403, 403)
    assert refused.field(b"content-type") == b"application/problem+json; charset=utf-8"


async def test_head_goes_where_get_goes(tmp_path: Path) -> None:
    toml = TOML.replace('methods = ["POST"]', 'methods = ["GET"]')
    async with House(tmp_path, toml) as house:
        client = await house.client()
        assert (await client.ask(get(b"/methods/", ANNA))).status == 200
        head = await client.ask(get(b"/methods/", ANNA, b"HEAD"), method=b"HEAD")
        assert head.status == 200
        assert (await client.ask(get(b"/methods/", ANNA, b"OPTIONS"))).status == 403


async def test_what_report_only_lets_through_is_counted_and_written_down_once_a_minute(
    place: House, caplog: pytest.LogCaptureFixture
) -> None:
    client = await place.client()
    for _ in range(3):
        assert (await client.ask(get(b"/trial/", ANNA))).status == 200
    (event,) = place.audit.events
    assert (event.event, event.outcome, event.reason) == (
        "access.reported", "allowed", "group-missing",
    )  # fmt: skip
    assert (event.user, event.route, event.client) == ("anna", "/trial/", "127.0.0.1")
    assert place.door._reported == {"/trial/ group-missing": 3}
    place.door.ticker.now += 60
    assert (await client.ask(get(b"/trial/", ANNA))).status == 200
    assert len(place.audit.events) == 2


async def test_report_only_opens_nothing_that_needs_a_session_or_a_code(place: House) -> None:
    place.sessions.add(b"bo", factors=("pwd",))
    client = await place.client()
    assert (await client.ask(get(b"/trial/", NOBODY))).status == 302
    told = await client.ask(get(b"/trial/", b"Cookie: gateway=bo\r\n"))
    assert (told.status, json.loads(told.body)["reason"]) == (401, "code-needed")
    assert place.origin.heads() == []
