"""What `/readyz` asks of a worker: its neighbours, its configuration, and whether it is to end."""

from __future__ import annotations

import asyncio
from pathlib import Path

from gateway.auth.ports import Unavailable
from gateway.generation import Lasting
from gateway.operate.admin import Check
from gateway.operate.metric_desk import Desk
from gateway.settings.files import digest_of
from gateway.worker import Worker


def readiness(
    path: Path, lasting: Lasting, worker: Worker, desk: Desk, stop: asyncio.Event
) -> dict[str, Check]:
    """Return the checks by name; `path` is gateway.toml, `stop` is set once we were told to end."""

    async def serving() -> None:
        if stop.is_set():
            raise Unavailable("this gateway was told to stop")

    async def directory() -> None:
        await worker.now.directory.ping()

    async def configuration() -> None:
        on_disk = await asyncio.to_thread(digest_of, path)
        trouble = worker.trouble(on_disk)
        if trouble:
            raise Unavailable(trouble)

    async def audit() -> None:
        if (why := lasting.audit_file.trouble()) is not None:
            raise Unavailable(f"the audit cannot be written: {why}")

    async def workers() -> None:
        if (amiss := desk.amiss()) is not None:
            raise Unavailable(amiss)

    return {
        "serving": serving,
        "redis": lasting.store.ping,
        "directory": directory,
        "configuration": configuration,
        "audit": audit,
        "workers": workers,
    }
