"""One gateway for all attacks on the logon: portal, phones, and people who are attacked once each.

The portal's own record, the directory's rows and what arrives on phones are the judges, never an
answer's status alone. Each person and each address belongs to one attack.
"""

from __future__ import annotations

import dataclasses
import http.client
import itertools
import json
import re
import socket
import sqlite3
import threading
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from urllib.parse import urlsplit

from tests.system.gateway import INSIDE, PASSWORD, RunningGateway, Stub, wait_for
from tests.system.sms_peer import SmsPeer
from tests.system.visitor import Answer, Visitor

PEOPLE = 150
PROXY = "127.0.0.7"
"""The address of the one trusted proxy."""
LOGON, OTP, RESEND, LOGOUT, LANGUAGE, ACCOUNT, RESET, APPS, HELP = (
    f"/.gateway/{page}"
    for page in (
        "logon", "otp", "otp/resend", "logout", "language", "account", "reset", "apps", "help",
    )
)  # fmt: skip
EVIL = "https://evil.example"


@dataclasses.dataclass(frozen=True)
class Person:
    """Somebody in the directory whose password is PASSWORD."""

    user: str
    phone: str


@dataclasses.dataclass
class Wall:
    """The gateway under attack, and what stands around it."""

    gateway: RunningGateway
    stub: Stub
    peer: SmsPeer
    people: Iterator[Person]
    addresses: Iterator[str] = dataclasses.field(
        default_factory=lambda: (f"127.0.{a}.{b}" for a in range(20, 250) for b in range(1, 250))
    )

    def person(self) -> Person:
        """Return somebody whom nobody has attacked yet."""
        return next(self.people)

    def browser(self, source: str | None = None) -> Visitor:
        """Return a new browser outside, at an address of its own, or where `source` says."""
        return Visitor(self.gateway, source or next(self.addresses))

    def inside(self, person: Person) -> Visitor:
        """Return a browser in the office that has logged on with the password alone."""
        browser = self.browser(INSIDE)
        assert browser.password(person.user).status == 303
        assert "gateway" in browser.cookies
        return browser

    def outside(self, person: Person, browser: Visitor | None = None) -> Visitor:
        """Return a browser outside that has logged on with a code."""
        browser = browser or self.browser()
        before = len(self.peer.messages(person.phone))
        assert browser.password(person.user).location.startswith(OTP)
        assert browser.code(self.code(person, before)).status == 303
        return browser

    def again(self, person: Person, browser: Visitor) -> Answer:
        """Post the logon's form in a browser that may hold a session already."""
        form = browser.get(f"{LOGON}?notice=session-idle").form()
        return browser.post(LOGON, form | {"username": person.user, "password": PASSWORD})

    def code(self, person: Person, before: int = 0) -> str:
        """Return the newest code on a phone, once there are more messages than `before`."""
        wait_for(lambda: len(self.peer.messages(person.phone)) > before, "a message", 20)
        return self.peer.code(person.phone)

    def who(self, browser: Visitor) -> str | None:
        """Return as whom a browser reaches the portal, by what the portal was told."""
        answer = browser.get("/debug/echo")
        if answer.status != 200:
            assert answer.location.startswith((LOGON, OTP)), (answer.status, answer.location)
            return None
        return dict(json.loads(answer.body)["headers"]).get("X-Remote-User")

    def row(self, person: Person) -> tuple[str | None, str]:
        """Return number and password hash as the directory has them."""
        file = self.gateway.state_dir / "directory.sqlite3"
        with sqlite3.connect(file) as connection:
            one = "SELECT mobile, password_hash FROM users WHERE user_name = ?"
            found = connection.execute(one, (person.user,)).fetchone()
        connection.close()
        return found

    def lines_about(self, person: Person) -> list[dict]:
        """Return the audit's lines about somebody."""
        return [line for line in self.gateway.audit() if line["user"] == person.user]


def wrong(code: str, by: int = 1) -> str:
    """Return another code."""
    return f"{(int(code) + by) % 10**6:06}"


def people() -> list[Person]:
    """Return everybody in the directory."""
    return [Person(f"p{n:03}", f"+46705000{n:03}") for n in range(PEOPLE)]


def at_once(count: int, work) -> list:
    """Run `work(number)` in so many threads that begin at the same moment."""
    barrier = threading.Barrier(count)

    def begin(number: int):
        barrier.wait(30)
        return work(number)

    with ThreadPoolExecutor(count) as pool:
        return list(pool.map(begin, range(count)))


class Line:
    """One kept-open connection for many requests of a stranger or a proxy."""

    def __init__(self, gateway: RunningGateway, source: str) -> None:
        self._port, self._source = gateway.port, source
        self._connection = self._connect()

    def _connect(self) -> http.client.HTTPConnection:
        return http.client.HTTPConnection(
            "127.0.0.1", self._port, timeout=30, source_address=(self._source, 0)
        )

    def ask(self, method: str, target: str, body: str | None = None, **fields: str) -> Answer:
        """Send one request; `target` goes out as it is, whatever it holds."""
        named = {name.replace("_", "-"): value for name, value in fields.items()}
        connection = self._connection
        connection._validate_path = lambda _: None  # type: ignore[method-assign]  # hostile on purpose
        connection._encode_request = lambda text: text.encode("latin-1")  # type: ignore[method-assign]  # as above
        connection.putrequest(method, target, skip_host=True, skip_accept_encoding=True)
        for name, value in ({"Host": f"localhost:{self._port}"} | named).items():
            connection.putheader(name, value)
        data = None if body is None else body.encode()
        if data is not None:
            connection.putheader("Content-Length", str(len(data)))
        connection.endheaders(data)
        answer = connection.getresponse()
        found = Answer(answer.status, answer.headers, answer.read())
        if answer.will_close:
            connection.close()
        return found

    def close(self) -> None:
        """Close the connection."""
        self._connection.close()


def raw(gateway: RunningGateway, data: bytes, source: str) -> bytes:
    """Send bytes and return all that comes until the other end closes."""
    with socket.create_connection(("127.0.0.1", gateway.port), 20, (source, 0)) as connection:
        connection.sendall(data)
        return b"".join(iter(lambda: connection.recv(65536), b""))


def post_forms(page: Answer) -> list[tuple[str, dict[str, str]]]:
    """Return path and hidden fields of each form of a page."""
    actions = re.findall(r'<form[^>]* method="post" action="([^"]+)"', page.text)
    return [(urlsplit(one).path, page.form(number)) for number, one in enumerate(actions)]


def spray(wall: Wall, person: Person, tries: int) -> None:
    """Try wrong passwords for somebody, each from another address with a fresh browser."""
    for source in itertools.islice(wall.addresses, tries):
        Visitor(wall.gateway, source).password(person.user, PASSWORD + "x")
