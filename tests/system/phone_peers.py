"""Peers of the gateway that live on an event loop of their own: an SMSC, a mail server, Kannel."""

from __future__ import annotations

import asyncio
import contextlib
import re
import socket
import subprocess
import threading
import time
from collections.abc import Iterator
from contextlib import AbstractAsyncContextManager
from pathlib import Path
from typing import Any

from tests.sms.smsc import Smsc
from tests.system.gateway import free_port


@contextlib.contextmanager
def on_a_loop(*peers: AbstractAsyncContextManager[Any]) -> Iterator[asyncio.AbstractEventLoop]:
    """Run peers in a thread until the end."""
    loop = asyncio.new_event_loop()
    thread = threading.Thread(target=loop.run_forever)
    thread.start()

    async def enter() -> contextlib.AsyncExitStack:
        stack = contextlib.AsyncExitStack()
        for peer in peers:
            await stack.enter_async_context(peer)
        return stack

    stack = asyncio.run_coroutine_threadsafe(enter(), loop).result(10)
    try:
        yield loop
    finally:
        asyncio.run_coroutine_threadsafe(stack.aclose(), loop).result(10)
        loop.call_soon_threadsafe(loop.stop)
        thread.join()
        loop.close()


def codes(smsc: Smsc, to: str) -> list[str]:
    """Return the codes that an SMSC was handed for a number (E.164), oldest first."""
    found = [one for one in list(smsc.submitted) if one.to[2].lstrip("+") == to.lstrip("+")]
    texts = [one.message.decode("utf-16-be" if one.coding == 8 else "latin-1") for one in found]
    return [code for text in texts for code in re.findall(r"#(\d{6})", text)]


@contextlib.contextmanager
def running_kannel(directory: Path, smsc: Smsc) -> Iterator[str]:
    """Run Kannel's bearerbox and smsbox, bound to an SMSC; yield the URL that takes messages."""
    admin, boxes, sending = free_port(), free_port(), free_port()
    config = directory / "kannel.conf"
    config.write_text(
        f"""group = core
admin-port = {admin}
admin-password = unused
admin-interface = 127.0.0.1
smsbox-port = {boxes}
smsbox-interface = 127.0.0.1
box-allow-ip = 127.0.0.1
store-type = file
store-location = {directory}/kannel.store

group = smsc
smsc = smpp
host = 127.0.0.1
port = {smsc.port}
smsc-username = kannel
smsc-password = {smsc.password}
system-type = ""
transceiver-mode = true
source-addr-autodetect = true
dest-addr-ton = 1
dest-addr-npi = 1

group = smsbox
bearerbox-host = 127.0.0.1
sendsms-port = {sending}
sendsms-interface = 127.0.0.1

group = sendsms-user
username = portvakt
password = kannel-pw
max-messages = 4
concatenation = true
"""
    )
    with contextlib.ExitStack() as stack:
        for box in ("bearerbox", "smsbox"):
            log = stack.enter_context((directory / f"{box}.log").open("wb"))
            process = subprocess.Popen(
                [f"/usr/sbin/{box}", "-v", "1", str(config)], stdout=log, stderr=log, cwd=directory
            )
            stack.callback(_end, process)
            until = time.monotonic() + 10
            port = boxes if box == "bearerbox" else sending
            while not _listens(port) and time.monotonic() < until:
                assert process.poll() is None, (directory / f"{box}.log").read_text()[-2000:]
                time.sleep(0.05)
        yield f"http://127.0.0.1:{sending}/cgi-bin/sendsms"


def _listens(port: int) -> bool:
    with socket.socket() as probe:
        return probe.connect_ex(("127.0.0.1", port)) == 0


def _end(process: subprocess.Popen[bytes]) -> None:
    process.kill()  # what it has to say at its end takes it seconds
    process.wait()
