"""Every secret from outside gateway.toml: all in the environment, all in files that it names.

One of the two gateways is process 1 of its own PID namespace, as in a container: it has to reap and
to hear SIGTERM without a shell around it.
"""

from __future__ import annotations

import json
import os
import re
import shutil
import signal
import subprocess
import sys
from pathlib import Path

import pytest

from gateway.settings.parse import read_settings
from gateway.settings.shapes import SECRET
from tests.system.gateway import ROOT, running_gateway, running_stub, wait_for
from tests.system.processes import children
from tests.system.visitor import Visitor

pytestmark = [pytest.mark.system, pytest.mark.slow]

TABLE = re.compile(r"^\| `([a-z_.\[\]*]+)` \| `(PORTVAKT_[A-Z_]+)` \|", re.MULTILINE)
TOLD = dict(TABLE.findall((ROOT / "docs/operations.md").read_text("utf-8")))
"""Keys of gateway.toml that take a secret, and names for them, as documented."""
VALUES = {
    "PORTVAKT_SECRETS_KEY": "b1946ac92492d2347c6235b4d2611184",
    "PORTVAKT_DIRECTORY_URL": "postgresql://portvakt:hemligt@db/portvakt",
    "PORTVAKT_LDAP_BIND_PASSWORD": "b1nd-hemligt",
    "PORTVAKT_SMS_PASSWORD": "sms-hemligt",
    "PORTVAKT_SMS_API_KEY": "api-hemligt",
}
SMS = """
[[sms]]
kind = "http"
url = "{phone}/a1/sms"
form = {{ to = "{{mobile}}", message = "{{text}}", from = "Portvakt" }}
username = "portvakt"
password = {{ env = "PORTVAKT_SMS_PASSWORD" }}
headers = {{ X-Api-Key = {{ env = "PORTVAKT_SMS_API_KEY" }} }}
"""
TABLES = """
[redis]
url = { env = "PORTVAKT_REDIS_URL" }
[secrets]
key = { env = "PORTVAKT_SECRETS_KEY" }
"""
LDAP = """
[directory]
kind = "ldap"
[ldap]
servers = ["ldaps://dc1.example.se"]
bind_dn = "CN=portvakt,DC=example,DC=se"
bind_password = { env = "PORTVAKT_LDAP_BIND_PASSWORD" }
base = "DC=example,DC=se"
"""
SQL = """
[directory]
kind = "sql"
url = { env = "PORTVAKT_DIRECTORY_URL" }
"""


def secret_keys(node: object, path: str = "") -> set[str]:
    """Return the keys of a schema that take a secret."""
    if not isinstance(node, dict):
        return set()
    if node.get("anyOf") == SECRET["anyOf"]:
        return {path.removeprefix(".")}
    below = [(f".{name}", part) for name, part in node.get("properties", {}).items()]
    below += [(".*", node.get("additionalProperties")), ("[]", node.get("items"))]
    below += [("", part) for kind in ("anyOf", "oneOf") for part in node.get(kind, [])]
    return {key for name, part in below for key in secret_keys(part, path + name)}


def test_every_secret_is_documented():
    schema = json.loads((ROOT / "docs/gateway.schema.json").read_text("utf-8"))
    assert set(TOLD) == secret_keys(schema)
    assert set(TOLD.values()) == {*VALUES, "PORTVAKT_REDIS_URL"}


def as_files(values: dict[str, str], directory: Path) -> dict[str, str]:
    """Return the environment that names a file for each value."""
    directory.mkdir(mode=0o700)
    for name, value in values.items():
        (directory / name).write_text(value + "\n")
    return {f"{name}_FILE": str(directory / name) for name in values}


@pytest.fixture(scope="module")
def stub(tmp_path_factory):
    with running_stub(tmp_path_factory.mktemp("stub")) as stub:
        yield stub


@pytest.mark.parametrize("how", ["variables", "files"])
def test_a_gateway_starts_without_a_secret_in_its_file(how, stub, redis_url, tmp_path):
    values = VALUES | {"PORTVAKT_REDIS_URL": redis_url}
    environ = values if how == "variables" else as_files(values, tmp_path / "secrets")
    with running_gateway(
        tmp_path, portal=stub.portal, phones=SMS.format(phone=stub.phone), tables=TABLES, start=False
    ) as gateway:  # fmt: skip
        text = gateway.config.read_text()
        assert not [value for value in values.values() if value in text]
        with gateway.log.open("ab") as log:
            gateway.process = subprocess.Popen(
                [*_alone(how), sys.executable, "-m", "gateway", "run", "--config", str(gateway.config)],
                cwd=ROOT, env=os.environ | environ, stdout=log, stderr=log,
            )  # fmt: skip
        wait_for(gateway.is_ready, "the gateway's start", 60)
        assert Visitor(gateway).get("/.gateway/logon").status == 200
        said = gateway.log.read_text()
        assert not [value for value in values.values() if value in said]
        assert not (gateway.state_dir / "secret.key").exists()
        if _alone(how):
            (first,) = children(gateway.process.pid)
            assert re.search(
                r"^NSpid:\t\d+\t1$", Path(f"/proc/{first}/status").read_text(), re.MULTILINE
            )
            os.kill(first, signal.SIGTERM)
        assert gateway.stop() == 0


def _alone(how: str) -> list[str]:
    """Return what makes a command process 1, where that can be done."""
    unshare = shutil.which("unshare")
    if how == "files" or unshare is None or os.geteuid() != 0:
        return []
    return [unshare, "--pid", "--fork", "--kill-child"]


@pytest.mark.parametrize("how", ["variables", "files"])
@pytest.mark.parametrize(
    ("directory", "found"),
    [
        (LDAP, lambda settings: settings.directory.ldap.bind_password),
        (SQL, lambda settings: settings.directory.url),
    ],
    ids=["ldap", "sql"],
)
def test_the_directories_too(how, directory, found, tmp_path):
    environ = VALUES if how == "variables" else as_files(VALUES, tmp_path / "secrets")
    file = tmp_path / "gateway.toml"
    rest = '[[upstream]]\nname = "a"\nurl = ["http://h"]\n[[route]]\npath = "/"\nupstream = "a"\n'
    file.write_text(f'public_url = "https://one.example.se"\n{directory}{rest}')
    secret = found(read_settings(file, environ))
    assert secret.reveal() in VALUES.values()
    assert (secret.file is not None) == (how == "files")
