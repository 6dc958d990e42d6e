"""Targets and hosts: what is judged is what is sent, in whatever spelling it comes."""

from __future__ import annotations

import re
from urllib.parse import unquote

from tests.security.advisories.replay import Replay, attack, location, status
from tests.system.gateway import INSIDE

LETTERS = str.maketrans(
    "ＡＢＣＤＥＦＧＨＩＪＫＬＭＮＯＰＱＲＳＴＵＶＷＸＹＺ／．", "ABCDEFGHIJKLMNOPQRSTUVWXYZ/."
)


def readings(target: str) -> set[str]:
    """Return the paths that servers with other habits would read in a target."""
    path = re.sub("^https?://[^/]*", "", target.partition("?")[0].partition("#")[0])
    found = {path}
    for _ in range(3):
        found |= {unquote(one, "latin-1") for one in found}
        found |= {unquote(one, "utf-8", "replace").translate(LETTERS) for one in found}
        found |= {one.replace("\\", "/") for one in found}
        found |= {re.sub(";[^/]*", "", one) for one in found}
        found |= {re.sub("/+", "/", one) for one in found}
        found |= {_without_dots(one) for one in found}
        found |= {one.partition("\0")[0] for one in found}
    return {one.lower() for one in found}


def _without_dots(path: str) -> str:
    kept: list[str] = []
    for segment in path.split("/")[1:]:
        if segment == "..":
            del kept[-1:]
        elif segment != ".":
            kept.append(segment)
    return "/" + "/".join(kept)


@attack("into-hr")
def a_closed_place_spelled_otherwise(case: Replay) -> None:
    """Somebody without the group: nothing that any server reads as /hr/ is sent on."""
    for target in case.row.tries:
        answer = case.get(target, f"Cookie: {case.place.anna}", source=INSIDE)
        for request in case.reached():
            inside = {one for one in readings(request["target"]) if f"{one}/".startswith("/hr/")}
            assert not inside, case.told(target, request["target"])
            assert request["target"] == target, case.told("rewritten", target, request)
        assert status(answer) in {200, 400, 403, 404}, case.told(target, answer[:200])


@attack("out-of-static")
def an_open_place_as_a_way_in(case: Replay) -> None:
    """Without a session: whatever is sent on stays in /static/ for every server that reads it."""
    for target in case.row.tries:
        answer = case.get(target)
        assert status(answer) in {200, 302, 400, 401, 403, 404}, case.told(target, answer[:200])
        for request in case.reached():
            outside = {one for one in readings(request["target"]) if not one.startswith("/static/")}
            assert not outside, case.told(target, request["target"], outside)


@attack("guarded-whatever")
def a_guarded_place_asked_for_oddly(case: Replay) -> None:
    """Without a session: methods, fragments and fields open nothing. A try is "METHOD target"."""
    for text in case.row.tries:
        start, *lines = text.split("\n")
        method, target = start.split(" ", 1)
        answer = case.ask(method, target, *lines)
        assert status(answer) in {302, 400, 401, 403, 405, 501}, case.told(text, answer[:200])
        seen = case.reached()
        assert seen == [], case.told(text, seen)


@attack("other-methods")
def a_method_in_place_of_the_one_that_is_allowed(case: Replay) -> None:
    """Fields that frameworks take for the method, where GET and POST are allowed: refused."""
    for text in case.row.tries:
        method, *lines = text.split("\n")
        cookie = f"Cookie: {case.place.anna}"
        answer = case.ask(method, "/read/debug/echo", cookie, *lines, source=INSIDE)
        assert status(answer) == 403, case.told(text, answer[:200])
        assert b"method-not-allowed" in answer, case.told(text, answer[:500])
        assert case.reached() == [], case.told(text)
    allowed = case.ask("POST", "/read/debug/echo", cookie, "X-HTTP-Method: get", source=INSIDE)
    assert status(allowed) != 403, case.told(allowed[:200])


@attack("hosts")
def names_of_the_host(case: Replay) -> None:
    """Host lines with a session: the same rule as ever, or refused. A try is all Host lines."""
    for lines in case.row.tries:
        text = f"GET /hr/ HTTP/1.1\r\n{lines}\r\nCookie: {case.place.anna}\r\n"
        answer = case.talk(case.bytes_of(f"{text}Connection: close\r\n\r\n"), source=INSIDE)
        assert status(answer) in {400, 403, 404}, case.told(lines, answer[:200])
        assert case.reached() == [], case.told(lines)


@attack("host-patterns")
def hosts_like_a_routes_host(case: Replay) -> None:
    """Hosts that only look like the one of a route: its open place is not opened."""
    port = case.place.gateway.port
    for name in case.row.tries:
        text = f"GET /only/x HTTP/1.1\r\nHost: {name}:{port}\r\nConnection: close\r\n\r\n"
        assert status(case.talk(case.bytes_of(text))) == 400, case.told(name)
        assert case.reached() == [], case.told(name)
    for name in ("a.example.se", "A.Example.SE.", "x.wild.example.se"):
        text = f"GET /only/x HTTP/1.1\r\nHost: {name}:{port}\r\nConnection: close\r\n\r\n"
        case.talk(case.bytes_of(text))
        assert len(case.reached()) == 1, case.told(name)


@attack("redirect-of-the-front-door")
def targets_that_leave_by_a_redirect(case: Replay) -> None:
    """Without a session: a Location leads to our own pages, or there is none."""
    for target in case.row.tries:
        answer = case.get(target, "Sec-Fetch-Mode: navigate", "Accept: text/html")
        assert status(answer) in {302, 303, 307, 308, 400, 401, 404, 200}, case.told(target, answer)
        where = location(answer)
        assert where == "" or re.match(r"/\.gateway/", where), case.told(target, where)
    assert case.reached() == []
