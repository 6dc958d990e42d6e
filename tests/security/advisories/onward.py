"""Where a logon or a log-off leads on to: our own origin, whoever reads the Location."""

from __future__ import annotations

import re
from urllib.parse import quote, unquote, urlsplit

from tests.security.advisories.replay import Replay, attack, location, status
from tests.security.attacker import LOGON
from tests.system.gateway import INSIDE, PASSWORD
from tests.system.visitor import Visitor

LOGOUT = "/.gateway/logout"


def leaves(where: str) -> bool:
    """Whether a browser that is told this Location leaves our origin (WHATWG URL, basic parser).

    Judged in every decoding too, for portals that redirect to what they decode.
    """
    for _ in range(4):
        text = re.sub("[\t\r\n]", "", where.strip("".join(map(chr, range(33)))))
        if re.match(r"[A-Za-z][A-Za-z0-9+.-]*:", text) or re.match(r"[/\\]{2}", text):
            return True
        where = unquote(where)
    return False


@attack("way-back", people=True)
def a_way_back_that_leaves(case: Replay) -> None:
    """As `next` of a page for somebody logged on, and of a real logon: it never leaves."""
    for way in case.row.tries:
        for value in {
            quote(way.encode("latin-1"), safe=""),
            quote(way.encode("latin-1"), safe="/\\:@?&=%;"),
        }:
            answer = case.get(f"{LOGON}?next={value}", cookie=case.place.anna, source=INSIDE)
            told(case, way, location(answer), answer)
    browser = Visitor(case.place.gateway, INSIDE)
    way = case.row.tries[0]
    form = browser.get(f"{LOGON}?next={quote(way.encode('latin-1'), safe='')}").form_to(LOGON)
    done = browser.post(LOGON, form | {"username": case.victim, "password": PASSWORD, "next": way})
    assert done.status == 303, case.told(way, done.status)
    assert not leaves(done.location), case.told(way, done.location)
    assert "evil" not in urlsplit(done.location).netloc


def told(case: Replay, way: str, where: str, answer: bytes) -> None:
    assert status(answer) in {200, 303, 302, 400}, case.told(way, answer[:300])
    assert not leaves(where), case.told(way, where)
    head = answer.partition(b"\r\n\r\n")[0]
    assert b"\r\nX-Injected" not in head, case.told(way, head)
    if status(answer) in {302, 303}:
        assert where.startswith("/"), case.told(way, where)


@attack("log-off-way", people=True)
def a_log_off_that_leads_elsewhere(case: Replay) -> None:
    """`next` beside a log-off, in query and form: the log-off leads to the logon alone."""
    for way in case.row.tries:
        browser = Visitor(case.place.gateway, INSIDE)
        browser.log_on(case.victim)
        page = browser.get(f"{LOGOUT}?next={quote(way, safe='')}")
        assert not leaves(page.location), case.told(way, page.location)
        form = page.form_to(LOGOUT) | {"next": way}
        done = browser.post(f"{LOGOUT}?next={quote(way, safe='')}", form)
        assert done.location.startswith(LOGON), case.told(way, done.location)
        assert "evil" not in done.location


@attack("nested-way", people=True)
def a_way_back_with_another_inside(case: Replay) -> None:
    """A way back that carries a further one: kept as it is, or the one inside is judged too."""
    for way in case.row.tries:
        answer = case.get(
            f"{LOGON}?next={quote(way, safe='')}", cookie=case.place.anna, source=INSIDE
        )
        told(case, way, location(answer), answer)
        second = case.get(location(answer) or "/", cookie=case.place.anna, source=INSIDE)
        if status(second) in {302, 303}:
            assert not leaves(location(second)), case.told(way, location(second))
