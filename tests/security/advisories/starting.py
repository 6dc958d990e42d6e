"""What must not start, or must not go on: bad files, old packages, weak crypto, lost neighbours."""

from __future__ import annotations

import re
import ssl
import stat
import subprocess
import sys
import tempfile
from importlib.metadata import version
from pathlib import Path

from click.testing import CliRunner

from gateway.cli.root import portvakt
from gateway.floors import FLOORS, outdated
from gateway.proxy.listener import server_tls
from gateway.proxy.upstream_tls import upstream_tls
from gateway.settings.model import Tls
from gateway.settings.parse import read_settings
from gateway.store.redis_server import configuration, hole_of
from tests.security.advisories.origins import PLAIN
from tests.security.advisories.replay import Replay, attack, status
from tests.system.certificates import Authority
from tests.system.gateway import INSIDE, ROOT, wait_for


def checked(case: Replay, text: str) -> tuple[int, str]:
    config = case.place.gateway.directory / "checked.toml"
    config.write_text(text)
    done = CliRunner().invoke(portvakt, ["check", "--config", str(config)])
    return done.exit_code, done.output


@attack("weak-settings")
def secrets_that_are_none(case: Replay) -> None:
    """Tables of gateway.toml with empty, short or missing secrets: refused, with line and key."""
    for table in case.row.tries:
        text = PLAIN.format(state="v", top="", corporate='["10.0.0.0/8"]', tables=table)
        code, said = checked(case, text)
        assert code == 1, case.told(table, said)
        assert "checked.toml:" in said, case.told(said)


@attack("optimised")
def python_without_assertions(case: Replay) -> None:
    """An interpreter that leaves checks out: no command runs; and no check of ours is an assert."""
    for words in case.row.tries:
        command = [sys.executable, *words.split(), "-m", "gateway", "run"]
        done = subprocess.run(
            command, cwd=ROOT, capture_output=True, text=True, timeout=30, check=False
        )
        assert done.returncode == 1, case.told(words, done.stderr)
        assert "python -O" in done.stderr
    for folder in ("gateway", "policies"):
        for file in Path(ROOT / folder).rglob("*.py"):
            lines = file.read_text("utf-8").splitlines()
            assert not [line for line in lines if re.match(r" *assert (?!.*narrows)", line)], str(
                file
            )


@attack("floors")
def versions_with_known_holes(case: Replay) -> None:
    """A version under its floor is named, with what is open in it and the way out."""
    assert outdated() == []
    for package, old in case.row.tries:
        assert any(one.package == package for one in FLOORS), case.told(package)
        found = outdated(
            lambda asked, package=package, old=old: old if asked == package else version(asked)
        )
        assert [one.package for one in found] == [package], case.told(found)
        assert old in found[0].sentence()
        assert "pip install" in found[0].sentence()


@attack("redis-server")
def a_store_with_known_holes(case: Replay) -> None:
    """Old servers are told of; ours is on a private socket, with rights to what scripts need only."""
    for old in case.row.tries:
        assert hole_of(f"Redis server v={old} sha=0"), case.told(old)
    text = configuration(Path("/d"), Path("/d/s"), "a", "b")
    (user,) = [line for line in text.splitlines() if line.startswith("user gateway ")]
    rights = set(user.split())
    assert not rights & {"+eval", "+config", "+module", "+keys", "+debug", "+script", "+@all"}
    sockets = [one for one in (case.place.gateway.state_dir / "redis").iterdir() if one.is_socket()]
    for one in (*sockets, case.place.gateway.state_dir):
        assert stat.S_IMODE(one.stat().st_mode) & 0o077 == 0, case.told(str(one))
    assert "port 0" in text


@attack("lost-files")
def files_that_vanish_under_a_running_gateway(case: Replay) -> None:
    """The secret gone, gateway.toml touched or broken: what ran goes on, and nothing opens."""
    gateway = case.place.gateway
    text, key = gateway.config.read_text(), gateway.state_dir / "secret.key"
    kept = key.read_bytes()
    try:
        for how in case.row.tries:
            if how == "secret":
                key.unlink()
                gateway.config.touch()
            elif how == "broken":
                gateway.config.write_text("public_url = \n[[route]\n")
            else:
                gateway.config.write_text(
                    text.replace('upstream = "portal"', 'upstream = "nobody"')
                )
            wait_for(lambda: not _ready(case), f"not ready after {how}", 10)
            assert status(case.get("/debug/echo", cookie=case.place.anna, source=INSIDE)) == 200
            assert status(case.get("/debug/echo")) in {302, 401}
            assert len(case.reached()) == 1
            key.write_bytes(kept)
            key.chmod(0o600)
            gateway.config.write_text(text)
            wait_for(lambda: _ready(case), "ready again", 10)
    finally:
        key.write_bytes(kept)
        key.chmod(0o600)
        gateway.config.write_text(text)


def _ready(case: Replay) -> bool:
    return case.place.gateway.is_ready()


@attack("tls-listener")
def weak_tls(case: Replay) -> None:
    """Our own listener: TLS 1.2 and newer, AEAD suites only, no renegotiation, no compression."""
    with tempfile.TemporaryDirectory() as directory:
        authority = Authority(Path(directory))
        issued = authority.issue("localhost")
        context = server_tls(Tls(issued.certificate, issued.key))
    assert context.minimum_version >= ssl.TLSVersion.TLSv1_2
    names = {suite["name"] for suite in context.get_ciphers()}
    for weak in case.row.tries:
        assert not [name for name in names if weak in name], case.told(weak, names)
    assert all("GCM" in name or "POLY1305" in name for name in names)
    assert context.options & ssl.OP_NO_RENEGOTIATION
    assert context.options & ssl.OP_NO_COMPRESSION


@attack("tls-to-neighbours")
def neighbours_that_are_not_who_they_say(case: Replay) -> None:
    """An https upstream with another name, or of another authority: no handshake."""
    with tempfile.TemporaryDirectory() as directory:
        ours, theirs = Authority(Path(directory)), Authority(Path(directory), "theirs")
        config = Path(directory) / "gateway.toml"
        tls = f'url = ["https://localhost:1"]\ntls_ca = "{ours.file}"'
        text = PLAIN.format(state="v", top="", corporate='["10.0.0.0/8"]', tables="")
        config.write_text(text.replace('url = ["http://127.0.0.1:9000"]', tls))
        context = upstream_tls(read_settings(config, {}).upstreams[0])
        assert context is not None
        assert context.check_hostname
        for name, authority in (("localhost", ours), ("evil", ours), ("localhost", theirs)):
            issued = authority.issue(name)
            server = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
            server.load_cert_chain(issued.certificate, issued.key)
            refused = _handshake(context, server) is not None
            assert refused == ((name, authority) != ("localhost", ours)), case.told(name)
    for word in case.row.tries:
        assert getattr(context, word), case.told(word)


def _handshake(client: ssl.SSLContext, server: ssl.SSLContext) -> ssl.SSLError | None:
    """Let two contexts shake hands in memory; return what the client refused."""
    to_client, to_server = ssl.MemoryBIO(), ssl.MemoryBIO()
    near = client.wrap_bio(to_client, to_server, server_hostname="localhost")
    far = server.wrap_bio(to_server, to_client, server_side=True)
    for _ in range(6):
        for side in (near, far):
            try:
                side.do_handshake()
            except ssl.SSLWantReadError:
                continue
            except ssl.SSLError as error:
                return error
    return None


@attack("no-such-code")
def parts_of_libraries_that_had_holes(case: Replay) -> None:
    """Functions of our libraries that had holes and that we do not need: used nowhere."""
    for word in case.row.tries:
        for folder in ("gateway", "policies"):
            for file in Path(ROOT / folder).rglob("*"):
                if file.suffix in {".py", ".html"}:
                    assert word not in file.read_text("utf-8"), case.told(word, str(file))


@attack("proxies-of-the-environment")
def the_environment_names_a_proxy(case: Replay) -> None:
    """Outgoing calls that the environment would lead elsewhere, or a redirect: not ours."""
    for word in case.row.tries:
        found = [
            str(file)
            for file in Path(ROOT / "gateway").rglob("*.py")
            if word in file.read_text("utf-8")
        ]
        assert found == [], case.told(word, found)
