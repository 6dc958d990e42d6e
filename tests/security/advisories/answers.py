"""Upstreams that lie, answer early, twice or for somebody else; the next client must not notice."""

from __future__ import annotations

import asyncio
import re
import threading
from functools import partial

from gateway.auth.ports import Unavailable
from gateway.store.embedded import EmbeddedRedis
from gateway.store.link import PREFIX, Link
from tests.security.advisories.liar import plain
from tests.security.advisories.replay import Replay, attack, status, statuses
from tests.security.attacker import at_once
from tests.system.gateway import INSIDE
from tests.system.processes import forget_peak, peak_memory, workers_of
from tests.system.raw import connect

SECRET = b"answer-of-somebody-else"


def nobody_else_hears(case: Replay, path: str) -> None:
    """Ask as two others, right after: each gets the answer of its own request."""
    for cookie, user in ((case.place.anna, "anna"), (case.place.hedda, "hedda")) * 2:
        answer = case.get(f"/told/{user}-{path}", cookie=cookie, source=INSIDE)
        assert SECRET not in answer, case.told(path, answer[:300])
        assert answer.endswith(f"{user} /told/{user}-{path}".encode()), case.told(
            path, answer[-200:]
        )


@attack("lying-answers")
def answers_that_cannot_be_read_in_one_way(case: Replay) -> None:
    """Whole answers: 502, or an answer of one framing; our cookie is not set; others hear nothing."""
    for number, text in enumerate(case.row.tries):
        path = f"/liar/{case.row.id.replace(' ', '')}{number}"
        case.place.liar.says(path, text.encode("latin-1"), then_close=True)
        answer = case.get(path)
        assert status(answer) in {200, 302, 502}, case.told(text[:100], answer[:300])
        assert len(statuses(answer)) == 1, case.told(text[:100], answer[:500])
        head = answer.partition(b"\r\n\r\n")[0]
        framing = re.findall(rb"(?im)^(?:content-length|transfer-encoding):", head)
        assert len(framing) <= 1, case.told(text[:100], head)
        assert not re.search(rb"(?im)^set-cookie: *=?(__Host-)?gateway", head), case.told(head)
        assert not re.search(rb"(?<!\r)\n|\r(?!\n)|\0", head), case.told(text[:100], head)
        nobody_else_hears(case, f"{number}")


@attack("refused-answers")
def answers_that_are_none(case: Replay) -> None:
    """Whole answers that no reader may trust: 502, and nothing of them crosses."""
    for number, text in enumerate(case.row.tries):
        path = f"/liar/{case.row.id.replace(' ', '')}{number}"
        case.place.liar.says(path, text.encode("latin-1"), then_close=True)
        answer = case.get(path)
        assert status(answer) == 502, case.told(text[:100], answer[:300])
        assert SECRET not in answer
        nobody_else_hears(case, f"{number}")


@attack("endless-answers")
def answers_without_bounds(case: Replay) -> None:
    """Heads of megabytes, thousands of fields, bombs in a coding: refused or passed on, not held."""
    (worker, *_) = workers_of(case.place.gateway.process.pid)
    before = forget_peak(worker)
    for number, kind in enumerate(case.row.tries):
        path = f"/liar/{case.row.id}{number}"
        told = {
            "value": b"HTTP/1.1 200 OK\r\nX: " + b"a" * 2**20 + b"\r\n\r\n",
            "fields": b"HTTP/1.1 200 OK\r\n" + b"X: a\r\n" * 20_000 + b"\r\n",
            "cookies": b"HTTP/1.1 200 OK\r\n" + b"Set-Cookie: a=b\r\n" * 2_000 + b"\r\n",
            "interim": b"HTTP/1.1 102 Wait\r\n\r\n" * 5_000 + plain(b"late"),
            "body": plain(b"a" * (32 * 2**20), b"Content-Encoding: gzip"),
            "reason": b"HTTP/1.1 200 " + b"O" * 2**20 + b"\r\n\r\n",
        }[kind]
        case.place.liar.says(path, told, then_close=True)
        answer = case.get(path)
        if kind == "body":
            assert len(answer) > 32 * 2**20, "passed on as it came, not decoded"
        else:
            assert status(answer) in {502, 102}, case.told(kind, answer[:200])
    assert peak_memory(worker) - before < 48 * 2**20


@attack("early-answers")
def answers_before_the_request_has_ended(case: Replay) -> None:
    """An answer before the body is read, a client that leaves midway: the next hears its own."""
    for kind in case.row.tries:
        path = f"/liar/early-{kind.replace(' ', '-')}"
        case.place.liar.says(path, plain(SECRET))
        head = case.bytes_of(
            f"POST {path} HTTP/1.1\r\nHost: {{host}}\r\nContent-Length: 1000000\r\n\r\n"
        )
        with connect(case.place.gateway.port) as leaving:
            leaving.sendall(head + b"a" * 10_000)
            if kind == "read half":
                leaving.recv(20)
            elif kind == "whole":
                leaving.sendall(b"a" * 990_000)
                leaving.recv(4096)
        nobody_else_hears(case, kind.replace(" ", "-"))


@attack("body-to-our-own-answers")
def bodies_that_nobody_reads(case: Replay) -> None:
    """A body sent to an answer of our own (302, 401, 403, 404): what stands in it is no request."""
    inner = case.bytes_of("GET /static/stowaway HTTP/1.1\r\nHost: {host}\r\n\r\n")
    for target in case.row.tries:
        for cookie in ("", f"Cookie: {case.place.anna}\r\n"):
            head = (
                f"POST {target} HTTP/1.1\r\nHost: {{host}}\r\n{cookie}Content-Length: {len(inner)}"
            )
            more = case.bytes_of(
                "GET /static/last HTTP/1.1\r\nHost: {host}\r\nConnection: close\r\n\r\n"
            )
            case.talk(case.bytes_of(head + "\r\n\r\n") + inner + more, source=INSIDE)
            seen = [one["target"] for one in case.reached()]
            assert "/static/stowaway" not in seen, case.told(target, seen)


@attack("unasked-answers")
def more_answers_than_requests(case: Replay) -> None:
    """Bytes behind an answer, or before a request: they reach no client, the connection is dropped."""
    for number, text in enumerate(case.row.tries):
        path = f"/liar/{case.row.id.replace(' ', '')}{number}"
        case.place.liar.says(path, text.encode("latin-1"), spoils=True)
        answer = case.get(path)
        assert len(statuses(answer)) <= 1 + text.count("HTTP/1.1 10"), case.told(text, answer[:500])
        nobody_else_hears(case, f"{number}")
        used = case.place.liar.used_again
        assert not used, case.told(text, "the connection was used again", used)


@attack("plain-for-tls")
def an_upstream_that_should_speak_tls(case: Replay) -> None:
    """An https upstream that answers in clear: nothing of it crosses."""
    for path in case.row.tries:
        answer = case.get(path)
        assert status(answer) == 502, case.told(path, answer[:200])
        assert b"anna" not in answer
    assert not case.place.liar.heads("/plain/")


@attack("mixed-up")
def many_people_at_once(case: Replay) -> None:
    """People whose requests are cut, split and delayed: each answer is for who asked, and for what."""
    lock = threading.Lock()
    wrong: list[bytes] = []
    sessions = ((case.place.anna, "anna"), (case.place.hedda, "hedda"))

    def visit(number: int, rounds: int) -> None:
        cookie, user = sessions[number % 2]
        for turn in range(rounds):
            target = f"/told/{number}-{turn}"
            data = case.bytes_of(
                f"GET {target} HTTP/1.1\r\nHost: {{host}}\r\nCookie: {cookie}\r\nConnection: close\r\n\r\n"
            )
            if turn % 5 == 3:  # leaves before the answer
                with connect(case.place.gateway.port, INSIDE) as leaving:
                    leaving.sendall(data)
                continue
            cut = 1 + (number * 7 + turn * 13) % (len(data) - 1)
            answer = case.talk(data[:cut], data[cut:], source=INSIDE)
            if not answer.endswith(f"\r\n\r\n{user} {target}".encode()):
                with lock:
                    wrong.append(answer[-200:])

    for people in case.row.tries:
        at_once(*[partial(visit, number, 25) for number in range(people)])
    assert not wrong, case.told(wrong[:3])


@attack("planted-reply")
def a_reply_left_on_a_connection(case: Replay) -> None:
    """An unread reply on a pooled connection to the store: nobody gets it for an answer."""
    url = EmbeddedRedis(case.place.gateway.state_dir).running_url()

    async def plant() -> None:
        link = Link(url, connections=1)
        try:
            for name in case.row.tries:
                key = f"{PREFIX}{name}"
                await link.call("SET", key, f"of-{name}", "PX", 60_000)
            for name in case.row.tries:
                connection = await link._servers._pool.get_connection()
                await connection.send_command("GET", f"{PREFIX}{case.row.tries[0]}")
                await asyncio.sleep(0.02)
                await link._servers._pool.release(connection)
                try:
                    answer = await link.call("GET", f"{PREFIX}{name}")
                except Unavailable:
                    continue
                assert answer == f"of-{name}".encode(), case.told(name, answer)
        finally:
            await link.close()

    asyncio.run(plant())
