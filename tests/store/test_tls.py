"""rediss:// on a real Redis: the certificate must be vouched for, and for this name."""

from __future__ import annotations

import socket
import subprocess
import time
from pathlib import Path

import pytest

from gateway.auth.ports import Unavailable
from gateway.store.store import open_store
from tests import requirements
from tests.system.certificates import Authority


@pytest.fixture
def secured(tmp_path: Path):
    """Yield the port of a Redis that speaks TLS only, as `redis.test` and 127.0.0.1, and its CA."""
    authority = Authority(tmp_path)
    issued = authority.issue("127.0.0.1", "redis.test")
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port = probe.getsockname()[1]
    process = subprocess.Popen(
        [
            requirements.program("redis-server"),
            *("--port", "0", "--tls-port", str(port), "--bind", "127.0.0.1", "--save", ""),
            *("--tls-cert-file", str(issued.certificate), "--tls-key-file", str(issued.key)),
            *("--tls-auth-clients", "no", "--tls-ca-cert-file", str(authority.file)),
            *("--dir", str(tmp_path)),
        ],
        stdout=subprocess.DEVNULL,
    )
    end = time.monotonic() + 10
    while time.monotonic() < end:
        with socket.socket() as client:
            if client.connect_ex(("127.0.0.1", port)) == 0:
                break
        time.sleep(0.01)
    yield port, authority
    process.kill()
    process.wait()


async def answers(url: str) -> bool:
    store = open_store(url)
    try:
        await store.ping()
    except Unavailable:
        return False
    else:
        return True
    finally:
        await store.close()


@pytest.mark.asyncio
async def test_a_certificate_of_our_authority_is_believed(secured) -> None:
    port, authority = secured
    assert await answers(f"rediss://127.0.0.1:{port}/0?ssl_ca_certs={authority.file}")


@pytest.mark.asyncio
async def test_an_unknown_authority_is_not(secured, tmp_path: Path) -> None:
    port, _ = secured
    other = Authority(tmp_path, "other")
    assert not await answers(f"rediss://127.0.0.1:{port}/0")
    assert not await answers(f"rediss://127.0.0.1:{port}/0?ssl_ca_certs={other.file}")


@pytest.mark.asyncio
async def test_a_certificate_for_another_name_is_not(secured) -> None:
    port, authority = secured
    assert not await answers(f"rediss://localhost:{port}/0?ssl_ca_certs={authority.file}")


@pytest.mark.asyncio
async def test_a_redis_in_clear_does_not_pass_for_one_with_tls(secured) -> None:
    port, _ = secured
    assert not await answers(f"redis://127.0.0.1:{port}/0")
