"""Sessions end when something ends them: at once, everywhere, and nothing writes them back."""

from __future__ import annotations

import json
import threading

from gateway.store.embedded import EmbeddedRedis
from tests.security.advisories.replay import Replay, attack, fields, status
from tests.security.attacker import SESSION
from tests.system.gateway import INSIDE, wait_for
from tests.system.raw import connect, head, is_closed
from tests.system.visitor import Visitor

LOGOUT = "/.gateway/logout"


def is_out(case: Replay, cookie: str) -> bool:
    return status(case.get("/debug/echo", cookie=cookie, source=INSIDE)) in {302, 401, 403}


@attack("ended-by-operators", people=True)
def ended_by_an_operator(case: Replay) -> None:
    """Commands that end a session, or take a right away: the next request on any worker feels it."""
    for words in case.row.tries:
        browser = Visitor(case.place.gateway, INSIDE)
        browser.log_on(case.victim)
        cookie = f"{SESSION}={browser.cookies[SESSION]}"
        for _ in range(6):
            assert status(case.get("/debug/echo", cookie=cookie, source=INSIDE)) == 200
        filled = words.replace("{user}", case.victim)
        if "{id}" in words:
            shown = case.place.operate("session", "list", "--user", case.victim, "--json")
            filled = filled.replace("{id}", str(json.loads(shown.stdout)[0]["id"]))
        command, _, stdin = filled.partition(" < ")
        case.place.operate(*command.split(), stdin=stdin + "\n")
        wait_for(lambda known=cookie: is_out(case, known), "the end", 15)
        case.reached()
        for _ in range(6):
            assert is_out(case, cookie), case.told(words)
        assert case.reached() == []


@attack("groups-follow", people=True)
def groups_that_were_taken_away(case: Replay) -> None:
    """Groups of a running session: what is taken away is not told to the portal any more."""
    for group in case.row.tries:
        case.place.operate("user", "set-groups", case.victim, group)
        browser = Visitor(case.place.gateway, INSIDE)
        browser.log_on(case.victim)
        case.reached()
        assert browser.get("/debug/echo").status == 200, case.told(group)
        (before,) = [one for one in case.reached() if one["target"] == "/debug/echo"]
        assert fields(before, "X-Remote-Groups") == [group]
        case.place.operate("user", "set-groups", case.victim)
        wait_for(lambda b=browser: b.get("/debug/echo").status == 302, "the end", 15)
        case.reached()
        again = Visitor(case.place.gateway, INSIDE)
        again.log_on(case.victim)
        again.get("/debug/echo")
        (after,) = [one for one in case.reached() if one["target"] == "/debug/echo"]
        assert "".join(fields(after, "X-Remote-Groups")) == ""


@attack("log-off-under-load", people=True)
def a_log_off_beside_many_requests(case: Replay) -> None:
    """A log-off while requests run and a socket is open: over, closed, and not written back."""
    for count in case.row.tries:
        browser = Visitor(case.place.gateway, INSIDE)
        browser.log_on(case.victim)
        cookie = f"{SESSION}={browser.cookies[SESSION]}"
        stop = threading.Event()

        def ask(cookie: str = cookie, stop: threading.Event = stop) -> None:
            while not stop.is_set():
                case.get("/debug/echo", cookie=cookie, source=INSIDE)

        threads = [threading.Thread(target=ask) for _ in range(count)]
        upgrade = ("Upgrade: websocket", "Connection: Upgrade", "Sec-WebSocket-Version: 13")
        key = "Sec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ=="
        port = case.place.gateway.port
        origin = f"Origin: {case.place.gateway.origin}"
        try:
            with connect(port, INSIDE) as held:
                held.sendall(
                    head("GET", "/debug/ws", port, *upgrade, key, origin, f"Cookie: {cookie}")
                )
                assert held.recv(4096).startswith(b"HTTP/1.1 101")
                for thread in threads:
                    thread.start()
                form = browser.get(LOGOUT).form_to(LOGOUT)
                assert browser.post(LOGOUT, form).status == 303
                held.settimeout(3)
                assert is_closed(held), case.told("the socket is open")
        finally:
            stop.set()
            for thread in threads:
                thread.join()
        assert all(is_out(case, cookie) for _ in range(6))
        listed = case.place.operate("session", "list", "--user", case.victim, "--json")
        assert json.loads(listed.stdout) == [], "nothing wrote it back"


@attack("redis-holds-no-secret", people=True)
def a_reader_of_the_store(case: Replay) -> None:
    """Whoever reads the store's files, the audit and the log finds no live token, code or number."""
    outside = case.browser()
    outside.password(case.victim)
    code = case.code()
    inside = Visitor(case.place.gateway, INSIDE)
    inside.log_on(case.own)
    secrets = [code, inside.cookies[SESSION], case.phone, outside.cookies["gateway-challenge"]]
    gateway = case.place.gateway
    url = EmbeddedRedis(gateway.state_dir).running_url()
    assert url.startswith("unix://gateway:")
    for place in case.row.tries:
        files = [one for one in gateway.directory.glob(place) if one.is_file()]
        assert files, case.told(place)
        for file in files:
            held = file.read_bytes()
            for secret in secrets:
                if secret == code and file.suffix == ".aof":
                    continue  # six digits turn up in times; the code itself is kept as a digest
                assert secret.encode() not in held, case.told(place, str(file))


@attack("tokens-differ")
def tokens_that_repeat_or_are_short(case: Replay) -> None:
    """Marks handed out one after the other: long, of all digits, and never the same."""
    seen: set[str] = set()
    for count in case.row.tries:
        for _ in range(count):
            answer = Visitor(case.place.gateway).get("/.gateway/logon")
            seen.add(answer.form_to("/.gateway/logon")["form_token"])
        assert len(seen) == count
    live = [case.place.anna.partition("=")[2], case.place.hedda.partition("=")[2]]
    assert live[0] != live[1]
    assert all(len(token) >= 43 for token in live), "256 bits in base64url"
