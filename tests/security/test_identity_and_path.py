"""Who asks, from where and for what, spelled in every way: the portal's own record is the judge.

Each row of `tests/security/spellings/` is sent without a session, with one that may not enter /hr/ and
with one that may. Every request comes from an address of its own, by which the record is told apart.
"""

from __future__ import annotations

import asyncio
import base64
import json
import re
from dataclasses import dataclass, field

import pytest

from tests.security.spellings import Answer, Row, ask, head, rows
from tests.system.gateway import INSIDE, running_gateway, running_stub
from tests.system.readings import is_under, readings
from tests.system.visitor import Answer as VisitorAnswer
from tests.system.visitor import Visitor
from tests.wire.recorder import Recorder, Seen, bound

pytestmark = [pytest.mark.system, pytest.mark.slow]
PROXY = "127.0.0.3"
ROUTES = """
[[route]]
path = "/static/"
upstream = "portal"
public = true

[[route]]
path = "/hr/"
upstream = "portal"
groups = ["hr"]

[[route]]
path = "/"
upstream = "portal"
"""
IDENTITY = {
    "nobody": {},
    "anna": {"X-Remote-User": "anna", "X-Remote-Name": "Anna A", "X-Remote-Groups": "staff"},
    "siv": {"X-Remote-User": "siv", "X-Remote-Name": "Siv S", "X-Remote-Groups": "staff,hr"},
}
OURS = re.compile(
    "x?forward|x?remote|xgateway|xoriginal|xrewrite|xrequestid|x?realip|.*clientip|cfconnecting|"
    "fastly|xazure|xappengine|xenvoy|xhost|xhttphost|x?scheme|xurlscheme|frontend|proxy$|xproxyuser"
)
AT_ONCE = 60
WHO = tuple(IDENTITY)


@dataclass
class Sent:
    """One request: the row, who sent it and where to, the answer and what the portal saw."""

    row: Row
    who: str
    target: str
    answer: Answer
    seen: list[Seen]


class Poisoned(Visitor):
    """A browser whose requests all claim another host, as a neighbour or a page may make them."""

    answers: list[VisitorAnswer]

    def request(self, method: str, path: str, body=None, **headers: str) -> VisitorAnswer:
        claims = dict.fromkeys(("X_Forwarded_Host", "Forwarded_Host", "X_Host"), "evil.example")
        claims["Forwarded"] = "host=evil.example;proto=https"
        answer = super().request(method, path, body, **claims, **headers)
        self.answers = [*getattr(self, "answers", []), answer]
        return answer


@dataclass
class Place:
    """A gateway, the sessions of people, and everything that was sent."""

    port: int
    recorder: Recorder
    cookies: dict[str, bytes]
    told: list[str]
    """What a browser and a phone were told in a logon whose requests claim another host."""
    sent: dict[str, list[Sent]] = field(default_factory=dict)
    sources: int = 0
    turn: asyncio.Semaphore = field(default_factory=lambda: asyncio.Semaphore(AT_ONCE))

    @property
    def host(self) -> bytes:
        return b"Host: localhost:%d" % self.port

    async def send(self, table: str, row: Row, who: str, target: str, data: bytes) -> None:
        """Send one request from an address that nobody else has."""
        self.sources += 1
        source = f"127.40.{self.sources // 250}.{self.sources % 250 + 1}"
        async with self.turn:
            answer = await ask(self.port, source, data)
        seen = self.recorder.seen[source]
        self.sent.setdefault(table, []).append(Sent(row, who, target, answer, seen))

    async def send_through_proxy(self, row: Row, who: str, target: str) -> None:
        """Send one request of the trusted proxy; the record is told apart by the target."""
        data = head(target.encode(), self.host, self.cookies[who], row.raw(self.port))
        async with self.turn:
            answer = await ask(self.port, PROXY, data)
        found = [one for all_ in self.recorder.seen.values() for one in all_]
        seen = [one for one in found if one.target == target]
        self.sent.setdefault("addresses", []).append(Sent(row, who, target, answer, seen))

    def jobs(self):
        """Yield all that is to be sent."""
        for row in rows("fields"):
            goals = [(who, "/hr/x") for who in WHO] + [("anna", "/x"), ("nobody", "/static/x")]
            for who, target in goals:
                data = head(target.encode(), self.host, self.cookies[who], row.raw(self.port))
                yield self.send("fields", row, who, target, data)
        for row in rows("targets"):
            for who in WHO:
                raw = row.raw(self.port)
                data = head(raw, self.host, self.cookies[who])
                yield self.send("targets", row, who, raw.decode("latin-1"), data)
        for row in rows("hosts"):
            goals = [(who, "/hr/x") for who in WHO] + [("nobody", "/.gateway/logon?next=/hr/x")]
            for who, target in goals:
                data = head(
                    target.encode(), row.raw(self.port), self.cookies[who], b"Accept: text/html"
                )
                yield self.send("hosts", row, who, target, data)
        for row in rows("proxy_headers"):
            data = row.raw(self.port) + head(b"/static/x", self.host)
            yield self.send("proxy_headers", row, "nobody", "/static/x", data)
        for row in rows("addresses"):
            yield self.send_through_proxy(row, "nobody", f"/static/a{row.number}")
            yield self.send_through_proxy(row, "bo", f"/hr/a{row.number}")


@pytest.fixture(scope="module")
def place(tmp_path_factory):
    recorder = Recorder(bound())
    directory = tmp_path_factory.mktemp("spellings")
    with (
        running_stub(directory) as stub,
        running_gateway(
            directory,
            portal=recorder.url,
            phone=stub.phone,
            routes=ROUTES,
            listen=f'trusted_proxies = ["{PROXY}/32"]',
        ) as gateway,
    ):
        gateway.add_users(
            "anna,Anna A,0701740605,staff", "siv,Siv S,0701740606,staff;hr", "bo,Bo B,,hr"
        )
        cookies, told = {"nobody": b""}, []
        for who in ("anna", "siv", "bo"):
            visitor = Poisoned(gateway, INSIDE if who == "bo" else "127.0.0.1")
            visitor.log_on(who, stub, way="/hr/")
            told += [f"{answer.headers}{answer.text}" for answer in visitor.answers]
            cookies[who] = b"Cookie: gateway=" + visitor.cookies["gateway"].encode()
        told += [message["message"] for message in stub.messages()]
        found = Place(gateway.port, recorder, cookies, told)

        async def run() -> None:
            async with recorder.serving():
                await asyncio.gather(*found.jobs())

        asyncio.run(run())
        yield found


def identity(seen: Seen) -> dict[str, list[str]]:
    """Return the fields that only the gateway may write, by their spelling."""
    told: dict[str, list[str]] = {}
    for line in seen.head[1:]:
        name, _, value = line.partition(": ")
        if OURS.match(re.sub("[^a-z0-9]", "", name.lower())):
            told.setdefault(name, []).append(value)
    return told


def is_own(seen: Seen, who: str, port: int) -> bool:
    """Whether a request says what the gateway knows, once each, and nothing that was claimed."""
    told = identity(seen)
    for name in ("X-Forwarded-For", "X-Request-Id"):
        if len(told.pop(name, [])) != 1:
            return False
    expected = {"X-Forwarded-Proto": ["http"], "X-Forwarded-Host": seen.values("host")}
    if who != "nobody":
        (assertion,) = told.pop("X-Gateway-Assertion")
        payload = assertion.split(".")[1]
        claims = json.loads(base64.urlsafe_b64decode(payload + "=" * (-len(payload) % 4)))
        if claims["sub"] != who:
            return False
        expected |= {name: [value] for name, value in IDENTITY[who].items()}
        if told.pop("X-Remote-Email", [""]) != [""]:
            return False
    no_claim = not any("evil" in line for line in seen.head if not line.startswith(_SAID_BY_OTHERS))
    return told == expected and no_claim and len(seen.values("host")) == 1


_SAID_BY_OTHERS = (
    "Origin", "Referer", "Proxy-Host", "Base-Url", "Http-Url", "Request-Uri", "Destination",
)  # fmt: skip
"""Fields of the page or the application, which cross as they are and say nothing of ours."""


def test_fields(place: Place) -> None:
    """Whatever a field claims, the portal reads whom the gateway knows, or nothing."""
    wrong = []
    for one in place.sent["fields"]:
        may = (
            one.target == "/static/x"
            or one.who == "siv"
            or (one.who == "anna" and one.target == "/x")
        )
        passes = one.row.fate == "passes"
        refusals = {"nobody": {302, 401}, "anna": {403}}.get(one.who, set())
        good = (
            len(one.seen) == 1 and is_own(one.seen[0], one.who, place.port)
            if passes and may
            else not one.seen and one.answer.status in (refusals if passes else {400})
        )  # fmt: skip
        if not good:
            wrong.append((one.row.text, one.who, one.target, one.answer.status, one.seen))
    assert wrong == []


def test_targets(place: Place) -> None:
    """What any server reads as guarded is entered by nobody else, and sent on byte for byte."""
    wrong = []
    for one in place.sent["targets"]:
        asked = re.sub(r"^https?://[^/]+", "", one.target, flags=re.IGNORECASE)
        public = one.row.fate == "sent" and one.target.startswith("/static/")
        sent = [asked] if one.row.fate == "sent" and (public or one.who == "siv") else []
        guarded = [
            seen.target
            for seen in one.seen
            if one.who != "siv"
            and not all(is_under(way, "/static") for way in readings(seen.target))
        ]
        status = (
            {"nobody": {302, 401}, "anna": {403}}.get(one.who) if one.row.fate == "sent" else None
        )
        status = {200} if sent else status or {int(one.row.fate)}
        good = [seen.target for seen in one.seen] == sent and one.answer.status in status
        if guarded or not good or not all(is_own(seen, one.who, place.port) for seen in one.seen):
            wrong.append((one.row.text, one.who, one.answer.status, [s.target for s in one.seen]))
    assert wrong == []


def test_hosts(place: Place) -> None:
    """No host but ours is answered, and none that was claimed comes back or goes on."""
    wrong = []
    for one in place.sent["hosts"]:
        ours, may = one.row.fate == "ours", one.who == "siv"
        page = one.target.startswith("/.gateway")
        status = {200} if may or page else {"nobody": {302}, "anna": {403}}[one.who]
        good = (
            one.answer.status in (status if ours else {400})
            and len(one.seen) == (ours and may)
            and b"evil" not in one.answer.raw
            and one.answer.location in {"", "/.gateway/logon?next=/hr/x"}
            and all(is_own(seen, one.who, place.port) for seen in one.seen)
        )
        if not good:
            wrong.append((one.row.text, one.who, one.target, one.answer.raw[:300], one.seen))
    assert wrong == []


def test_a_logon_names_no_host_but_ours(place: Place) -> None:
    """Redirects, pages and texts of a logon whose every request claims another host."""
    assert len(place.told) > 10
    assert any("@localhost #" in text for text in place.told)
    assert not [text for text in place.told if "evil" in text]


def test_addresses(place: Place) -> None:
    """A trusted proxy's word names one client or nobody; the office's session works from there alone."""
    wrong = []
    for one in place.sent["addresses"]:
        client = [] if one.row.fate == "-" else [one.row.fate]
        if one.who == "nobody":
            good = [seen.values("xforwardedfor") for seen in one.seen] == [client]
        else:
            inside = client == [INSIDE]
            good = len(one.seen) == inside and (one.answer.status == 200) == inside
        if not good:
            wrong.append((one.row.text, one.row.fate, one.who, one.answer.status, one.seen))
    assert wrong == []


def test_proxy_headers_of_strangers(place: Place) -> None:
    wrong = [one for one in place.sent["proxy_headers"] if one.seen or one.answer.status != 400]
    assert wrong == []


def test_the_record_holds_nothing_else(place: Place) -> None:
    assert place.recorder.faults == []
    counted = sum(len(one.seen) for sent in place.sent.values() for one in sent)
    assert counted == sum(map(len, place.recorder.seen.values()))
    assert counted > 500
