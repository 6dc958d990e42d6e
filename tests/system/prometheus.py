"""A real Prometheus that scrapes a gateway, asked through its HTTP API."""

from __future__ import annotations

import contextlib
import dataclasses
import json
import subprocess
import urllib.error
import urllib.parse
import urllib.request
from collections.abc import Iterator
from pathlib import Path

from tests.requirements import program
from tests.system.gateway import ROOT, free_port, wait_for

RULES = ROOT / "deploy/prometheus/alerts.yml"
CONFIG = ROOT / "deploy/prometheus/prometheus.yml"


@dataclasses.dataclass(frozen=True)
class Prometheus:
    """One that runs; `url` is its API's."""

    url: str

    def ask(self, path: str, **query: str) -> dict:
        """Return the data of an answer; an error fails the test with its words."""
        full = f"{self.url}/api/v1/{path}?{urllib.parse.urlencode(query)}"
        try:
            with urllib.request.urlopen(full, timeout=10) as answer:
                told = json.load(answer)
        except urllib.error.HTTPError as error:
            raise AssertionError(f"{query}: {error.read().decode()}") from None
        assert told["status"] == "success", told
        assert not told.get("warnings"), told
        return told["data"]

    def query(self, expression: str) -> list[dict]:
        """Return the series that an expression gives now."""
        return self.ask("query", query=expression)["result"]


@contextlib.contextmanager
def running_prometheus(directory: Path, admin: str) -> Iterator[Prometheus]:
    """Run Prometheus by the files of deploy/, on the admin address of a gateway, in a hurry."""
    text = CONFIG.read_text("utf-8").replace("127.0.0.1:8081", admin.removeprefix("http://"))
    text = text.replace("15s", "1s").replace("- alerts.yml", f"- {RULES}")
    (directory / "prometheus.yml").write_text(text)
    address = f"127.0.0.1:{free_port()}"
    log = (directory / "prometheus.log").open("wb")
    process = subprocess.Popen(
        [
            program("prometheus"),
            f"--config.file={directory / 'prometheus.yml'}",
            f"--storage.tsdb.path={directory / 'tsdb'}",
            f"--web.listen-address={address}",
        ],
        cwd=directory,
        stdout=log,
        stderr=log,
    )
    log.close()
    try:
        wait_for(lambda: _is_ready(f"http://{address}"), "the start of Prometheus")
        yield Prometheus(f"http://{address}")
    finally:
        process.terminate()
        process.wait(20)


def _is_ready(url: str) -> bool:
    with urllib.request.urlopen(f"{url}/-/ready", timeout=5) as answer:
        return answer.status == 200
