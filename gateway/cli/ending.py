"""Ending a user's sessions from the command line, in every worker of the running gateway."""

from __future__ import annotations

import contextlib
from collections.abc import AsyncIterator

from gateway.auth.model import Client
from gateway.auth.ports import Unavailable
from gateway.auth.sealing import Sealer
from gateway.auth.sessions import Sessions
from gateway.directory.accounts import OnChanged
from gateway.operate.audit_file import AuditFile
from gateway.settings.model import Settings
from gateway.store.embedded import EmbeddedRedisError, reached
from gateway.store.store import open_store
from gateway.system import SystemClock, SystemEntropy

_OPERATOR = Client(address="", network="operator", request_id="")


@contextlib.asynccontextmanager
async def session_ender(settings: Settings) -> AsyncIterator[OnChanged]:
    """Yield `end(user)`. Raises Unavailable when the session store cannot be reached."""
    key = settings.secret_key.reveal()
    embedded = settings.redis_url.reveal() == "embedded"
    if not key or (embedded and not (settings.state_dir / "redis").exists()):
        yield _nobody_is_logged_on  # the gateway has never run here
        return
    async with contextlib.AsyncExitStack() as stack:
        url = settings.redis_url.reveal()
        if embedded:
            try:
                url = stack.enter_context(reached(settings.state_dir))
            except (OSError, EmbeddedRedisError) as error:
                raise Unavailable("redis") from error
        clock = SystemClock()
        audit = AuditFile(settings.audit_file, clock)
        stack.callback(audit.close)
        store = open_store(url)
        stack.push_async_callback(store.close)
        sealer = Sealer(key.encode(), SystemEntropy())
        sessions = Sessions(store.sessions, sealer, settings.session, clock, audit)

        async def end(user: str) -> None:
            await sessions.end_all(user, _OPERATOR, "changed-by-operator")

        yield end


async def _nobody_is_logged_on(_user: str) -> None:
    return
