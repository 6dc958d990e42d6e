"""What the front door refuses is kept with everything that led to it, and only that."""

from __future__ import annotations

import json
from typing import Any

import pytest

from gateway.auth.refusals import OF_STRANGERS, OF_USERS, read_refusal
from gateway.proxy.recount import read_again
from gateway.proxy.simulation import Stage, simulate
from policies.decision import Challenge, Deny
from tests.proxy.house import House, get

pytestmark = pytest.mark.asyncio

ANNA = b"Cookie: gateway=anna\r\nAccept: text/html\r\n"
SCRIPT = b"Accept: application/json\r\n"


async def kept(house: House, reference: str) -> dict[str, Any] | None:
    await house.refusals.write_down()
    return await read_refusal(house.kept, house.sealer, reference)


async def test_a_denied_request_is_told_with_the_line_that_refuses(house: House) -> None:
    client = await house.client()
    answer = await client.ask(get(b"/hr/list?token=secret", ANNA.replace(b"text/html", b"*/*")))
    problem = json.loads(answer.body)
    record = await kept(house, problem["reference"])
    assert record is not None
    told = record["told"]
    assert record["digest"] == house.settings.digest[:12]
    assert told["request"]["target"] == "/hr/list"
    assert (told["outcome"]["status"], told["outcome"]["reason"]) == (403, "group-missing")
    line = house.toml.splitlines()[told["outcome"]["line"] - 1]
    assert line == 'groups = ["hr"]'
    assert [one["verdict"] for one in told["conditions"]] == ["met", "unmet", "not-reached"]
    assert (told["user"]["name"], told["user"]["factors"]) == ("anna", ["pwd", "otp"])
    assert "secret" not in json.dumps(record)
    assert house.kept.shelves == {OF_USERS: [problem["reference"]]}


async def test_it_can_be_judged_anew(house: House) -> None:
    client = await house.client()
    answer = await client.ask(get(b"/hr/", ANNA.replace(b"text/html", b"*/*")))
    record = await kept(house, json.loads(answer.body)["reference"])
    assert record is not None
    asked, session, idle_s = read_again(json.loads(json.dumps(record["again"])))
    there = simulate(Stage(house.settings), asked, session, idle_s)
    assert isinstance(there.decision, Deny)
    assert (there.status, session is not None and session.user) == (403, "anna")


async def test_a_script_without_a_session_gets_a_reference_too(house: House) -> None:
    client = await house.client()
    answer = await client.ask(get(b"/hr/", SCRIPT))
    problem = json.loads(answer.body)
    record = await kept(house, problem["reference"])
    assert (answer.status, house.kept.shelves) == (401, {OF_STRANGERS: [problem["reference"]]})
    assert record is not None
    assert record["told"]["outcome"]["reason"] == "no-session"
    asked, session, _ = read_again(record["again"])
    assert session is None
    assert isinstance(simulate(Stage(house.settings), asked, None).decision, Challenge)


async def test_who_is_sent_to_the_logon_has_no_reference_and_nothing_is_kept(house: House) -> None:
    client = await house.client()
    answer = await client.ask(get(b"/hr/", b"Accept: text/html\r\n"))
    await house.refusals.write_down()
    assert (answer.status, house.kept.shelves) == (302, {})


async def test_an_allowed_request_leaves_nothing(house: House) -> None:
    client = await house.client()
    assert (await client.ask(get())).status == 200
    await house.refusals.write_down()
    assert (house.kept.shelves, house.refusals.dropped) == ({}, 0)


async def test_a_store_that_is_away_changes_no_answer(house: House) -> None:
    house.kept.down = True
    client = await house.client()
    for _ in range(3):
        assert (await client.ask(get(b"/hr/", ANNA))).status == 403
    await house.refusals.write_down()
    assert house.refusals.dropped == 3
    assert (await client.ask(get())).status == 200


async def test_a_path_of_many_readings_is_told_as_well(house: House) -> None:
    client = await house.client()
    answer = await client.ask(get(b"/%2e%2e/hr/", SCRIPT))
    assert answer.status == 400
    record = await kept(house, json.loads(answer.body)["reference"])
    assert record is not None
    assert record["told"]["outcome"]["reason"] == "ambiguous-path"
