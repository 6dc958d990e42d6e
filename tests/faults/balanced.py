"""Two gateways with one Redis and one state directory behind the HAProxy of `deploy/`."""

from __future__ import annotations

import contextlib
import re
import signal
import subprocess
import tempfile
import urllib.request
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

from tests.conftest import start_redis
from tests.faults.load import USERS
from tests.faults.tally import Tally
from tests.faults.visitors import Site
from tests.requirements import program
from tests.system.gateway import (
    ROOT,
    RunningGateway,
    free_port,
    running_stub,
    wait_for,
    write_config,
)

RECIPE = ROOT / "deploy/haproxy/balance.cfg"
KEEPING = "".join(
    re.findall(
        r"^```haproxy\n(.*?)^```$", (ROOT / "docs/scaling.md").read_text(), re.MULTILINE | re.DOTALL
    )
)
"""The lines of docs/scaling.md that keep a session at one gateway."""
_KEPT = """
frontend kept
    bind 127.0.0.1:{port}
    http-response set-header x-served-by %s
    default_backend kept
backend kept
{keeping}
    server one 127.0.0.1:{one}
    server two 127.0.0.1:{two}
"""
_STATS = "\nfrontend stats\n    bind 127.0.0.1:{port}\n    stats enable\n    stats uri /\n"


@dataclass
class Balanced:
    """The house; `site` is what visitors see of it."""

    site: Site
    gateways: list[RunningGateway]
    stats: str
    kept: int
    """The port of a balancer that keeps a session at one of them."""

    def states(self) -> list[str]:
        """Return how HAProxy judges the gateways, in order."""
        with urllib.request.urlopen(f"{self.stats}/;csv", timeout=5) as answer:
            lines = answer.read().decode().splitlines()
        place = lines[0].removeprefix("# ").split(",").index("status")
        return [
            line.split(",")[place]
            for line in lines
            if line.startswith(("portvakt,one,", "portvakt,two,"))
        ]

    def wait_until_up(self) -> None:
        wait_for(lambda: self.states() == ["UP", "UP"], "two healthy gateways")

    def end(self, gateway: RunningGateway) -> None:
        """Stop one gateway as a service manager does, and see that HAProxy knew in time."""
        gateway.process.send_signal(signal.SIGTERM)
        wait_for(lambda: "DOWN" in self.states(), "HAProxy's notice", 15)
        assert gateway.process.poll() is None
        assert gateway.stop() == 0

    def restart(self, gateway: RunningGateway) -> None:
        """End one gateway, start it again, wait until it is used."""
        self.end(gateway)
        gateway.start()
        self.wait_until_up()


@contextlib.contextmanager
def balanced(directory: Path, delay: str = "1s") -> Iterator[Balanced]:
    """Run all of it."""
    public, stats, kept, redis = free_port(), free_port(), free_port(), None
    ports = [(free_port(), free_port()) for _ in range(2)]
    with contextlib.ExitStack() as stack:
        place = Path(stack.enter_context(tempfile.TemporaryDirectory(prefix="pv-", dir="/tmp")))
        redis = start_redis(place)
        stack.callback(redis.process.wait)
        stack.callback(redis.process.kill)
        stub = stack.enter_context(running_stub(directory))
        gateways = []
        for number, (port, admin) in enumerate(ports):
            config = write_config(
                directory, portal=stub.portal, phone=stub.phone, port=port, admin=admin,
                public_port=public, listen=f'trusted_proxies = ["127.0.0.1"]\ndrain_delay = "{delay}"',
                tables=f'[redis]\nurl = "{redis.url}"\n',
            ).rename(directory / f"gateway{number}.toml")  # fmt: skip
            log = directory / f"gateway{number}.log"
            gateways.append(
                RunningGateway(f"http://localhost:{public}", port, f"http://127.0.0.1:{admin}",
                               directory, config, log)
            )  # fmt: skip
        gateways[0].start()
        stack.callback(gateways[0].stop)
        gateways[0].add_users(*USERS)
        gateways[1].start()
        stack.callback(gateways[1].stop)
        stack.enter_context(_haproxy(directory, public, stats, kept, ports))
        site = Site(
            public,
            f"localhost:{public}",
            int(stub.phone.rpartition(":")[2]),
            Tally(),
            upload_pause_s=0.15,
        )
        house = Balanced(site, gateways, f"http://127.0.0.1:{stats}", kept)
        house.wait_until_up()
        yield house


@contextlib.contextmanager
def _haproxy(directory: Path, public: int, stats: int, kept: int, ports) -> Iterator[None]:
    """Run HAProxy with the recipe; only addresses differ, and how often it looks."""
    text = RECIPE.read_text().replace("127.0.0.1:8000", f"127.0.0.1:{public}")
    for (port, admin), was in zip(
        ports, ("127.0.0.1:8080 port 8081", "127.0.0.1:8090 port 8091"), strict=True
    ):
        assert was in text
        text = text.replace(was, f"127.0.0.1:{port} port {admin}")
    assert "inter 1s" in text
    text = text.replace("inter 1s", "inter 200ms").replace("fastinter 500ms", "fastinter 100ms")
    file = directory / "balance.cfg"
    keeping = KEEPING.replace("__Host-gateway", "gateway")  # these listen without TLS
    text += _KEPT.format(port=kept, keeping=keeping, one=ports[0][0], two=ports[1][0])
    file.write_text(text + _STATS.format(port=stats))
    with (directory / "haproxy.log").open("wb") as log:
        process = subprocess.Popen(
            [program("haproxy"), "-db", "-f", str(file)], stdout=log, stderr=log,
            stdin=subprocess.DEVNULL,
        )  # fmt: skip
    try:
        yield
    finally:
        process.terminate()
        process.wait(10)
