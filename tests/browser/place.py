"""The place a browser is led to: relay, gateway, stub portal and phone, and people with accounts."""

from __future__ import annotations

import contextlib
import dataclasses
import itertools
import signal
import tempfile
import urllib.parse
import urllib.request
from collections.abc import Iterator
from pathlib import Path

from tests.browser.relay import Relay, running_relay
from tests.conftest import RedisServer, start_redis
from tests.system.gateway import (
    RunningGateway,
    Stub,
    free_port,
    running_gateway,
    running_stub,
    stored,
)

_FIRST_NUMBER = 46701740605
"""The first of the numbers that the Swedish authority keeps for fiction: 070-1740605 to -99."""
_NUMBERS = 95
GROUP = "staff;systems"
KINDS = ("anna", "bo", "siv", "eva")
"""Names of the accounts: with a number, without one, in hr, with systems to choose from."""

_TABLES = """[one_time_password]
resend_after = "1s"

[lockout]
address = "5000/5m"
user = "8/1h"

[self_service]
{self_service}

[redis]
url = "{redis}"

[[upstream]]
name = "dead"
url = ["http://127.0.0.1:{dead}"]
timeout = {{ connect = "2s" }}
"""
_ROUTES = """[[route]]
path = "/static/"
upstream = "portal"
public = true

[[route]]
host = "localhost"
path = "/"
upstream = "portal"

[[route]]
host = "localhost"
path = "/hr/"
upstream = "portal"
groups = ["hr"]

[[route]]
host = "localhost"
path = "/dead/"
upstream = "dead"

[[route]]
host = "partner.localhost"
path = "/partner/"
upstream = "portal"
"""
_SYSTEMS = {
    "Lön och förmåner": 'path = "/lon"\nicon = "money"\nsecond_factor = "always"',
    "Dokument och rutiner för alla uppdrag i regionen": 'path = "/dokument"\nicon = "document"',
    "Larmcentralen": 'path = "/larm/"\nicon = "shield"\nnetworks = ["corporate"]',
    "Fordon och nycklar": 'path = "/fordon/"\nicon = "car"',
    "Securitasskolan": 'path = "/skola/"\nicon = "cap"',
    "Ärenden": 'path = "/arenden/"',
    "Kundernas avtal": 'host = "partner.localhost"\npath = "/avtal/"\nicon = "people"',
}
"""Routes with a title, all of them for members of one group only."""


@dataclasses.dataclass(frozen=True)
class Account:
    """An account whose password is PASSWORD; `mobile` is "" or in E.164."""

    user: str
    name: str
    mobile: str = ""
    groups: str = "staff"


@dataclasses.dataclass
class Place:
    """Everything that runs, and accounts that no other test has used."""

    gateway: RunningGateway
    stub: Stub
    relay: Relay
    redis: RedisServer
    with_number: Iterator[Account]
    without_number: Iterator[Account]
    in_hr: Iterator[Account]
    with_systems: Iterator[Account]

    @property
    def origin(self) -> str:
        return self.gateway.origin

    def origin_of(self, host: str) -> str:
        """Return the origin of another host name of this machine."""
        return f"http://{host}:{self.relay.port}"

    def phone_of(self, account: Account) -> str:
        """Return the address of the page that shows this phone."""
        return f"{self.stub.phone}/?to={urllib.parse.quote(account.mobile)}"

    def messages(self, account: Account) -> list[str]:
        """Return the texts that reached this phone, oldest first."""
        return [message["message"] for message in self.stub.messages(account.mobile)]

    def fail_messages(self, count: int) -> None:
        """Let the phone refuse the next messages."""
        form = urllib.parse.urlencode({"count": count}).encode()
        urllib.request.urlopen(f"{self.stub.phone}/fail", form, timeout=5).close()

    @contextlib.contextmanager
    def redis_away(self) -> Iterator[None]:
        """Let Redis answer nothing."""
        self.redis.process.send_signal(signal.SIGSTOP)
        try:
            yield
        finally:
            self.redis.process.send_signal(signal.SIGCONT)


def _accounts(count: int) -> list[Account]:
    numbers = [f"+{_FIRST_NUMBER + n}" for n in range(_NUMBERS)]
    office = [
        Account(f"siv{n}", "Siv Ruiz", number, "staff;hr") for n, number in enumerate(numbers)
    ]
    anywhere = [Account(f"anna{n}", "Anna Åkesson", number) for n, number in enumerate(numbers)]
    several = [Account(f"eva{n}", "Eva Lindström", one, GROUP) for n, one in enumerate(numbers)]
    nowhere = [Account(f"bo{n}", "Bo Hämäläinen") for n in range(_NUMBERS)]
    few = max(2, count // 4)
    last = slice(_NUMBERS - few, None)  # nobody of these reads a message that is not their own
    return [*anywhere[:count], *office[last], *several[last], *nowhere[: 2 * few]]


def _routes() -> str:
    keys = 'upstream = "portal"\ngroups = ["systems"]'
    titled = [
        f'[[route]]\ntitle = "{title}"\n{more}\n{keys}\n'
        + ("" if "host =" in more else 'host = "localhost"\n')
        for title, more in _SYSTEMS.items()
    ]
    return "\n".join([_ROUTES, *titled])


def _import(gateway: RunningGateway, accounts: list[Account]) -> None:
    lines = ["user,name,email,mobile,groups,password_hash"]
    lines += [
        f'{one.user},{one.name},{one.user}@example.com,{one.mobile},{one.groups},"{stored()}"'
        for one in accounts
    ]
    sheet = gateway.directory / "people.csv"
    sheet.write_text("\n".join(lines) + "\n", encoding="utf-8")
    gateway.cli("user", "import", str(sheet))


@contextlib.contextmanager
def running_place(directory: Path, count: int = 64, *, self_service: str = "") -> Iterator[Place]:
    """Run everything; `count` people have a number, a few more have none, are in hr, or have systems.

    `self_service` is what stands in that table.
    """
    with contextlib.ExitStack() as stack:
        # A short path, for the unix socket.
        short = stack.enter_context(tempfile.TemporaryDirectory(prefix="pv-", dir="/tmp"))
        redis = start_redis(Path(short))
        stack.callback(redis.process.wait)
        stack.callback(redis.process.kill)
        relay = stack.enter_context(running_relay())
        stub = stack.enter_context(running_stub(directory))
        tables = _TABLES.format(redis=redis.url, dead=free_port(), self_service=self_service)
        gateway = stack.enter_context(
            running_gateway(
                directory,
                portal=stub.portal,
                phone=stub.phone,
                public_port=relay.port,
                tables=tables,
                routes=_routes(),
            )
        )
        relay.start(gateway.port)
        accounts = _accounts(count)
        _import(gateway, accounts)
        by_kind = itertools.groupby(accounts, key=lambda one: one.user.rstrip("0123456789"))
        pools = {kind: iter(list(found)) for kind, found in by_kind}
        yield Place(gateway, stub, relay, redis, *(pools[k] for k in KINDS))
