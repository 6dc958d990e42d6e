"""Each reason is reached through the front door, and `portvakt explain` names the line it is for.

The same gateway.toml, the same requests: real sockets and bytes on one side, the command on the
other. What they say must be the same.
"""

from __future__ import annotations

import asyncio
import json
from collections.abc import AsyncIterator
from dataclasses import dataclass, field
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import pytest
import pytest_asyncio
from click.testing import CliRunner

from gateway.cli.explain import explain
from policies.decision import Reason
from tests.cli.support import Shell
from tests.proxy.house import House, get

HEAD = """\
public_url = "http://localhost:8080"
[[upstream]]
name = "portal"
url = ["http://127.0.0.1:9"]
[networks]
corporate = ["10.0.0.0/8"]
"""
ROUTES = {
    "/open/": "public = true",
    "/public/": 'public = true\nnetworks = ["corporate"]',
    "/users/": 'users = ["siv"]',
    "/groups/": 'hours = "Mon 00:00-24:00 UTC"\ngroups = ["hr"]',
    "/networks/": 'groups = ["staff"]\nnetworks = ["corporate"]',
    "/hours/": 'hours = "Tue 00:00-24:00 UTC"',
    "/methods/": 'methods = ["POST"]',
    "/absolute/": 'idle = "20m"\nabsolute = "1h"',
    "/idle/": 'absolute = "1h"\nidle = "10m"',
    "/code/": 'second_factor = "always"',
    "/usual/": 'kind = "api"',
    "/socket/": 'origins = ["https://friend.example"]',
    "/trial/": 'groups = ["hr"]\nreport_only = true',
}
TOML = HEAD + "".join(
    f'[[route]]\npath = "{path}"\nupstream = "portal"\n{keys}\n' for path, keys in ROUTES.items()
)


def line(text: str, after: str = "") -> int:
    """The number of the first line that says so, behind another one."""
    return TOML[: TOML.index(text, TOML.index(after))].count("\n") + 1


@dataclass
class Case:
    """One request: what the gateway answers, and what is to blame for it."""

    reason: Reason
    path: str
    status: int
    line: int | None
    session: dict[str, Any] | None = None
    headers: tuple[str, ...] = ()
    host: str = "localhost:8080"
    words: tuple[str, ...] = field(default=())


ANNA: dict[str, Any] = {"groups": ("staff",)}
UPGRADE = ("Connection: Upgrade", "Upgrade: websocket", "Origin: https://evil.example")


def route(path: str) -> int:
    return line(f'path = "{path}"') - 1


CASES = [
    Case(Reason.PUBLIC_ROUTE, "/open/x", 200, route("/open/")),
    Case(Reason.SESSION, "/usual/", 200, route("/usual/"), ANNA),
    Case(Reason.NO_SESSION, "/users/", 401, route("/users/")),
    Case(Reason.USER_NOT_LISTED, "/users/", 403, line("users = "), ANNA),
    Case(Reason.GROUP_MISSING, "/groups/", 403, line("groups = ", "/groups/"), ANNA),
    Case(Reason.NETWORK_NOT_ALLOWED, "/networks/", 403, line("networks = ", "/networks/"), ANNA),
    Case(Reason.NETWORK_NOT_ALLOWED, "/public/", 403, line("networks = ", "/public/")),
    Case(Reason.OUTSIDE_HOURS, "/hours/", 403, line("hours = ", "/hours/"), ANNA),
    Case(Reason.METHOD_NOT_ALLOWED, "/methods/", 403, line("methods = "), ANNA),
    Case(
        Reason.SESSION_TOO_OLD, "/absolute/", 401, line("absolute = ", "/absolute/"),
        ANNA | {"age": 3600}, words=("--logged-on", "1h"),
    ),
    Case(
        Reason.SESSION_IDLE, "/idle/", 401, line("idle = ", "/idle/"),
        ANNA | {"idle": 600}, words=("--idle", "10m"),
    ),
    Case(
        Reason.CODE_NEEDED, "/code/", 401, line("second_factor = "),
        ANNA | {"factors": ("pwd",)}, words=("--no-code",),
    ),
    Case(
        Reason.CODE_NEEDED, "/usual/", 401, route("/usual/"),
        ANNA | {"factors": ("pwd",)}, words=("--no-code",),
    ),
    Case(Reason.ORIGIN_NOT_ALLOWED, "/socket/", 403, line("origins = "), ANNA, UPGRADE),
    Case(Reason.NO_ROUTE, "/", 404, None, ANNA),
    Case(Reason.AMBIGUOUS_PATH, "/x/..%2fcode/", 400, None),
    Case(Reason.AMBIGUOUS_PATH, "/CODE/", 400, route("/code/")),
    Case(Reason.UNKNOWN_HOST, "/open/", 400, 1, host="elsewhere.example"),
    Case(Reason.SESSION, "/trial/", 200, route("/trial/"), ANNA),
]  # fmt: skip


def test_no_reason_is_left_out() -> None:
    assert {case.reason for case in CASES} == set(Reason)


@pytest_asyncio.fixture
async def place(tmp_path: Path) -> AsyncIterator[House]:
    async with House(tmp_path, TOML) as house:
        yield house
    assert house.crashes == []


async def at_the_door(house: House, case: Case) -> tuple[int, str | None]:
    """Send the request; return the status, and the reason where the gateway answers."""
    fields = [*case.headers]
    if case.session is not None:
        told = dict(case.session)
        created = house.clock.now() - told.pop("age", 0)
        idle = told.pop("idle", 0.0)
        house.sessions.add(b"anna", created=created, **told).idle_s = idle
        fields.append("Cookie: gateway=anna")
    raw = get(case.path.encode(), "".join(f"{one}\r\n" for one in fields).encode())
    client = await house.client()
    answer = await client.ask(raw.replace(b"localhost:8080", case.host.encode()))
    return answer.status, None if answer.status == 200 else json.loads(answer.body)["reason"]


def in_words(shell: Shell, case: Case, now: float) -> dict[str, Any]:
    """Ask the command about the same request."""
    words = ["--url", f"http://{case.host}{case.path}", "--from", "127.0.0.1", "--json"]
    words += ["--at", datetime.fromtimestamp(now, UTC).isoformat(), *case.words]
    for one in (*case.headers, "Accept: application/json"):
        words += ["--header", one]
    if case.session is not None:
        words += ["--user", "anna"]
    result = CliRunner().invoke(explain, words, obj={"config": shell.config})
    assert (result.exit_code, result.exception) == (0, None), result.output
    told = json.loads(result.stdout)
    assert isinstance(told, dict)
    return told


@pytest.mark.asyncio
async def test_the_front_door_and_the_command_say_the_same(place: House, shell: Shell) -> None:
    shell.config.write_text(TOML)
    await asyncio.to_thread(shell.add, "anna", "--group", "staff")
    for case in CASES:
        status, reason = await at_the_door(place, case)
        told = await asyncio.to_thread(in_words, shell, case, place.clock.now())
        outcome = told["outcome"]
        assert (status, reason or case.reason.value) == (case.status, case.reason.value), case
        assert outcome["reason"] == case.reason.value, case
        assert outcome["line"] == case.line, case
        assert outcome["status"] == (None if status == 200 else status), case
        assert outcome["upstream"] == ("portal" if status == 200 else None), case
    reached = [head.split(b" ", 2)[1].decode() for head in place.origin.heads()]
    assert reached == [case.path for case in CASES if case.status == 200]
    (event,) = [one for one in place.audit.events if one.event == "access.reported"]
    assert event.reason == told["outcome"]["reported"] == "group-missing"
