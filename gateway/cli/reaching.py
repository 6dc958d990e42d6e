"""The sessions of the running gateway, reached from the command line: listed, ended, unlocked."""

from __future__ import annotations

import asyncio
import contextlib
from collections.abc import AsyncIterator, Awaitable, Callable
from dataclasses import dataclass
from functools import partial
from typing import TYPE_CHECKING, TypeVar

import click

from gateway.auth.deliveries import Deliveries
from gateway.auth.lockout import Lockout
from gateway.auth.ports import Unavailable
from gateway.auth.refusals import Record, read_refusal
from gateway.auth.sealing import Sealer
from gateway.auth.session_list import SessionList
from gateway.auth.sessions import Sessions
from gateway.auth.sms_budget import SmsBudget
from gateway.cli.configuration import read_config
from gateway.cli.operator import OPERATOR
from gateway.cli.output import No
from gateway.counters import Counters
from gateway.operate.audit_file import open_audit
from gateway.operate.counted_audit import CountedAudit
from gateway.settings.model import Settings
from gateway.store.embedded import EmbeddedRedisError, reached
from gateway.store.store import Store, open_store
from gateway.system import SystemClock, SystemEntropy

if TYPE_CHECKING:
    from gateway.directory.accounts import OnChanged

T = TypeVar("T")


@dataclass(frozen=True, slots=True)
class Reached:
    """What of the running gateway a command works with; ends are heard by every worker."""

    sessions: Sessions
    listing: SessionList
    lockout: Lockout
    budget: SmsBudget
    deliveries: Deliveries
    refusal: Callable[[str], Awaitable[Record | None]]
    """Returns what is kept of a reference."""


@contextlib.asynccontextmanager
async def reach(settings: Settings) -> AsyncIterator[Reached | None]:
    """Yield what is reached; None where the gateway has never run, so nobody is logged on.

    Raises Unavailable when the session store cannot be reached.
    """
    key = settings.secret_key.reveal()
    url = settings.redis_url.reveal()
    embedded = url == "embedded"
    if not key or (embedded and not (settings.state_dir / "redis").exists()):
        yield None
        return
    async with contextlib.AsyncExitStack() as stack:
        if embedded:
            try:
                url = stack.enter_context(reached(settings.state_dir))
            except (OSError, EmbeddedRedisError) as error:
                raise Unavailable("redis") from error
        clock = SystemClock()
        sealer = Sealer(key.encode(), SystemEntropy())
        try:
            audit_file = open_audit(settings, sealer, clock)
        except OSError as error:
            raise Unavailable("audit file") from error
        stack.callback(audit_file.close)
        store = open_store(url)
        stack.push_async_callback(store.close)
        counters = Counters()
        stack.push_async_callback(_leave, store, counters)
        audit = CountedAudit(audit_file, counters)
        yield Reached(
            Sessions(store.sessions, sealer, settings.session, clock, audit),
            SessionList(store.sessions, sealer, settings.session, clock),
            Lockout(store.failures, sealer, settings.lockout, clock),
            SmsBudget(store.failures, sealer, settings.sms_budget, clock),
            Deliveries(store.deliveries, sealer, clock),
            partial(read_refusal, store.refusals, sealer),
        )


async def _leave(store: Store, counters: Counters) -> None:
    """Leave what was counted here to the gateways' metrics; nothing hangs on it."""
    counts = {key: int(n) for key, n in counters.values.items() if isinstance(n, int | float)}
    with contextlib.suppress(Unavailable):
        await store.left_counts.leave(counts)


@contextlib.asynccontextmanager
async def session_ender(settings: Settings) -> AsyncIterator[OnChanged]:
    """Yield `end(user)`. Raises Unavailable when the session store cannot be reached."""
    async with reach(settings) as found:

        async def end(user: str) -> None:
            if found is not None:
                await found.sessions.end_all(user, OPERATOR, "changed-by-operator")

        yield end


def with_sessions(ctx: click.Context, work: Callable[[Reached], Awaitable[T]]) -> T | None:
    """Run `work`; return None where the gateway has never run. Raises No."""
    settings = read_config(ctx.obj["config"])

    async def reached_work() -> T | None:
        async with reach(settings) as reached:
            return None if reached is None else await work(reached)

    try:
        return asyncio.run(reached_work())
    except Unavailable as trouble:
        raise No(
            f"No answer: {trouble.what}. Is the gateway running? "
            'With [redis] url = "embedded" it brings the store of sessions with it.'
        ) from None
