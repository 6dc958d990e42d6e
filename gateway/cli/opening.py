"""The directory of gateway.toml, opened for one command.

`ctx.obj` (a dict) tells commands where they are: "config" is the path of gateway.toml, and
"session_ender", when it is there, a function from Settings to an async context manager that
yields `end(user)`, which ends every session of a user in every worker.
"""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import AbstractAsyncContextManager, AsyncExitStack, asynccontextmanager
from dataclasses import dataclass, field
from typing import TypeVar

import click

from gateway.auth.ports import Unavailable
from gateway.cli.configuration import read_config
from gateway.cli.output import No
from gateway.directory.accounts import KeptElsewhere, OnChanged
from gateway.directory.opening import AnyAccounts, AnyDirectory, open_directory
from gateway.directory.passwords import PasswordHasher
from gateway.directory.trouble import DirectoryUnavailable
from gateway.settings.model import Settings
from gateway.system import SystemClock, SystemEntropy

SessionEnder = Callable[[Settings], AbstractAsyncContextManager[OnChanged]]

T = TypeVar("T")


@dataclass(slots=True)
class _Ending:
    """Ends sessions when it is told how, and notes whose it could not end."""

    settings: Settings
    ender: SessionEnder | None
    kept: list[str] = field(default_factory=list)

    async def __call__(self, user: str) -> None:
        if self.ender is None:
            return
        try:
            async with self.ender(self.settings) as end:
                await end(user)
        except Unavailable:
            self.kept.append(user)


@dataclass(frozen=True, slots=True)
class Opened:
    """An open directory and what hashes for it."""

    directory: AnyDirectory
    hasher: PasswordHasher

    @property
    def accounts(self) -> AnyAccounts:
        """The users, one by one."""
        return self.directory.accounts


def make_hasher() -> PasswordHasher:
    """Return a hasher of the running gateway's cost."""
    return PasswordHasher(SystemEntropy())


@asynccontextmanager
async def open_from_config(ctx: click.Context) -> AsyncIterator[Opened]:
    """Yield the directory that gateway.toml names, closed afterwards.

    Raises No, also when the body did its work but sessions that should have ended could not.
    """
    settings = read_config(ctx.obj["config"])
    ending = _Ending(settings, ctx.obj.get("session_ender"))
    async with AsyncExitStack() as stack:
        hasher = make_hasher()
        stack.callback(hasher.close)
        try:
            directory = open_directory(
                settings.directory, hasher, SystemClock(), SystemEntropy(), on_changed=ending
            )
        except ValueError as error:
            raise No(str(error)) from None
        stack.push_async_callback(directory.close)
        yield Opened(directory, hasher)
    if ending.kept:
        raise No(
            f"The change is made, but the session store does not answer: open sessions of "
            f"{', '.join(ending.kept)} go on. Say the same again when it is back."
        )


def ends_sessions(ctx: click.Context) -> bool:
    """Return whether commands can end sessions here."""
    return ctx.obj.get("session_ender") is not None


def with_directory(ctx: click.Context, work: Callable[[Opened], Awaitable[T]]) -> T:
    """Run `work` with the open directory. Raises No when something does not answer."""

    async def opened_work() -> T:
        async with open_from_config(ctx) as opened:
            return await work(opened)

    try:
        return asyncio.run(opened_work())
    except DirectoryUnavailable as trouble:
        raise No(f"The directory does not answer: {trouble.advice}.") from None
    except KeptElsewhere as why:
        raise No(str(why)) from None
    except Unavailable as trouble:
        raise No(f"Not available just now: {trouble.what}. Try again.") from None
