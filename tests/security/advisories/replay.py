"""One row of advisories.toml on its way: the place, people and addresses of its own, raw bytes.

An attack is a function of a `Replay`, found by its name; `row.tries` is what this row sends.
"""

from __future__ import annotations

import contextlib
import dataclasses
import re
import tomllib
from collections.abc import Callable
from functools import cache
from pathlib import Path
from typing import Any

from click.testing import CliRunner, Result

from gateway.cli.root import portvakt
from tests.security import attacker
from tests.security.advisories.liar import Liar
from tests.system.gateway import OUTSIDE
from tests.system.raw import connect

DATA = Path(__file__).parents[1] / "advisories.toml"
STOWAWAY = "/static/stowaway"
"""What a smuggled request asks for: open to everybody, so that it would be seen upstream."""
MARK = "/static/mark"


@dataclasses.dataclass(frozen=True)
class Row:
    """One published hole, or one of a class (`class-…`), in our words."""

    id: str
    kind: str
    about: str
    attack: str
    tries: tuple[Any, ...] = ()


@cache
def rows() -> tuple[Row, ...]:
    """Return every row of the data file."""
    listed = tomllib.loads(DATA.read_text("utf-8"))["advisory"]
    return tuple(
        Row(one["id"], one["class"], one["about"], one["attack"], tuple(one.get("tries", ())))
        for one in listed
    )


@dataclasses.dataclass
class Place(attacker.Place):
    """The gateway, the portal, a hostile upstream, phones, and two sessions inside."""

    liar: Liar
    anna: str = ""
    """The Cookie value of somebody without groups who logged on inside with a password."""
    hedda: str = ""
    """The same of somebody in the group hr."""
    listed: str = ""
    """The id of anna's session as operators see it."""

    def operate(self, *words: str, stdin: str = "") -> Result:
        """Run a portvakt command on this configuration, in this process: an interpreter is dear."""
        command = [*words, "--config", str(self.gateway.config)]
        return CliRunner().invoke(portvakt, command, input=stdin)

    @property
    def host(self) -> str:
        return f"localhost:{self.gateway.port}"


@dataclasses.dataclass
class Replay(attacker.Case):
    """One row being replayed."""

    place: Place
    row: Row = dataclasses.field(kw_only=True)

    def told(self, *words: object) -> str:
        """Return words for an assertion that fails."""
        return " ".join((self.row.id, *map(repr, words)))

    def bytes_of(self, text: str) -> bytes:
        """Return a text of the data file as it goes over the wire: a character is a byte."""
        port = str(self.place.gateway.port)
        filled = text.replace("{host}", self.place.host).replace("{port}", port)
        return filled.encode("latin-1")

    def talk(self, *pieces: bytes, source: str = OUTSIDE, patience: float = 6.0) -> bytes:
        """Send on a connection of its own; return all that comes until the gateway closes.

        Fails when it does not close: what is sent must end the connection one way or another.
        """
        received = bytearray()
        with connect(self.place.gateway.port, source, patience) as connection:
            with contextlib.suppress(ConnectionError):
                for piece in pieces:
                    connection.sendall(piece)
            try:
                while data := connection.recv(65536):
                    received += data
            except ConnectionResetError:
                pass
            except TimeoutError:
                raise AssertionError(self.told("left open", bytes(received[:300]))) from None
        return bytes(received)

    def get(self, target: str, *lines: str, cookie: str = "", source: str = OUTSIDE) -> bytes:
        """Return the whole answer to a GET that closes afterwards; lines may hold any byte."""
        fields = [f"Cookie: {cookie}"] if cookie else []
        return self.ask("GET", target, *fields, *lines, source=source)

    def ask(self, method: str, target: str, *lines: str, source: str = OUTSIDE) -> bytes:
        """Return the whole answer to a request without a body that closes afterwards."""
        head = [f"{method} {target} HTTP/1.1", f"Host: {self.place.host}", *lines]
        text = "\r\n".join([*head, "Connection: close", "", ""])
        return self.talk(self.bytes_of(text), source=source)

    def reached(self) -> list[dict]:
        """Return what reached the portal since the last call, once a mark behind it is there."""
        self.get(MARK)
        seen = self.place.stub.new_requests()
        return [request for request in seen if request["target"] != MARK]


def status(answer: bytes) -> int:
    """Return the status of a raw answer, 0 when the connection ended without one."""
    found = re.match(rb"HTTP/1\.1 (\d{3})", answer)
    return int(found[1]) if found else 0


def statuses(answer: bytes) -> list[int]:
    """Return the statuses of all answers on a connection."""
    return [int(code) for code in re.findall(rb"^HTTP/1\.1 (\d{3}) ", answer, re.MULTILINE)]


def location(answer: bytes) -> str:
    """Return the Location of a raw answer; there is at most one."""
    head = answer.partition(b"\r\n\r\n")[0]
    found = re.findall(rb"(?im)^location: ([^\r]*)\r?$", head)
    assert len(found) <= 1, found
    return found[0].decode("latin-1") if found else ""


def fold(name: str) -> str:
    """Return a field name as servers that fold names read it."""
    return re.sub("[^a-z0-9]", "", name.lower())


def fields(request: dict, name: str) -> list[str]:
    """Return the values of every field of a portal's record that folds to `name`."""
    return [value for key, value in request["headers"] if fold(key) == fold(name)]


Attack = Callable[[Replay], None]
ATTACKS: dict[str, Attack] = {}
WITH_PEOPLE: set[str] = set()


def attack(name: str, *, people: bool = False) -> Callable[[Attack], Attack]:
    """Enter an attack under its name; with `people` each of its rows has two accounts."""

    def listed(function: Attack) -> Attack:
        assert name not in ATTACKS, name
        ATTACKS[name] = function
        if people:
            WITH_PEOPLE.add(name)
        return function

    return listed
