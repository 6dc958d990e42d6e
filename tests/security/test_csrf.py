"""CSRF and logon CSRF: every form, posted by whom it was not given to (ASVS 3.5, threat T41)."""

from __future__ import annotations

import dataclasses
import re
from collections.abc import Callable
from urllib.parse import urlencode

import pytest

from gateway.auth.sealing import Sealer
from gateway.pages.form_tokens import FormTokens
from gateway.system import SystemClock, SystemEntropy
from tests.security.wall import ACCOUNT, EVIL, LOGON, LOGOUT, OTP, RESEND, RESET, Person, Wall
from tests.system.gateway import INSIDE, PASSWORD, ROOT
from tests.system.visitor import Answer, Visitor

pytestmark = [pytest.mark.system, pytest.mark.slow, pytest.mark.xdist_group("wall")]

SESSIONS, PROOF, PROOF_RESEND = (f"{ACCOUNT}/{page}" for page in ("sessions", "code", "resend"))
RESET_CODE, RESET_PASSWORD = f"{RESET}/code", f"{RESET}/password"
NEW = {"new_password": "Kvm4dripz7", "confirm_password": "Kvm4dripz7"}
FILLED = {
    LOGON: {"password": PASSWORD},
    OTP: {"code": "123456"},
    RESEND: {},
    LOGOUT: {},
    ACCOUNT: {"mobile": "+46709999999", "current_password": PASSWORD, **NEW},
    SESSIONS: {"session": "others"},
    PROOF: {"code": "123456"},
    PROOF_RESEND: {},
    RESET: {},
    RESET_CODE: {"code": "123456"},
    RESET_PASSWORD: NEW,
}
"""What a forger would fill in, form by form."""
ON_A_SESSION = {RESEND, LOGOUT, ACCOUNT, SESSIONS, PROOF, PROOF_RESEND}
FORM = "application/x-www-form-urlencoded"


@dataclasses.dataclass
class Target:
    """A browser with a session, and what it was given for one form."""

    wall: Wall
    person: Person
    browser: Visitor
    token: str
    page: str

    def fields(self, token: str | None) -> dict[str, str]:
        name = {"username": self.person.user} if self.page in {LOGON, RESET} else {}
        return {**name, **FILLED[self.page]} | ({} if token is None else {"form_token": token})

    def send(self, token: str | None, kind: str = FORM, **headers: str) -> Answer:
        body = urlencode(self.fields(token))
        fields = {"Origin": self.wall.gateway.origin, "Sec_Fetch_Site": "same-origin"} | headers
        fields = {name: value for name, value in fields.items() if value}
        return self.browser.request(
            "POST", self.page, body, Accept="text/html", Content_Type=kind, **fields
        )


def issued(wall: Wall, browser: Visitor, page: str, *, age_s: float = 0) -> str:
    """Return the token that the server would give this browser for a form, so long ago."""
    key = (wall.gateway.state_dir / "secret.key").read_text().strip().encode()
    secret = Sealer(key, SystemEntropy()).mac("form tokens")
    session = browser.cookies["gateway"] if page in ON_A_SESSION else ""
    now = SystemClock().now() - age_s
    return FormTokens(secret).issue(browser.cookies["gateway-form"], session, page, now)


@pytest.fixture(scope="module", params=FILLED)
def target(request, wall: Wall) -> Target:
    person = wall.person()
    browser = wall.inside(person)
    wall.outside(person)  # so that there is another session to end
    return Target(wall, person, browser, issued(wall, browser, request.param), request.param)


def of_another_browser(target: Target) -> str:
    other = target.wall.browser(INSIDE)
    other.get(LOGON)
    other.cookies["gateway"] = target.browser.cookies["gateway"]
    return issued(target.wall, other, target.page)


def of_another_form(target: Target) -> str:
    page = LOGOUT if target.page == LOGON else LOGON
    return issued(target.wall, target.browser, page)


def of_another_session(target: Target) -> str:
    other = Visitor(target.wall.gateway, INSIDE)
    other.cookies = target.browser.cookies | {"gateway": "A" * 43}
    if target.page not in ON_A_SESSION:
        return of_another_browser(target)
    return issued(target.wall, other, target.page)


def stale(target: Target) -> str:
    return issued(target.wall, target.browser, target.page, age_s=2 * 3600 + 5)


def from_tomorrow(target: Target) -> str:
    return issued(target.wall, target.browser, target.page, age_s=-86400)


FORGED: dict[str, Callable[[Target], Answer]] = {
    "no token": lambda target: target.send(None),
    "empty token": lambda target: target.send(""),
    "made-up token": lambda target: target.send("1790000000." + "0" * 64),
    "token of another browser": lambda target: target.send(of_another_browser(target)),
    "token of another form": lambda target: target.send(of_another_form(target)),
    "token of another session": lambda target: target.send(of_another_session(target)),
    "stale token": lambda target: target.send(stale(target)),
    "token of tomorrow": lambda target: target.send(from_tomorrow(target)),
    "Origin evil": lambda target: target.send(target.token, Origin=EVIL),
    "Origin null": lambda target: target.send(target.token, Origin="null"),
    "Origin like ours": lambda target: target.send(
        target.token, Origin=target.wall.gateway.origin + ".evil.example"
    ),
    "Origin of another port": lambda target: target.send(target.token, Origin="http://localhost:1"),
    "Origin by https": lambda target: target.send(
        target.token, Origin=target.wall.gateway.origin.replace("http:", "https:")
    ),
    "cross-site": lambda target: target.send(target.token, Sec_Fetch_Site="cross-site"),
    "same-site": lambda target: target.send(target.token, Sec_Fetch_Site="same-site"),
    "cross-site without Origin": lambda target: target.send(
        target.token, Origin="", Sec_Fetch_Site="cross-site"
    ),
    "text/plain": lambda target: target.send(target.token, "text/plain"),
    "multipart": lambda target: target.send(target.token, "multipart/form-data; boundary=x"),
    "json": lambda target: target.send(target.token, "application/json"),
    "no kind": lambda target: target.send(target.token, ""),
    "token in the query": lambda target: target.browser.request(
        "POST", f"{target.page}?form_token={target.token}", urlencode(target.fields(None)),
        Content_Type=FORM, Origin=target.wall.gateway.origin,
    ),
}  # fmt: skip


@pytest.mark.parametrize("way", FORGED)
def test_csrf(target: Target, way: str) -> None:
    wall, known = target.wall, target.wall.row(target.person)
    sent = len(wall.peer.messages(target.person.phone))
    answer = FORGED[way](target)
    assert answer.status in {403, 415}, (target.page, answer.status, answer.location)
    assert "gateway=" not in "".join(answer.headers.get_all("Set-Cookie") or [])
    assert not answer.location
    assert wall.row(target.person) == known
    assert len(wall.peer.messages(target.person.phone)) == sent
    assert wall.who(target.browser) == target.person.user, "nobody was logged off"


def test_csrf_is_what_the_tokens_are_for(target: Target) -> None:
    """The same post with its own token is no forgery: the table above is not refused for nothing."""
    answer = target.send(target.token)
    assert answer.status != 403, target.page


def test_csrf_covers_every_form() -> None:
    """Every page that takes a POST is on the list, and nothing else changes anything."""
    modules = (ROOT / "gateway" / "pages").glob("*.py")
    posts = {
        name for module in modules for name in re.findall(r"web\.post\((\w+)", module.read_text())
    }
    posts.remove("path")  # receipts of providers: a secret address, no cookie counts, no page
    assert posts == {
        "LOGON", "OTP", "RESEND", "LOGOUT", "ACCOUNT", "OWN_SESSIONS", "PROOF", "PROOF_RESEND",
        "RESET", "RESET_CODE", "RESET_PASSWORD",
    }  # fmt: skip
    assert len(posts) == len(FILLED)


def test_logon_csrf(wall: Wall) -> None:
    """Nobody is logged on as the attacker: neither by a form nor by a cookie they were given."""
    attacker, victim = wall.person(), wall.browser(INSIDE)
    theirs = wall.browser(INSIDE)
    form = theirs.get(LOGON).form()
    credentials = {"username": attacker.user, "password": PASSWORD}
    assert victim.post(LOGON, form | credentials).status == 403
    victim.cookies = dict(theirs.cookies)  # a sibling domain could toss the mark
    for headers in ({"Origin": EVIL}, {"Origin": "null"}, {"Sec_Fetch_Site": "cross-site"}):
        assert victim.post(LOGON, form | credentials, **headers).status == 403
    assert "gateway" not in victim.cookies


@pytest.mark.parametrize("page", [*FILLED, "/.gateway/language?to=sv"])
def test_csrf_by_get(wall: Wall, page: str) -> None:
    """No GET changes anything for another site; the language for none either."""
    person = wall.person() if page == LOGOUT else None
    browser = wall.inside(person) if person else wall.browser(INSIDE)
    joint = "&" if "?" in page else "?"
    query = urlencode({"username": "p000", "session": "others"} | FILLED.get(page, {}))
    answer = browser.get(f"{page}{joint}{query}", Sec_Fetch_Site="cross-site", Origin=EVIL)
    assert answer.status in {200, 302, 303, 405}
    assert "gateway-language" not in browser.cookies
    if person:
        assert wall.who(browser) == person.user
