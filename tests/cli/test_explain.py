"""`portvakt explain`: what it asks for, what it prints, what it leaves alone."""

from __future__ import annotations

import asyncio
import json
from typing import Any

import pytest
from click.testing import CliRunner, Result

from gateway.auth.lockout import Lockout
from gateway.auth.model import Client
from gateway.auth.sealing import Sealer
from gateway.cli.explain import explain
from gateway.settings.model import Lockout as Rules
from gateway.store.store import open_store
from gateway.system import SystemClock, SystemEntropy
from tests.cli.support import Shell

KEY = "b1946ac92492d2347c6235b4d2611184"
CONFIG = f"""\
public_url = "https://portal.example.se"
[secrets]
key = "{KEY}"
[redis]
url = "redis://127.0.0.1:1"
[listen]
trusted_proxies = ["10.0.0.7"]
[networks]
corporate = ["192.0.2.0/24"]
[[upstream]]
name = "portal"
url = ["http://127.0.0.1:9000"]
[[route]]
path = "/hr/"
upstream = "portal"
groups = ["hr"]
hours = "Mon-Fri 06:00-20:00 Europe/Stockholm"
[[route]]
path = "/"
upstream = "portal"
"""
MONDAY = ("--at", "2026-09-21T12:00+02:00")
INSIDE = ("--from", "192.0.2.9")


@pytest.fixture
def office(shell: Shell) -> Shell:
    shell.config.write_text(CONFIG)
    return shell


def run(shell: Shell, *words: str) -> Result:
    return CliRunner().invoke(explain, words, obj={"config": shell.config})


def told(shell: Shell, *words: str) -> dict[str, Any]:
    result = run(shell, *words, "--json")
    assert (result.exit_code, result.exception) == (0, None), result.output
    found = json.loads(result.stdout)
    assert isinstance(found, dict)
    return found


def test_hop_by_hop(office: Shell) -> None:
    forwarded = ("--header", "X-Forwarded-For: 192.0.2.4, 203.0.113.9")
    client = told(office, "--url", "/", "--from", "10.0.0.7", *forwarded)["client"]
    assert client == {
        "address": "203.0.113.9",
        "hops": [
            {"text": "10.0.0.7", "address": "10.0.0.7", "role": "trusted-proxy"},
            {"text": "203.0.113.9", "address": "203.0.113.9", "role": "client"},
        ],
        "not_believed": ["192.0.2.4"],
        "trusted_proxies_line": 7,
        "network": "internet",
        "network_line": None,
    }
    direct = told(office, "--url", "/", *INSIDE, *forwarded)["client"]
    assert (direct["address"], direct["network"], direct["network_line"]) == (
        "192.0.2.9", "corporate", 9,
    )  # fmt: skip
    assert direct["not_believed"] == ["203.0.113.9", "192.0.2.4"]
    silent = told(office, "--url", "/", "--from", "10.0.0.7")["client"]
    assert (silent["address"], silent["network"]) == ("", "internet")


def test_a_user_is_looked_up(office: Shell) -> None:
    office.add("anna", "--group", "hr", "--group", "staff", "--mobile", "0701740605")
    found = told(office, "--url", "/hr/list?a=b", *INSIDE, "--user", " ANNA", *MONDAY)
    assert found["user"] == {
        "name": "anna", "enabled": True, "groups": ["hr", "staff"], "has_mobile": True,
    }  # fmt: skip
    assert [(one["key"], one["line"], one["verdict"]) for one in found["conditions"]] == [
        ("public", 13, "met"),
        ("groups", 16, "met"),
        ("hours", 17, "met"),
        ("second_factor", 13, "met"),
    ]
    assert found["conditions"][2]["found"] == "Mon 12:00 CEST"
    assert found["outcome"]["decision"] == "allow"
    assert found["outcome"]["upstream"] == "portal"
    assert "0701740605" not in json.dumps(found)
    office.done("disable", "anna")
    found = told(office, "--url", "/hr/", *INSIDE, "--user", "anna", *MONDAY)
    assert found["user"]["enabled"] is False
    assert found["outcome"]["reason"] == "no-session"


def test_from_outside_the_session_has_given_a_code_unless_told_otherwise(office: Shell) -> None:
    office.add("bo")
    outside = ("--url", "/", "--from", "203.0.113.9", "--user", "bo")
    assert told(office, *outside)["outcome"]["decision"] == "allow"
    found = told(office, *outside, "--no-code")
    assert found["outcome"]["location"] == "/.gateway/otp?next=/"
    assert found["factor"] == {"second_factor": "outside-corporate", "code_needed": True}


@pytest.mark.parametrize(
    ("fields", "status"),
    [((), 302), (("Accept: application/json",), 401), (("Sec-Fetch-Mode: cors",), 401)],
)
def test_without_a_word_it_is_a_page_load(
    office: Shell, fields: tuple[str, ...], status: int
) -> None:
    words = [word for one in fields for word in ("--header", one)]
    assert told(office, "--url", "/", *INSIDE, *words)["outcome"]["status"] == status


def test_what_the_wire_refuses_is_refused(office: Shell) -> None:
    outcome = told(office, "--url", "/", *INSIDE, "--method", "trace")["outcome"]
    assert (outcome["decision"], outcome["status"]) == ("bad-request", 405)
    outcome = told(office, "--url", "/%zz", *INSIDE)["outcome"]
    assert (outcome["status"], outcome["words"]) == (400, "malformed percent-encoding")
    assert told(office, "--url", "/.gateway/help", *INSIDE)["outcome"]["decision"] == "own-page"


def test_for_people(office: Shell) -> None:
    office.add("siv", "--group", "staff")
    text = run(office, "--url", "/hr/", *INSIDE, "--user", "siv", *MONDAY).stdout
    for words in (
        "GET portal.example.se/hr/ at 2026-09-21T10:00:00Z",
        "192.0.2.9, network corporate",
        "gateway.toml:9",
        "/hr/ to upstream portal",
        "siv, groups staff, has no mobile number",
        "unknown: the session store does not answer",
        "not met",
        "not reached",
        "403 (group-missing, gateway.toml:16)",
        "Your account is not in a group that may open this.",
    ):
        assert words in text, text
    assert "\x1b" not in text


def test_an_ambiguous_path_names_what_it_may_mean(office: Shell) -> None:
    outcome = told(office, "--url", "/HR/", *INSIDE)["outcome"]
    assert (outcome["reason"], outcome["line"]) == ("ambiguous-path", 13)
    assert outcome["routes"] == [{"path": "/", "line": 18}, {"path": "/hr/", "line": 13}]
    assert "may mean /hr/, gateway.toml:13" in run(office, "--url", "/HR/", *INSIDE).stdout


def test_nothing_of_a_request_can_move_the_cursor(office: Shell) -> None:
    text = run(office, "--url", "/\x1b[2J\u202e", *INSIDE).stdout
    assert "\x1b" not in text
    assert "\u202e" not in text


@pytest.mark.parametrize(
    ("words", "code", "told_what"),
    [
        (("--url", "/", "--from", "10.0.0"), 2, "an IP address"),
        (("--url", "ftp://x/", *INSIDE), 2, "https://portal.example.se/"),
        (("--url", "hr", *INSIDE), 2, '"/hr/"'),
        (("--url", "/", *INSIDE, "--header", "nonsense"), 2, "one header field"),
        (("--url", "/", *INSIDE, "--header", "A: b\r\nHost: c"), 2, "one header field"),
        (("--url", "/", *INSIDE, "--method", "GET /x"), 2, "a method"),
        (("--url", "/", *INSIDE, "--at", "soon"), 2, "2026-09-21T06:00"),
        (("--url", "/", *INSIDE, "--idle", "10"), 2, "30s"),
        (("--url", "/"), 2, "--from"),
        (("--url", "/", *INSIDE, "--user", "nobody"), 1, "no user 'nobody'"),
    ],
)
def test_what_is_refused(office: Shell, words: tuple[str, ...], code: int, told_what: str) -> None:
    result = run(office, *words)
    assert result.exit_code == code
    assert told_what in result.stderr
    assert result.stdout == ""


def test_a_broken_file_is_refused_with_its_errors(office: Shell) -> None:
    office.config.write_text(CONFIG + "path = 1\n")
    result = run(office, "--url", "/", *INSIDE)
    assert result.exit_code == 1


def test_locks_are_told_and_looking_counts_nothing(office: Shell, redis_url: str) -> None:
    office.config.write_text(CONFIG.replace("redis://127.0.0.1:1", redis_url))
    office.add("anna")

    async def fail_five_times() -> None:
        store = open_store(redis_url)
        lockout = Lockout(
            store.failures, Sealer(KEY.encode(), SystemEntropy()), Rules(), SystemClock()
        )
        for _ in range(5):
            await lockout.password("anna", Client("192.0.2.9", "internet", ""))
        await store.close()

    asyncio.run(fail_five_times())
    for _ in range(2):
        limiter = told(office, "--url", "/", *INSIDE, "--user", "anna")["limiter"]
        assert limiter["known"]
        (locked,) = [one for one in limiter["counters"] if one["locked_until"]]
        assert (locked["step"], locked["of"]) == ("password", "user_and_address")
        assert (locked["failures"], locked["most"]) == (5, 5)
    elsewhere = told(office, "--url", "/", "--from", "203.0.113.9", "--user", "anna")["limiter"]
    assert not any(one["locked_until"] for one in elsewhere["counters"])
    nobody = told(office, "--url", "/", *INSIDE)["limiter"]["counters"]
    assert [(one["step"], one["of"], one["failures"]) for one in nobody] == [
        ("password", "address", 5),
        ("code", "address", 0),
    ]
    text = run(office, "--url", "/", *INSIDE, "--user", "anna").stdout
    assert "passwords locked until" in text
    assert "lockout.user_and_address" in text
