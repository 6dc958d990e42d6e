"""Host-poisoned text: what Host and its kin claim never decides what an SMS, a link or a page says.

Elsewhere it chose the link of a reset mail, and with it who got the ticket.
"""

from __future__ import annotations

import pytest

from tests.security.wall import LOGON, RESET, Person, Wall, at_once
from tests.system.gateway import INSIDE, PASSWORD
from tests.system.visitor import Answer

pytestmark = [pytest.mark.system, pytest.mark.slow, pytest.mark.xdist_group("wall")]

EVIL = "evil.example"
CLAIMS = {
    "Host": {"Host": EVIL},
    "Host with our own behind it": {"Host": f"{EVIL}:80@localhost"},
    "Host that begins with ours": {"Host": "localhost.evil.example"},
    "X-Forwarded-Host": {"X_Forwarded_Host": EVIL},
    "X-Forwarded-Host twice": {"X_Forwarded_Host": f"localhost, {EVIL}"},
    "X-Host": {"X_Host": EVIL},
    "X-Forwarded-Server": {"X_Forwarded_Server": EVIL},
    "X-HTTP-Host-Override": {"X_HTTP_Host_Override": EVIL},
    "Forwarded": {"Forwarded": f"host={EVIL};proto=https"},
    "X-Original-URL": {"X_Original_URL": f"https://{EVIL}/"},
    "X-Forwarded-Proto": {"X_Forwarded_Proto": EVIL, "X_Forwarded_Prefix": f"//{EVIL}"},
    "X-Gateway-Host": {"X_Gateway_Host": EVIL},
    "Referer": {"Referer": f"https://{EVIL}/"},
}


def walk(wall: Wall, person: Person, headers: dict[str, str]) -> list[Answer]:
    """Log on and ask for a reset with these fields; wait for what is sent."""
    browser = wall.browser()
    form = browser.get(LOGON).form()
    pages = [browser.get(LOGON, **headers)]
    fields = form | {"username": person.user, "password": PASSWORD}
    pages.append(browser.post(LOGON, fields, **headers))
    form = browser.get(RESET).form_to(RESET)
    pages.append(browser.post(RESET, form | {"username": person.user}, **headers))
    for sent, page in enumerate(pages[1:]):
        if page.status == 303:
            wall.code(person, sent)
    return pages


def test_host_poisoned_text(wall: Wall) -> None:
    """The text of a code, of a reset and of a notice, and every page on the way."""
    claims = [(name, wall.person(), headers) for name, headers in CLAIMS.items()]
    walks = at_once(len(claims), lambda number: walk(wall, *claims[number][1:]))
    for (name, person, headers), pages in zip(claims, walks, strict=True):
        texts = wall.peer.messages(person.phone)
        assert len(texts) == (0 if "Host" in headers else 2), name
        assert not any(EVIL in text for text in texts), texts
        for page in pages:
            assert EVIL not in page.location + page.text + str(page.headers), name


@pytest.mark.parametrize("claim", CLAIMS)
def test_host_poisoned_redirect(wall: Wall, claim: str) -> None:
    """Where the front door sends somebody is a path, whatever host was claimed."""
    answer = wall.browser().get("/anything", **CLAIMS[claim])
    assert answer.status in {302, 400, 404, 421}
    assert answer.location.startswith("/.gateway/") or not answer.location


def test_host_poisoned_identity(wall: Wall) -> None:
    """The upstream is told our own host and scheme, by a browser's claims too."""
    browser = wall.inside(wall.person())
    answer = browser.get("/debug/echo", X_Forwarded_Host=EVIL, Forwarded=f"host={EVIL}")
    assert EVIL not in answer.text
    assert browser.source == INSIDE
