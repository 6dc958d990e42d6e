"""/.gateway/verify at the front door: asked by proxies, answered as inline, believed from nobody else."""

from __future__ import annotations

import json
from collections.abc import AsyncIterator
from pathlib import Path

import pytest
import pytest_asyncio

from tests.proxy.house import COOKIE, House, get
from tests.proxy.raw_client import Answer

pytestmark = pytest.mark.asyncio

TOML = """\
public_url = "http://localhost:8080"
[listen]
trusted_proxies = ["127.0.0.1"]
[networks]
corporate = ["10.0.0.0/8"]
[[upstream]]
name = "portal"
url = ["http://127.0.0.1:9"]
identity = { X-Remote-User = "{user}", X-Remote-Groups = "{groups}" }
[[route]]
path = "/static/"
upstream = "portal"
public = true
[[route]]
path = "/hr/"
upstream = "portal"
groups = ["hr"]
[[route]]
path = "/inside/"
upstream = "portal"
networks = ["corporate"]
[[route]]
path = "/read/"
upstream = "portal"
methods = ["GET"]
[[route]]
path = "/plain/"
upstream = "portal"
upgrades = []
[[route]]
path = "/api/"
upstream = "portal"
kind = "api"
[[route]]
path = "/"
upstream = "portal"
[[route]]
host = "wiki.example.se"
path = "/"
upstream = "portal"
"""
OUTSIDE, INSIDE = b"203.0.113.9", b"10.1.2.3"
PAGE = b"Accept: text/html\r\nSec-Fetch-Mode: navigate\r\nSec-Fetch-Dest: document\r\n"
SOCKET = b"Sec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==\r\nSec-WebSocket-Version: 13\r\n"
HERE = b"Origin: http://localhost:8080\r\n"
ELSEWHERE = b"Origin: http://evil.example\r\n"


@pytest_asyncio.fixture
async def house(tmp_path: Path) -> AsyncIterator[House]:
    async with House(tmp_path, TOML) as house:
        house.sessions.add(b"siv", groups=("hr",))
        yield house
    assert house.crashes == []


def question(
    path: bytes = b"/", *, fields: bytes = COOKIE, method: bytes = b"GET", source: bytes = OUTSIDE,
    host: bytes = b"localhost:8080", query: bytes = b"",
) -> bytes:  # fmt: skip
    """Return what nginx asks."""
    told = b"X-Original-URL: http://%b%b\r\nX-Forwarded-Method: %b\r\n" % (host, path, method)
    told += b"X-Forwarded-For: %b\r\n" % source
    return get(b"/.gateway/verify" + query, told + fields)


def envoys_question(path: bytes, fields: bytes = COOKIE, method: bytes = b"GET") -> bytes:
    return get(b"/.gateway/verify" + path, b"X-Forwarded-For: %b\r\n" % OUTSIDE + fields, method)


async def asked(house: House, data: bytes, method: bytes = b"GET") -> Answer:
    client = await house.client()
    return await client.ask(data, method=method)


async def test_a_session_is_answered_with_what_the_portal_is_told(house: House) -> None:
    answer = await asked(house, question(fields=b"Cookie: a=1; gateway=siv; b=2\r\n" + PAGE))
    assert (answer.status, answer.body) == (200, b"")
    assert answer.all(b"x-remote-user") == [b"siv"]
    assert answer.all(b"x-remote-groups") == [b"hr"]
    assert answer.all(b"x-gateway-cookie") == [b"a=1; b=2"]
    assert answer.field(b"cache-control") == b"no-store"
    inline = await asked(
        house, get(b"/", b"Cookie: gateway=siv\r\nX-Forwarded-For: %b\r\n" % OUTSIDE)
    )
    assert inline.status == 200
    (head,) = house.origin.heads()
    sent = [
        line for line in head.split(b"\r\n") if line.lower().startswith((b"x-remote", b"x-gateway"))
    ]
    told = [
        line
        for line in answer.head.split(b"\r\n")
        if line.startswith((b"X-Remote", b"X-Gateway-A"))
    ]
    assert told == sent
    assert len(told) == 3


async def test_it_counts_as_a_use(house: House) -> None:
    await asked(house, question())
    assert house.sessions.uses == 1
    await asked(house, question(b"/hr/"))
    assert house.sessions.uses == 1


@pytest.mark.parametrize("ask", [question, envoys_question])
async def test_a_proxys_connection_is_kept(house: House, ask) -> None:
    client = await house.client()
    for path in (b"/", b"/hr/", b"/", b"/static/x"):
        await client.ask(ask(path))
    assert (await client.ask(ask(b"/"))).status == 200


STRICT = {
    "nobody": (question(fields=PAGE), 401, b"/.gateway/logon?next=/"),
    "nobody, a script": (question(b"/a?b=c&d", fields=b""), 401, b"/.gateway/logon?next=/a%3Fb%3Dc%26d"),
    "public": (question(b"/static/a", fields=b""), 200, None),
    "not in the group": (question(b"/hr/"), 403, None),
    "another network": (question(b"/inside/"), 403, None),
    "inside": (question(b"/inside/", source=INSIDE), 200, None),
    "behind another hop": (question(b"/inside/", source=INSIDE + b", " + OUTSIDE), 403, None),
    "another method": (question(b"/read/", method=b"POST"), 403, None),
    "a method that nobody said": (get(b"/.gateway/verify", COOKIE + b"X-Original-URL: http://localhost:8080/read/\r\n"), 403, None),
    "unknown host": (question(host=b"evil.example", fields=PAGE), 403, None),
    "a host of a route": (question(host=b"wiki.example.se", fields=PAGE), 401, b"/.gateway/logon?next=/"),
    "ambiguous": (question(b"/static/..%2fhr/"), 403, None),
    "climbing": (question(b"/static/../hr/"), 403, None),
    "our own pages": (question(b"/.gateway/logon"), 403, None),
    "CONNECT": (question(method=b"CONNECT"), 403, None),
    "no method at all": (question(method=b"F\xc3\xb6"), 403, None),
    "nothing named": (get(b"/.gateway/verify"), 403, None),
}  # fmt: skip


@pytest.mark.parametrize(("data", "status", "logon"), STRICT.values(), ids=STRICT)
async def test_a_proxy_reads_200_401_and_403(house: House, data, status, logon) -> None:
    answer = await asked(house, data)
    assert answer.status == status
    assert answer.field(b"x-gateway-logon") == logon
    assert answer.field(b"location") is None
    assert answer.field(b"cache-control") == b"no-store"
    if status != 200:
        assert answer.field(b"content-type").startswith(b"application/problem+json")
        assert answer.all(b"x-remote-user") == []
    assert house.origin.heads() == []


async def test_a_public_route_tells_who_asks_only_with_a_session(house: House) -> None:
    nobody = await asked(house, question(b"/static/", fields=b"X-Remote-User: root\r\n"))
    assert (nobody.status, nobody.all(b"x-remote-user")) == (200, [])
    assert nobody.all(b"x-gateway-assertion") == []
    anna = await asked(house, question(b"/static/"))
    assert anna.all(b"x-remote-user") == [b"anna"]


FORGED = [
    b"X_Remote_User: root\r\n", b"X.Remote.User: root\r\n", b"XRemoteUser: root\r\n",
    b"X_Gateway_Assertion: x\r\n", b"x-remote--groups: hr\r\n",
]  # fmt: skip


@pytest.mark.parametrize("field", FORGED)
async def test_what_a_proxy_would_let_through_is_refused(house: House, field: bytes) -> None:
    assert (await asked(house, question(fields=COOKIE + field))).status == 403
    assert (
        await asked(house, question(fields=COOKIE + field, query=b"?answer=client"))
    ).status == 403
    assert (await asked(house, envoys_question(b"/", COOKIE + field))).status == 403


@pytest.mark.parametrize("field", [b"X-Remote-User: root\r\n", b"x-gateway-assertion: x\r\n"])
async def test_what_a_proxy_replaces_does_no_harm(house: House, field: bytes) -> None:
    answer = await asked(house, question(fields=COOKIE + field))
    assert (answer.status, answer.all(b"x-remote-user")) == (200, [b"anna"])


CLIENT_ADDS = [
    b"X-Forwarded-Uri: /static/\r\n", b"X-Original-URI: /static/\r\n", b"X-Forwarded-Host: wiki.example.se\r\n",
    b"X-Original-URL: http://localhost:8080/static/\r\n", b"X-Original-Method: PUT\r\n",
    b"X-Forwarded-Method: GET\r\n",
]  # fmt: skip


@pytest.mark.parametrize("field", CLIENT_ADDS)
async def test_a_client_cannot_say_what_is_asked(house: House, field: bytes) -> None:
    assert (await asked(house, question(fields=COOKIE + field))).status == 403


@pytest.mark.parametrize(
    "path", [b"/.gateway/verify", b"/.gateway/verify/", b"/.gateway/verify?answer=client"]
)
async def test_nobody_else_may_ask(tmp_path: Path, path: bytes) -> None:
    (tmp_path / "other").mkdir()
    toml = TOML.replace('"127.0.0.1"]', '"127.0.0.9"]')
    async with House(tmp_path / "other", toml) as house:
        told = b"X-Original-URL: http://localhost:8080/\r\nX-Forwarded-Method: GET\r\n"
        answer = await asked(house, get(path, COOKIE + told))
        assert answer.status == 403
        assert answer.all(b"x-remote-user") == []


@pytest.mark.parametrize(
    "ask",
    [
        lambda **named: question(query=b"?answer=client", **named),
        lambda **named: envoys_question(b"/", **named),
    ],
)
async def test_a_page_load_that_the_client_sees_goes_to_the_logon(house: House, ask) -> None:
    page = await asked(house, ask(fields=PAGE))
    assert (page.status, page.field(b"location")) == (302, b"/.gateway/logon?next=/")
    script = await asked(house, ask(fields=b"Sec-Fetch-Mode: cors\r\n"))
    assert script.status == 401
    assert json.loads(script.body)["logon"] == "/.gateway/logon?next=/"


async def test_a_question_about_head_has_a_whole_answer(house: House) -> None:
    """The body belongs to the question's method: the connection must not get out of step."""
    client = await house.client()
    answer = await client.ask(question(method=b"HEAD", fields=b"", query=b"?answer=client"))
    assert (answer.status, answer.body != b"") == (401, True)
    answer = await client.ask(envoys_question(b"/", b"", b"HEAD"), method=b"HEAD")
    assert answer.status == 401
    assert (await client.ask(question())).status == 200


SAME = {
    "a page": (b"/", b"GET", PAGE), "a script": (b"/a", b"GET", b""), "anna": (b"/a", b"GET", COOKIE),
    "anna in hr": (b"/hr/", b"GET", COOKIE + PAGE), "inside": (b"/inside/", b"GET", COOKIE),
    "posted": (b"/read/", b"POST", COOKIE), "read": (b"/read/", b"GET", COOKIE),
    "twice decoded": (b"/hr%252f", b"GET", COOKIE), "dots": (b"/x/../hr/", b"GET", COOKIE + PAGE),
    "api": (b"/api/x", b"GET", PAGE), "public": (b"/static/", b"GET", PAGE),
    "two cookies": (b"/", b"GET", COOKIE + COOKIE), "unknown cookie": (b"/", b"GET", b"Cookie: gateway=x\r\n"),
    "unknown method": (b"/", b"FOO", COOKIE), "TRACE": (b"/", b"TRACE", COOKIE),
    "long": (b"/" + b"a" * 20_000, b"GET", COOKIE), "bad escape": (b"/%zz", b"GET", COOKIE),
}  # fmt: skip


@pytest.mark.parametrize(("path", "method", "fields"), SAME.values(), ids=SAME)
async def test_the_answer_is_the_one_of_the_inline_path(house: House, path, method, fields) -> None:
    source = b"X-Forwarded-For: %b\r\n" % OUTSIDE
    inline = await asked(house, get(path, source + fields, method), method)
    told = await asked(house, question(path, fields=fields, method=method, query=b"?answer=client"))
    assert told.status == inline.status
    assert told.field(b"location") == inline.field(b"location")
    if method not in {b"FOO", b"TRACE"} and len(path) < 1000 and b"%z" not in path:
        envoy = await asked(house, envoys_question(path, fields, method), method)
        assert (envoy.status, envoy.field(b"location")) == (told.status, told.field(b"location"))


WEBSOCKETS = {
    "ours": (b"/", COOKIE + SOCKET + HERE, 200),
    "another site's": (b"/", COOKIE + SOCKET + ELSEWHERE, 403),
    "nobody's": (b"/", COOKIE + SOCKET, 403),
    "two origins": (b"/", COOKIE + SOCKET + HERE + ELSEWHERE, 403),
    "with its upgrade": (b"/", COOKIE + SOCKET + HERE + b"Connection: Upgrade\r\nUpgrade: websocket\r\n", 200),
    "another site's, with its upgrade": (b"/", COOKIE + ELSEWHERE + b"Connection: Upgrade\r\nUpgrade: websocket\r\n", 403),
    "where none may be": (b"/plain/", COOKIE + SOCKET + HERE, 403),
    "an upgrade alone": (b"/", COOKIE + b"Upgrade: websocket\r\n" + ELSEWHERE, 403),
    "two upgrades": (b"/", COOKIE + SOCKET + HERE + b"Upgrade: websocket, h2c\r\n", 403),
    "h2c": (b"/", COOKIE + b"Connection: Upgrade\r\nUpgrade: h2c\r\n", 403),
    "without a session": (b"/", SOCKET + HERE, 401),
}  # fmt: skip


@pytest.mark.parametrize(("path", "fields", "status"), WEBSOCKETS.values(), ids=WEBSOCKETS)
async def test_websockets_are_judged_by_their_origin(house: House, path, fields, status) -> None:
    assert (await asked(house, question(path, fields=fields))).status == status
    assert (await asked(house, envoys_question(path, fields))).status == status


async def test_a_cold_session_is_read(house: House) -> None:
    house.sessions.cold.add(b"anna")
    assert (await asked(house, question())).status == 200
    house.sessions.down = True
    away = await asked(house, question())
    assert away.status == 503
    assert (await asked(house, question(b"/static/"))).status == 200


async def test_refusals_of_policy_are_written_down(house: House) -> None:
    await asked(house, question(b"/hr/"))
    (event,) = house.audit.events
    assert (event.event, event.user, event.route, event.client) == (
        "access.denied", "anna", "/hr/", "203.0.113.9",
    )  # fmt: skip


async def test_a_question_with_a_body_is_answered_and_closed(house: House) -> None:
    client = await house.client()
    data = question(fields=COOKIE + b"Content-Length: 5\r\n") + b"hello"
    answer = await client.ask(data)
    assert (answer.status, answer.field(b"connection")) == (200, b"close")
