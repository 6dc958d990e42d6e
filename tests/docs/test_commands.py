"""Every command in the documents for operations, developers and the helpdesk is run here.

A fenced block of kind `sh` holds commands, one a line; in older documents commands are indented. Those of Portvakt, and what can be run by
anybody, are run against a gateway of their own; what changes the machine is listed with who shows
it instead, so that a new command is either run or named.
"""

from __future__ import annotations

import json
import re
import secrets
import shlex
import shutil
import subprocess
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

import pytest
from click.testing import CliRunner

from gateway.cli.root import portvakt
from tests.docs.disaster import blocks, destroy, follow, ran, said
from tests.requirements import program
from tests.system.certificates import Authority
from tests.system.gateway import (
    PASSWORD,
    ROOT,
    RunningGateway,
    Stub,
    running_gateway,
    running_stub,
    wait_for,
)
from tests.system.visitor import Visitor, insider

DOCS = ("README", "docs/install", "docs/runbook", "docs/portal", "docs/helpdesk", "docs/operations",
        "docs/postgresql", "docs/branding", "docs/active-directory", "deploy/ha/README")  # fmt: skip
NOT_HERE = {
    "apt": "installs packages on the machine",
    "systemctl": "a real systemd; the unit is judged in tests/system/test_service_manager.py",
    "systemd-sysusers": "makes a user; its file is read below",
    "journalctl": "a real systemd",
    "chown": "needs the user",
    "cp": "what is installed is this repository; of the backup: tests/docs/disaster.py",
    **dict.fromkeys(
        ("sqlite3", "tar", "rm", "chmod 0600 /var/lib/portvakt/directory.sqlite3", "chgrp"),
        "the last test of this file",
    ),
    "python3": "the README's commands make the environment before any test runs",
    "/opt/portvakt/.venv/bin/pip": "as above: the same lock file, with hashes",
    "portvakt run": "is what runs all the time here",
    "make": "make run is started by tests/system/test_restarts.py",
}
EXPECTED = {
    "portvakt audit search --event access.denied --client 192.0.2.0/24 --json": 1,  # nobody was
    "portvakt probe": 1,  # the stub portal believes whoever asks
}
"""Exit statuses other than 0, and why."""
ROUTES = """
[[route]]
path = "/hr/"
upstream = "portal"
groups = ["hr"]
[[route]]
path = "/"
upstream = "portal"
"""
PEOPLE = {"people.csv", "/dev/stdin"}
SCRIPT = {"Accept": "application/json", "Sec_Fetch_Mode": "cors", "Sec_Fetch_Dest": "empty"}
_BLOCK = re.compile(r"^```sh\n(.*?)^```$", re.MULTILINE | re.DOTALL)
_INDENTED = re.compile(r"^    ((?:\.venv/bin/)?portvakt [^#\n]+)(?: +#.*)?$", re.MULTILINE)


def commands() -> list[tuple[str, str]]:
    found = []
    for name in DOCS:
        text = (ROOT / f"{name}.md").read_text()
        for block in _BLOCK.findall(text):
            found += [(name, line) for line in block.splitlines() if line.strip()]
        found += [
            (name, line.strip().removeprefix(".venv/bin/")) for line in _INDENTED.findall(text)
        ]
    return found


def to_run() -> list[tuple[str, str]]:
    """Return each line once, with the first document that has it, in the documents' order."""
    first: dict[str, str] = {}
    for document, line in commands():
        first.setdefault(line, document)
    assert len(first) > 45
    return [
        (name, line)
        for line, name in first.items()
        if NOT_HERE.keys().isdisjoint((line, line.split()[0]))
    ]


@dataclass
class Place:
    """A gateway with somebody on board, and a root of the file system that is a directory."""

    gateway: RunningGateway
    root: Path
    reference: str
    stub: Stub
    joined: int = 0

    def people(self) -> Path:
        """Return a file with somebody whom no file held before."""
        self.joined += 1
        file = self.root / "people.csv"
        line = f"bo{self.joined},Bo Berg,bo{self.joined}@example.se,070123457{self.joined},staff"
        file.write_text(f"user,name,email,mobile,groups\n{line}\n")
        return file

    def run(self, line: str) -> tuple[int, str]:
        """Run a line, with the names of the documents replaced by ours; return status and words."""
        line = line.replace(" REF", f" {self.reference}")
        line = line.replace("https://one.example.se", self.gateway.origin)
        line = line.replace("http://127.0.0.1:8081", self.gateway.admin)
        words = shlex.split(line)
        if words[0] == "portvakt":
            stdin = None
            joins = words[1:3] == ["user", "add"]
            if joins:  # a person types it
                words, stdin = [*words, "--password-stdin"], PASSWORD + "\n"
            words = [str(self.people()) if word in PEOPLE else word for word in words]
            words = [str(self.gateway.config) if word == "NEW.toml" else word for word in words]
            for sign in {"<", ">"} & {*words}:  # a runner without a shell
                words = words[: words.index(sign)] + words[words.index(sign) + 2 :]
            found = ran(self.gateway, *words[1:], stdin=stdin)
            if joins and found.exit_code == 0:
                insider(self.gateway, words[3])
            return found.exit_code, found.output
        for place in ("/etc/", "/opt/", "/usr/local/", "/var/lib/"):
            line = line.replace(f" {place}", f" {self.root}{place}")
        line = line.replace("-o portvakt -g portvakt ", "")
        done = subprocess.run(
            ["sh", "-ec", line], cwd=ROOT, text=True, capture_output=True, check=False, timeout=30
        )
        return done.returncode, done.stdout + done.stderr


@pytest.fixture(scope="module")
def place(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Place]:
    root = tmp_path_factory.mktemp("root")
    for directory in ("etc/sysusers.d", "etc/systemd/system", "etc/logrotate.d", "etc/portvakt",
                      "opt", "root", "usr/local/sbin", "var/backups", "var/lib/portvakt"):  # fmt: skip
        (root / directory).mkdir(parents=True)
    for name in ("key.pem", "sms.key"):  # copied there by hand
        (root / "etc/portvakt" / name).touch()
    # Its own key, because the installation makes the one of the documents anew.
    (root / "etc/portvakt/own.key").write_text(secrets.token_hex(32))
    (root / "etc/portvakt/own.key").chmod(0o600)
    (root / "etc/portvakt/var").symlink_to(root / "var/lib/portvakt")
    with (
        running_stub(root) as stub,
        running_gateway(
            root / "etc/portvakt",
            portal=stub.portal,
            phone=stub.phone,
            routes=ROUTES,
            tables='[secrets]\nkey = { file = "own.key" }\n',
        ) as gateway,
    ):
        gateway.log = root / "gateway.log"
        cecilia = ("--name", "Cecilia", "--mobile", "0701234569", "--password-stdin")
        said(gateway, "user", "add", "cecilia", *cecilia, stdin=PASSWORD + "\n")
        Visitor(gateway).log_on("cecilia", stub)
        said(gateway, "session", "revoke", "--user", "cecilia")
        gateway.config.write_text(gateway.config.read_text() + "\n# edited\n")
        wait_for(lambda: "config.applied" in {line["event"] for line in gateway.audit()}, "an edit")
        told = insider(gateway, "cecilia").get("/hr/", **SCRIPT)
        reference = json.loads(told.text)["reference"]
        wait_for(lambda: ran(gateway, "explain", reference).exit_code == 0, reference)
        yield Place(gateway, root, reference, stub)


def test_each_command_does_what_it_is_there_for(place: Place) -> None:
    """In the order of the documents: `user add anna` comes before what is done with her."""
    wrong = []
    for document, line in to_run():
        status, said = place.run(line)
        if "Traceback" in said or status != EXPECTED.get(line, 0):
            wrong.append(f"{document}.md: {line} ({status})\n{said[-600:]}")
    assert not wrong, "\n".join(wrong)


def test_what_is_not_run_here_is_still_needed() -> None:
    used = {line.split()[0] for _, line in commands()}
    assert NOT_HERE.keys() <= used | {line for _, line in commands()}


def test_the_files_that_are_installed_are_there() -> None:
    for _, line in commands():
        words = shlex.split(line)
        if words[0] == "install" and "-d" not in words:
            assert (ROOT / words[-2]).is_file(), line
    assert (ROOT / "deploy/systemd/portvakt.sysusers").read_text().count("u portvakt ") == 1
    unit = (ROOT / "deploy/systemd/portvakt.service").read_text()
    wrapper = (ROOT / "deploy/systemd/portvakt-as-user").read_text()
    program = "/opt/portvakt/.venv/bin/portvakt --config /etc/portvakt/gateway.toml"
    assert program in unit
    assert program in wrapper
    assert "User=portvakt\n" in unit


@pytest.mark.parametrize("documents", [("install",), ("install", "active-directory")])
def test_the_gateway_toml_of_the_installation_is_valid_and_safe(
    tmp_path: Path, documents: tuple[str, ...]
) -> None:
    text = "".join((ROOT / f"docs/{name}.md").read_text() for name in documents)
    toml = "\n".join(re.findall(r"^```toml\n(.*?)^```$", text, re.MULTILINE | re.DOTALL))
    issued = Authority(tmp_path).issue("one.example.se")
    files = {"cert.pem": issued.certificate, "key.pem": issued.key}
    files["ad-ca.pem"] = tmp_path / "authority.pem"
    shutil.copy(Authority(tmp_path).file, files["ad-ca.pem"])
    for name in ("secret.key", "sms.key", "ldap.password"):
        files[name] = tmp_path / name
        files[name].write_text(secrets.token_hex(32))
    for name, file in files.items():
        file.chmod(0o640)
        toml = toml.replace(f"/etc/portvakt/{name}", str(file))
    toml = toml.replace("/var/lib/portvakt", str(tmp_path / "state"))
    config = tmp_path / "gateway.toml"
    config.write_text(toml)
    checked = CliRunner().invoke(portvakt, ["--config", str(config), "check", "--strict"])
    assert checked.exit_code == 0, checked.output


def opened(gateway: RunningGateway) -> int:
    """Return how many sessions of cecilia's the audit tells of."""
    words = ("audit", "search", "--user", "cecilia", "--event", "session.opened", "--json")
    return len(json.loads(said(gateway, *words)))


def test_after_a_disaster_all_is_as_at_the_backup(place: Place) -> None:
    """The last test of this file: nothing is left of the installation but its backup."""
    program("sqlite3")
    gateway, root = place.gateway, place.root
    (root / "etc/portvakt/secret.key").write_text("kept elsewhere\n")
    (root / "root/portvakt-secret.key").write_text("kept elsewhere\n")
    visitor = insider(gateway, "cecilia")
    keys, before = said(gateway, "keys", "list"), opened(gateway)
    backup, restore = blocks()
    follow(backup, gateway, root)
    packed = subprocess.run(
        ["tar", "-tzf", str(root / "var/backups/portvakt/etc.tar.gz")],
        check=True, capture_output=True, text=True,
    )  # fmt: skip
    assert "portvakt/gateway.toml" in packed.stdout
    assert "secret.key" not in packed.stdout
    said(gateway, "user", "disable", "cecilia")  # undone with the rest
    destroy(gateway, root)
    follow(restore, gateway, root)

    assert visitor.get("/debug/echo").status == 302, "no session comes back"
    visitor = Visitor(gateway)
    visitor.log_on("cecilia", place.stub)
    assert visitor.get("/debug/echo").status == 200
    assert said(gateway, "keys", "list") == keys, "portals go on with the keys that they know"
    assert (root / "etc/portvakt/secret.key").exists()
    state = root / "var/lib/portvakt"
    for name in ("directory.sqlite3", "audit.jsonl", "audit-position", "assertion-keys.json"):
        assert (state / name).stat().st_mode & 0o777 == 0o600, name
    assert opened(gateway) == before + 1, "what the audit told is told again, and goes on"
    assert "its chain starts anew" not in gateway.log.read_text()
