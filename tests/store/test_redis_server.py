"""gateway/store/redis_server.py: the configuration of the embedded Redis."""

from __future__ import annotations

from pathlib import Path

import pytest

from gateway.store.redis_server import EmbeddedRedisError, configuration, hole_of


def lines(directory: str = "/d", socket: str = "/d/s") -> list[str]:
    return configuration(Path(directory), Path(socket), "gateway-pw", "admin-pw").splitlines()


@pytest.mark.parametrize(
    "line",
    [
        "port 0",
        "unixsocketperm 700",
        "appendonly yes",
        "appendfsync always",
        'save ""',
        "daemonize no",
    ],
)
def test_only_a_socket_and_every_write_on_disk(line: str) -> None:
    assert line in lines()


def test_nobody_is_the_default_user_and_no_password_is_in_clear() -> None:
    users = [line for line in lines() if line.startswith("user ")]
    assert [line.split()[1] for line in users] == ["default", "gateway", "supervisor"]
    assert users[0].split()[2] == "off"
    assert not any("-pw" in line or "nopass" in line for line in lines())


def test_the_gateway_has_no_dangerous_command() -> None:
    (user,) = [line for line in lines() if line.startswith("user gateway ")]
    allowed = {word[1:] for word in user.split() if word.startswith("+")}
    assert not allowed & {
        "@all", "eval", "script", "config", "module", "debug", "keys", "flushall", "acl",
        "shutdown", "monitor", "save", "replicaof", "client",
    }  # fmt: skip
    assert "~portvakt:*" in user
    assert "&portvakt:*" in user


def test_a_path_is_quoted() -> None:
    text = "\n".join(lines('/a "b" \\c', "/a b/s"))
    assert 'dir "/a \\"b\\" \\\\c"' in text
    assert 'unixsocket "/a b/s"' in text


def test_a_path_with_a_line_break_is_refused() -> None:
    with pytest.raises(EmbeddedRedisError, match="printable"):
        lines("/a\nrequirepass x")


@pytest.mark.parametrize(
    ("version", "open_"),
    [
        ("5.0.14", True), ("6.0.16", True), ("6.2.14", True), ("6.2.20", False), ("7.0.14", True),
        ("7.0.15", False), ("7.2.10", True), ("7.2.11", False), ("7.4.5", True), ("8.0.4", False),
        ("8.2.1", True), ("8.2.2", False), ("8.4.0", False), ("9.0.0", False),
    ],
)  # fmt: skip
def test_a_server_older_than_its_branchs_repair_is_told_of(version: str, *, open_: bool) -> None:
    told = hole_of(f"Redis server v={version} sha=00000000:0 malloc=libc bits=64")
    assert (told is not None) == open_
    assert told is None or (version in told and "CVE-2025-49844" in told)


def test_a_server_that_does_not_say_is_let_be() -> None:
    assert hole_of("who knows") is None
