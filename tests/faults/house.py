"""One gateway with everything around it that can break, and a load in front of it."""

from __future__ import annotations

import contextlib
import os
import subprocess
import sys
import tempfile
import time
import urllib.parse
import urllib.request
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from pathlib import Path

from tests.conftest import RedisServer, start_redis
from tests.faults.frail import Frail, frail_upstream
from tests.faults.load import USERS, Load, difference, loaded
from tests.faults.relay import Relay, relay_to
from tests.faults.skewed import write_skew
from tests.faults.tally import Row, Tally
from tests.faults.visitors import Site
from tests.system.gateway import ROOT, RunningGateway, Stub, free_port, running_stub, wait_for
from tests.system.gateway import write_config as write

_WIDE = '"10000/1h"'
_TABLES = f"""
[lockout]
user_and_address = {_WIDE}
address = {_WIDE}
user = {_WIDE}
[sms_budget]
number = {_WIDE}
user = {_WIDE}
address = {_WIDE}
total = {_WIDE}
[redis]
url = "{{redis}}"
[[upstream]]
name = "frail"
url = ["http://127.0.0.1:{{frail}}"]
timeout = {{{{ connect = "1s", first_byte = "1s", idle = "1s" }}}}
[[route]]
path = "/frail"
upstream = "frail"
second_factor = "never"
"""


@dataclass
class SkewedGateway(RunningGateway):
    """A gateway whose clock the house sets."""

    def start(self) -> None:
        command = [sys.executable, "-m", "tests.faults.skewed", "run", "--config", str(self.config)]
        skew = {"SKEW": str(self.directory / "skew")}
        with self.log.open("ab") as log:
            self.process = subprocess.Popen(
                command, cwd=ROOT, env=os.environ | skew, stdout=log, stderr=log
            )
        wait_for(self.is_ready, "the gateway's start")


@dataclass(frozen=True)
class Trouble:
    """A fault by name; `kinds` are the visitors that must have met it before it is lifted."""

    name: str
    befall: Callable[[House], contextlib.AbstractContextManager]
    kinds: tuple[str, ...] = ("page 0", "logon", "stranger")
    loses_sessions: bool = False
    """Whether it may: then each of these kinds is sent to the logon."""


@dataclass
class House:
    """Everything that can break, by name."""

    gateway: RunningGateway
    stub: Stub
    site: Site
    load: Load | None = None
    redis: RedisServer | None = None
    relay: Relay | None = None
    frail: Frail | None = None
    also: dict[str, object] = field(default_factory=dict)

    def restart_redis(self) -> None:
        self.redis.process = start_redis(self.redis.directory).process

    def kill_redis(self) -> None:
        self.redis.process.kill()
        self.redis.process.wait()

    def set_clock(self, seconds: float) -> None:
        """Set the gateway's clock; a code that was on its way may be too old now, and is refused."""
        self.site.codes_expire = True
        write_skew(self.gateway.directory / "skew", seconds)

    def order_sms(self, mode: str, count: int) -> None:
        form = urllib.parse.urlencode({"mode": mode, "count": count}).encode()
        urllib.request.urlopen(f"{self.stub.phone}/fail", form, timeout=5).close()

    def suffer(self, trouble: Trouble, hold_s: float) -> Row:
        """Let a fault befall the house, hold it, lift it, and wait until everybody is served.

        It is held for `hold_s`, and until every kind of visitor that it concerns has met it.
        """
        name, kinds = trouble.name, trouble.kinds
        tally = self.load.tally
        before, told, begun = tally.counts(), len(tally.told()), time.monotonic()
        with trouble.befall(self):
            met = time.monotonic()
            seen = tally.are_forced if trouble.loses_sessions else tally.has_asked
            wait_for(lambda: seen(met, kinds), f"what {name} does to everybody", 60)
            time.sleep(max(0.0, met + hold_s - time.monotonic()))
            lifted = time.monotonic()
        wait_for(lambda: tally.is_served(lifted), f"an answer to everybody after {name}", 60)
        wait_for(self.gateway.is_ready, "readiness")
        recovery_s = tally.recovered_after(lifted)
        return difference(
            name, lifted - begun, before, tally.counts(), recovery_s, tally.told()[told:]
        )


@contextlib.contextmanager
def house(directory: Path, *, workers: int = 2) -> Iterator[House]:
    """Run a house with a Redis of somebody else behind a relay."""
    with contextlib.ExitStack() as stack:
        place = Path(stack.enter_context(tempfile.TemporaryDirectory(prefix="pv-", dir="/tmp")))
        redis = start_redis(place)
        stack.callback(lambda: (redis.process.kill(), redis.process.wait()))
        relay = stack.enter_context(relay_to(str(redis.socket)))
        frail = stack.enter_context(frail_upstream())
        user = redis.url.removeprefix("unix://").partition("@")[0]
        tables = _TABLES.format(redis=f"redis://{user}@127.0.0.1:{relay.port}", frail=frail.port)
        built = stack.enter_context(_built(directory, tables, workers))
        built.redis, built.relay, built.frail = redis, relay, frail
        built.load = stack.enter_context(loaded(built.site, frail=True, codes=True))
        yield built


@contextlib.contextmanager
def family_house(directory: Path, url: str) -> Iterator[House]:
    """Run a house on a Redis of several machines."""
    with contextlib.ExitStack() as stack:
        tables = _TABLES.format(redis=url, frail=1)
        built = stack.enter_context(_built(directory, tables, 1))
        built.load = stack.enter_context(loaded(built.site))
        yield built


@contextlib.contextmanager
def _built(directory: Path, tables: str, workers: int) -> Iterator[House]:
    port, admin = free_port(), free_port()
    write_skew(directory / "skew", 0.0)
    with running_stub(directory) as stub:
        config = write(
            directory, portal=stub.portal, phone=stub.phone, port=port, admin=admin,
            tables=tables, listen=f"workers = {workers}", sms='timeout = "1s"',
        )  # fmt: skip
        gateway = SkewedGateway(
            f"http://localhost:{port}", port, f"http://127.0.0.1:{admin}", directory, config,
            directory / "gateway.log",
        )  # fmt: skip
        try:
            gateway.start()
            gateway.add_users(*USERS)
            site = Site(port, f"localhost:{port}", int(stub.phone.rpartition(":")[2]), Tally())
            yield House(gateway, stub, site)
        finally:
            gateway.stop()
