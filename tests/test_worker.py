"""A worker's change from one configuration to the next, on real sockets, without Redis."""

from __future__ import annotations

import asyncio
import contextlib
import logging
import os
import ssl
from collections.abc import AsyncIterator
from dataclasses import dataclass, field, replace
from pathlib import Path
from unittest import mock

import pytest

from gateway.app import Start, _lasting
from gateway.checking import read_checked
from gateway.operate.metric_desk import board_for
from gateway.proxy.listener import bind
from gateway.reload import handover
from gateway.reload.look import Running
from gateway.settings.model import HostPort
from gateway.worker import Worker
from tests.proxy.raw_client import Client
from tests.settings.samples import KEY, SMALL
from tests.system.certificates import Authority

pytestmark = pytest.mark.asyncio

TEXT = SMALL.replace('path = "/"', 'path = "/app/"') + f'\n[secrets]\nkey = "{KEY}"\n'
PAGE = b"GET /nowhere HTTP/1.1\r\nHost: %b\r\nAccept: text/html\r\n\r\n"


@dataclass
class Place:
    """A worker, its directory, and the end of the line that it is told over."""

    worker: Worker
    directory: Path
    line: object
    port: int
    number: int = 0
    clients: list[Client] = field(default_factory=list)

    async def tell(self, text: str, **status) -> None:
        """Put a gateway.toml in force, as the keeper and the parent do."""
        self.number += 1
        path = self.directory / "gateway.toml"
        path.write_text(text)
        running = Running.started(read_checked(path, {}), 0.0)
        stands = replace(running.status, number=self.number, **status)
        await self.send(Running(running.settings, stands))

    async def send(self, running: Running) -> None:
        descriptor = handover.write(running)
        assert handover.send(self.line, descriptor)
        os.close(descriptor)
        async with asyncio.timeout(5):
            while self.worker.status != running.status or self.worker._is_behind():
                await asyncio.sleep(0.005)

    async def client(self, tls: ssl.SSLContext | None = None) -> Client:
        name = "localhost" if tls else None
        found = await asyncio.open_connection("127.0.0.1", self.port, ssl=tls, server_hostname=name)
        self.clients.append(Client(*found))
        return self.clients[-1]

    async def page(self, client: Client | None = None, host: bytes = b"localhost:8080") -> bytes:
        client = client or await self.client()
        return (await client.ask(PAGE % host)).body


@contextlib.asynccontextmanager
async def serving(directory: Path, text: str = TEXT) -> AsyncIterator[Place]:
    path = directory / "gateway.toml"
    path.write_text(text)
    (directory / "var").mkdir(exist_ok=True)
    running = Running.started(read_checked(path, {}), 0.0)
    ours, theirs = handover.channel()
    public = bind([HostPort("127.0.0.1", 0)])
    start = Start(
        path=path,
        running=running,
        line=theirs,
        redis_url="unix:///nowhere/redis.sock",
        public=public,
        admin=[],
        board=board_for(1),
        place=0,
    )
    async with contextlib.AsyncExitStack() as stack:
        worker = Worker(_lasting(start, stack), running, public)
        port = public[0].getsockname()[1]
        await worker.listen()
        following = asyncio.ensure_future(worker.follow(theirs))
        place = Place(worker, directory, ours, port)
        try:
            yield place
        finally:
            for client in place.clients:
                client.writer.transport.abort()
            following.cancel()
            await asyncio.gather(following, return_exceptions=True)
            await worker.close(0.0)
            await asyncio.sleep(0.01)
            ours.close()
            theirs.close()


async def test_the_next_request_goes_by_the_new_one(tmp_path) -> None:
    async with serving(tmp_path) as place:
        client = await place.client()
        assert b"Medarbetarportalen" in await place.page(client)
        await place.tell(TEXT + "[branding]\nportal = 'Andra portalen'\n")
        assert b"Andra portalen" in await place.page(client)
        services = place.worker.now.services
        assert (
            services.snapshot is place.worker.now.plan.snapshot is place.worker.door.plan.snapshot
        )


async def test_what_is_equal_is_taken_over_and_what_is_not_is_made_anew(tmp_path) -> None:
    two = TEXT + '[[upstream]]\nname = "two"\nurl = ["http://127.0.0.1:9"]\n'
    sms = '[[sms]]\nkind = "outbox"\npath = "{}"\n'
    async with serving(tmp_path, two + sms.format("a")) as place:
        before = place.worker.now
        await place.tell(
            "\n\n" + two.replace(":9/", ":10/").replace(":9000", ":9001") + sms.format("a")
        )
        now = place.worker.now
        assert now.plan.pools["two"] is before.plan.pools["two"], "only its line is another"
        assert now.plan.pools["portal"] is not before.plan.pools["portal"]
        assert now.plan.pools[""] is before.plan.pools[""]
        assert now.sms is before.sms
        assert now.directory is before.directory
        await place.tell(two + sms.format("b") + '[directory]\npath = "other.sqlite3"\n')
        again = place.worker.now
        assert again.sms is not now.sms
        assert again.directory is not now.directory
        assert "portal" in again.plan.pools


async def test_every_setting_reaches_the_parts_that_go_by_it(tmp_path) -> None:
    """A generation that was changed to is the one that would have been started with."""
    text = TEXT + (
        "[session]\nidle = '7m'\nmax_per_user = 3\n[lockout]\nuser = '7/1h'\n"
        "[one_time_password]\ndigits = 8\n[self_service]\nreset = false\nprove_mobile = true\n"
        "[sms_budget]\ntotal = '7/1d'\n[limits]\nbody = '7KiB'\n[branding]\nportal = 'P'\n"
        "default_language = 'sv'\n[password]\nmin_length = 9\n"
    )
    async with serving(tmp_path) as place:
        await place.tell(text)
        changed, lasting = place.worker.now, place.worker._lasting
        async with serving(tmp_path, text) as other:
            started = other.worker.now
            assert changed.settings == started.settings
            assert lasting.sessions.times == other.worker._lasting.sessions.times
            assert lasting.sessions._most == 3
            for name in ("logon", "account", "reset", "own_sessions"):
                one, two = getattr(changed.services, name), getattr(started.services, name)
                assert _settings_of(one) == _settings_of(two), name
            assert changed.plan.max_body == started.plan.max_body == 7 * 1024


def _settings_of(part: object, seen: frozenset[int] = frozenset()) -> dict[str, object]:
    """Return what a part and those below it have from gateway.toml, by where it stands."""
    found: dict[str, object] = {}
    for name, value in getattr(part, "__dict__", {}).items():
        module = type(value).__module__
        if module.startswith("gateway.settings") or isinstance(value, str | int | tuple):
            found[name] = value
        elif module.startswith("gateway.auth") and id(value) not in seen:
            below = _settings_of(value, seen | {id(value)})
            found |= {f"{name}.{key}": inner for key, inner in below.items()}
    return {key: value for key, value in found.items() if "sessions" not in key}


async def test_new_connections_get_the_new_certificate_and_others_go_on(tmp_path) -> None:
    authority = Authority(tmp_path)
    ours = authority.issue("localhost")
    table = f"[listen]\ntls = {{ certificate = '{ours.certificate}', key = '{ours.key}' }}\n"
    text = TEXT.replace("http://localhost:8080", "https://localhost:8080") + table
    trust = ssl.create_default_context(cafile=authority.file)
    async with serving(tmp_path, text) as place:
        first = await place.client(trust)
        serial = _serial(first)
        await place.page(first)
        fresh = authority.issue("localhost")
        assert fresh.certificate == ours.certificate
        await place.tell(text)
        clients = [await place.client(trust) for _ in range(5)]
        assert {_serial(client) for client in clients}.isdisjoint({serial})
        for client in (first, *clients):
            assert await place.page(client)


def _serial(client: Client) -> str:
    return client.writer.get_extra_info("ssl_object").getpeercert()["serialNumber"]


async def test_https_and_proxy_headers_are_switched_on_without_a_restart(tmp_path) -> None:
    async with serving(tmp_path) as place:
        plain = await place.client()
        assert await place.page(plain)
        proxied = "[listen]\nproxy_protocol = true\ntrusted_proxies = ['127.0.0.1']\n"
        await place.tell(TEXT + proxied)
        client = await place.client()
        client.send(b"PROXY TCP4 203.0.113.9 127.0.0.1 1 2\r\n")
        assert await place.page(client)
        assert await place.page(plain), "whoever is connected goes on"
        await place.tell(TEXT)
        assert await place.page(await place.client())


@pytest.mark.parametrize(
    ("error", "told"),
    [
        (OSError("no more files"), "no more files"),
        (KeyError("a password"), "KeyError at "),
    ],
)
async def test_what_cannot_be_opened_changes_nothing_and_is_tried_again(
    tmp_path, caplog, error, told
) -> None:
    with mock.patch("gateway.worker._AGAIN_S", 0.05):
        async with serving(tmp_path) as place:
            before = place.worker.now
            trouble = mock.patch("gateway.worker.prepare", side_effect=error)
            with trouble as tried, caplog.at_level(logging.ERROR):
                telling = asyncio.ensure_future(place.tell(TEXT + "# 1\n"))
                while tried.call_count < 2:
                    await asyncio.sleep(0.005)
                assert place.worker.now is before
                assert "newest configuration yet" in place.worker.trouble(before.settings.digest)
            await telling
            assert place.worker.now is not before
    assert f"keeps its configuration for now: {told}" in caplog.text
    assert "a password" not in caplog.text


async def test_only_how_it_stands(tmp_path) -> None:
    """A refused edit is told of with the settings that stay: they are not built again."""
    async with serving(tmp_path) as place:
        before = place.worker.now
        digest = before.settings.digest
        assert place.worker.trouble(digest) == ""
        assert place.worker.trouble("another") == "gateway.toml has changed and is being read"
        status = replace(place.worker.status, rejected=1, problems=("gateway.toml:3: no",))
        await place.send(Running(before.settings, status))
        assert place.worker.now is before
        assert "gateway.toml:3: no" in place.worker.trouble(digest)


async def test_what_was_replaced_is_closed_when_nobody_can_need_it(tmp_path) -> None:
    with mock.patch("gateway.worker._CLOSE_S", 0.05):
        async with serving(tmp_path) as place:
            old = place.worker.now.directory
            with mock.patch.object(type(old), "close", autospec=True) as closed:
                await place.tell(TEXT + '[directory]\npath = "other.sqlite3"\n')
                assert closed.call_count == 0
                while closed.call_count == 0:
                    await asyncio.sleep(0.005)
                assert closed.call_args.args == (old,)
            await old.close()
