"""The gateway that the oracle is asked of, and the people in its directory, as many of each kind.

Real parts: embedded Redis, SQLite, Argon2id at its usual cost, a phone behind HTTP. Limits are as
wide as gateway.toml allows, so that the way is measured and not the lock.
"""

from __future__ import annotations

import contextlib
import csv
import secrets
import string
import subprocess
import sys
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

from cryptography.hazmat.primitives.kdf.argon2 import Argon2id

from bench.processes import free_port, listens, process, wait_until
from gateway.directory.passwords import Cost

PASSWORD = "Xk7vQm2pTz"
WITH_NUMBER, WITHOUT_NUMBER = "with number", "without number"
DISABLED, MADE_UP = "disabled", "made-up"
KINDS = (WITH_NUMBER, WITHOUT_NUMBER, DISABLED, MADE_UP)

_CONFIG = """
public_url = "http://localhost:{port}"
state_dir = "{directory}/var"
[listen]
address = ["127.0.0.1:{port}"]
trusted_proxies = ["127.0.0.1/32"]
[admin]
address = "127.0.0.1:{admin}"
[networks]
corporate = ["198.19.0.0/16"]
[lockout]
user_and_address = "10000/1h"
address = "10000/1h"
user = "10000/1h"
[sms_budget]
number = "10000/2d"
user = "10000/2d"
resets = "10000/2d"
address = "10000/2d"
total = "10000/2d"
[[sms]]
kind = "http"
url = "http://127.0.0.1:{phone}/a1/sms"
form = {{ from = "Portvakt", to = "{{mobile}}", message = "{{text}}" }}
[[upstream]]
name = "portal"
url = ["http://127.0.0.1:1"]
[[route]]
path = "/"
upstream = "portal"
"""


@dataclass(frozen=True)
class Asked:
    """A running gateway, and the names of each kind that may be asked for."""

    port: int
    names: dict[str, list[str]]


@contextlib.contextmanager
def gateway_with_people(directory: Path, each: int) -> Iterator[Asked]:
    """Run a gateway with one worker and `each` people of every kind; all have PASSWORD."""
    port, admin, phone, portal = (free_port() for _ in range(4))
    config = directory / "gateway.toml"
    config.write_text(_CONFIG.format(port=port, admin=admin, phone=phone, directory=directory))
    names = {kind: [_name() for _ in range(each)] for kind in KINDS}
    people = directory / "people.csv"
    _write(people, names)
    portvakt = [sys.executable, "-m", "gateway"]
    with_config = ["--config", str(config)]
    subprocess.run(
        [*portvakt, *with_config, "user", "import", str(people)], check=True, capture_output=True
    )
    stub = [sys.executable, "-m", "upstream_stub", "--phone", f"127.0.0.1:{phone}"]
    with (
        process([*stub, "--portal", f"127.0.0.1:{portal}"], directory / "stub.log"),
        process([*portvakt, *with_config, "run"], directory / "gateway.log"),
    ):
        wait_until(lambda: listens(phone) and listens(port))
        yield Asked(port, names)


def _name() -> str:
    return "".join(secrets.choice(string.ascii_lowercase) for _ in range(8))


def _write(file: Path, names: dict[str, list[str]]) -> None:
    """Write everybody but the made-up ones as CSV for `portvakt user import`."""
    phc = hashed(PASSWORD)
    with file.open("w", newline="") as opened:
        sheet = csv.writer(opened)
        sheet.writerow(("user", "name", "mobile", "groups", "enabled", "password_hash"))
        for kind in (WITH_NUMBER, WITHOUT_NUMBER, DISABLED):
            for number, name in enumerate(names[kind]):
                mobile = "" if kind == WITHOUT_NUMBER else f"07012{number:05}"
                enabled = "no" if kind == DISABLED else "yes"
                sheet.writerow((name, name.title(), mobile, "staff", enabled, phc))


def hashed(password: str) -> str:
    """Return an Argon2id hash at the gateway's usual cost."""
    cost = Cost()
    return Argon2id(
        salt=secrets.token_bytes(16),
        length=32,
        iterations=cost.iterations,
        lanes=cost.lanes,
        memory_cost=cost.memory_kib,
    ).derive_phc_encoded(password.encode())
