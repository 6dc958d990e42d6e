"""`portvakt audit …`: verified, searched, expired."""

from __future__ import annotations

import gzip
import json
from pathlib import Path

import pytest
from click.testing import CliRunner, Result

from gateway.auth.ports import AuditEvent
from gateway.auth.sealing import Sealer
from gateway.cli.audit import audit
from gateway.operate.audit_file import AuditFile, audit_chain
from tests.cli.support import CONFIG
from tests.fakes import FakeClock, FakeEntropy

SECRET = "c4GkW7vQpL2mZx9TbN5sHd8RfJ3yUa6E"


class Desk:
    def __init__(self, base: Path) -> None:
        self.config = base / "gateway.toml"
        self.config.write_text(CONFIG)
        self.state = base / "var"
        self.state.mkdir(mode=0o700)
        (self.state / "secret.key").write_text(SECRET + "\n")
        self.path = self.state / "audit.jsonl"
        self.clock = FakeClock()

    def write(self, *users: str, event: str = "logon.password", client: str = "192.0.2.7") -> None:
        chain = audit_chain(Sealer(SECRET.encode(), FakeEntropy()))
        file = AuditFile(self.path, self.state / "audit-position", chain, self.clock)
        for user in users:
            self.clock.forward(hours=1)
            file.write(AuditEvent(event, client, "internet", "right", user, ref=f"ref-{user}"))
        file.close()

    def rotate(self, name: str) -> Path:
        return self.path.rename(self.path.with_name(name))

    def pack(self, name: str) -> Path:
        packed = self.path.with_name(name)
        packed.write_bytes(gzip.compress(self.path.read_bytes()))
        self.path.unlink()
        return packed

    def run(self, *words: str, code: int = 0) -> Result:
        result = CliRunner().invoke(audit, words, obj={"config": self.config})
        assert result.exit_code == code, result.output
        return result

    def found(self, *words: str) -> list[str]:
        return [line["user"] for line in json.loads(self.run("search", "--json", *words).stdout)]


@pytest.fixture
def desk(tmp_path: Path) -> Desk:
    return Desk(tmp_path)


class TestVerify:
    def test_a_whole_audit_over_rotated_files(self, desk: Desk) -> None:
        desk.write("anna", "bo")
        desk.pack("audit.jsonl-20261121.gz")
        desk.write("cia")
        desk.rotate("audit.jsonl-20261122")
        desk.write("dan")
        text = desk.run("verify").stdout
        assert text.startswith("The audit is whole: lines 1 to 4 in 3 files.\nMark: 4:")
        told = json.loads(desk.run("verify", "--json").stdout)
        assert (told["whole"], told["lines"], told["last"]) == (True, 4, 4)
        assert [Path(name).name for name in told["files"]] == [
            "audit.jsonl-20261121.gz",
            "audit.jsonl-20261122",
            "audit.jsonl",
        ]

    def test_the_first_broken_line_is_named(self, desk: Desk) -> None:
        desk.write("anna", "bo", "cia")
        desk.path.write_text(desk.path.read_text().replace('"bo"', '"eve"'))
        fault = "audit.jsonl:2: this line was changed, or is none of this chain and key"
        assert f"The audit is not whole: {fault}." in desk.run("verify", code=1).stderr
        told = json.loads(desk.run("verify", "--json", code=1).stdout)
        assert told == {"whole": False, "fault": fault}

    def test_a_tail_is_missed_in_a_copy_too(self, desk: Desk, tmp_path: Path) -> None:
        desk.write("anna", "bo", "cia")
        copy = tmp_path / "copy.jsonl"
        copy.write_bytes(b"".join(desk.path.read_bytes().splitlines(keepends=True)[:2]))
        assert "line 3 is missing at the end" in desk.run("verify", str(copy), code=1).stderr
        assert "lines 1 to 2 in 1 file" in desk.run("verify", "--part", str(copy)).stdout

    def test_a_mark_kept_elsewhere(self, desk: Desk) -> None:
        desk.write("anna")
        mark = desk.run("verify").stdout.split("Mark: ")[1].strip()
        desk.write("bo")
        desk.run("verify", "--expect", mark)
        for path in (desk.path, desk.state / "audit-position"):
            path.unlink()
        desk.write("somebody", "else")
        assert "line 1 is not the one" in desk.run("verify", "--expect", mark, code=1).stderr
        desk.run("verify", "--expect", "1", code=2)

    def test_before_the_first_line(self, desk: Desk) -> None:
        assert "nothing was ever written" in desk.run("verify").stdout

    def test_before_the_first_start(self, desk: Desk) -> None:
        (desk.state / "secret.key").unlink()
        assert "no audit yet" in desk.run("verify", code=1).stderr

    def test_a_file_that_is_not_there(self, desk: Desk) -> None:
        desk.write("anna")
        assert "gone: no such file" in desk.run("verify", "gone", code=1).stderr

    def test_no_audit_where_there_was_one(self, desk: Desk) -> None:
        desk.write("anna", "bo")
        desk.path.unlink()
        assert "lines 1 to 2 are missing at the end" in desk.run("verify", code=1).stderr


class TestSearch:
    @pytest.fixture(autouse=True)
    def _written(self, desk: Desk) -> None:
        desk.write("anna", "bo")
        desk.pack("audit.jsonl.2.gz")
        desk.write("anna", event="logon.code", client="10.0.0.1")
        desk.rotate("audit.jsonl.1")
        desk.write("cia", event="access.denied")

    @pytest.mark.parametrize(
        ("words", "users"),
        [
            ((), ["anna", "bo", "anna", "cia"]),
            (("--user", "ANNA"), ["anna", "anna"]),
            (("--event", "logon"), ["anna", "bo", "anna"]),
            (("--event", "logon.code"), ["anna"]),
            (("--ref", "ref-cia"), ["cia"]),
            (("--client", "10.0.0.0/8"), ["anna"]),
            (("--outcome", "right", "--user", "bo"), ["bo"]),
            (("--since", "2026-09-21T16:30"), ["anna", "cia"]),
            (("--until", "2026-09-21T16:30"), ["anna", "bo"]),
            (("--until", "2026-09-21"), ["anna", "bo", "anna", "cia"]),
        ],
    )
    def test_oldest_first_through_all_files(self, desk: Desk, words, users) -> None:
        assert desk.found(*words) == users

    def test_for_people(self, desk: Desk) -> None:
        text = desk.run("search", "--user", "cia").stdout
        assert text.split() == [
            "2026-09-21T18:13:20.000Z", "access.denied", "right", "cia", "192.0.2.7", "internet",
            "-", "-", "ref-cia",
        ]  # fmt: skip

    def test_nothing(self, desk: Desk) -> None:
        assert desk.run("search", "--user", "eve", code=1).stderr.startswith("Nothing")
        assert json.loads(desk.run("search", "--user", "eve", "--json", code=1).stdout) == []

    def test_what_cannot_be_asked(self, desk: Desk) -> None:
        assert "a time of day" in desk.run("search", "--since", "soon", code=2).stderr
        assert "a network" in desk.run("search", "--client", "x", code=2).stderr

    def test_lines_that_cannot_be_read_are_counted(self, desk: Desk) -> None:
        with desk.path.open("ab") as file:
            file.write(b"{\n[]\n")
        assert "2 lines are not readable" in desk.run("search").stderr

    def test_nobody_steers_the_terminal(self, desk: Desk) -> None:
        desk.write("\x1b[2J\u202e")
        text = desk.run("search", "--event", "logon").stdout
        assert "\\x1b[2J\\u202e" in text
        assert "\x1b" not in text


class TestExpire:
    def test_old_files_may_go_when_the_chain_says_so(self, desk: Desk) -> None:
        desk.write("anna", "bo")
        old = desk.pack("audit.jsonl.1.gz")
        desk.write("cia")
        assert desk.run("expire", str(old)).stdout == "The audit has expired through line 2.\n"
        old.unlink()
        text = desk.run("verify").stdout
        assert "lines 3 to 4 in 1 file. Lines 1 to 2 are not here; expired through 2." in text

    def test_what_was_packed_stays(self, desk: Desk) -> None:
        desk.write("anna")
        raw = desk.path.read_bytes()
        desk.pack("audit.jsonl.1.gz")
        (desk.state / "audit.jsonl.1").write_bytes(raw)
        assert desk.run("expire", str(desk.state / "audit.jsonl.1")).stdout == ""
        assert "lines 1 to 1 in 1 file." in desk.run("verify").stdout

    def test_what_is_stolen_does_not_expire(self, desk: Desk) -> None:
        desk.write("anna", "bo")
        desk.rotate("audit.jsonl.1").unlink()
        desk.write("cia")
        assert "lines 1 to 2 are missing before" in desk.run("verify", code=1).stderr

    def test_what_does_not_verify_is_not_let_go(self, desk: Desk, tmp_path: Path) -> None:
        desk.write("anna", "bo")
        assert "rotate it first" in desk.run("expire", str(desk.path), code=1).stderr
        old = desk.rotate("audit.jsonl.1")
        old.write_bytes(b"x" + old.read_bytes())
        assert "audit.jsonl.1:1: this line" in desk.run("expire", str(old), code=1).stderr
        old.write_bytes(b"")
        assert "no lines of this audit" in desk.run("expire", str(old), code=1).stderr
