from __future__ import annotations

import asyncio
import sqlite3

import pytest
from sqlalchemy.exc import InterfaceError, OperationalError

from gateway.auth.ports import Unavailable
from gateway.directory.trouble import DirectoryUnavailable, border


def sqlite_error(name: str) -> sqlite3.OperationalError:
    error = sqlite3.OperationalError("anna's row")
    error.sqlite_errorname = name
    return error


@pytest.mark.parametrize(
    ("error", "words"),
    [
        (sqlite_error("SQLITE_BUSY"), "locked"),
        (sqlite_error("SQLITE_BUSY_SNAPSHOT"), "locked"),
        (sqlite_error("SQLITE_CORRUPT"), "restore it from a backup"),
        (sqlite_error("SQLITE_NOTADB"), "not an SQLite database"),
        (sqlite_error("SQLITE_READONLY_DIRECTORY"), "cannot be written"),
        (sqlite_error("SQLITE_FULL"), "disk is full"),
        (sqlite_error("SQLITE_MISMATCH"), "SQLITE_MISMATCH"),
        (
            OperationalError("SELECT", {"hash": "x"}, sqlite_error("SQLITE_IOERR_READ")),
            "disk fails",
        ),
        (InterfaceError("SELECT", {"hash": "x"}, ValueError("anna's row")), "InterfaceError"),
        (PermissionError(13, "Permission denied", "/x"), "Permission denied"),
        (ConnectionRefusedError(111, "Connection refused"), "Connection refused"),
        (OSError("anna's row"), "OSError"),
    ],
)
@pytest.mark.asyncio
async def test_what_a_driver_raises_becomes_unavailable_in_words(
    caplog: pytest.LogCaptureFixture, error: Exception, words: str
) -> None:
    with pytest.raises(DirectoryUnavailable) as raised:
        async with border(1):
            raise error
    assert raised.value.what == "directory"
    assert words in raised.value.advice
    assert words in caplog.text
    assert "anna" not in caplog.text + raised.value.advice
    assert raised.value.__suppress_context__


@pytest.mark.asyncio
async def test_a_body_that_takes_too_long_is_cut_off() -> None:
    with pytest.raises(DirectoryUnavailable, match="directory") as raised:
        async with border(0.01):
            await asyncio.Event().wait()
    assert "0.01 s" in raised.value.advice


@pytest.mark.parametrize("error", [KeyError("bug"), Unavailable("password hashing busy")])
@pytest.mark.asyncio
async def test_what_is_not_the_drivers_passes_as_it_is(error: Exception) -> None:
    with pytest.raises(type(error)) as raised:
        async with border(None):
            raise error
    assert raised.value is error


@pytest.mark.asyncio
async def test_being_cancelled_is_not_the_directorys_trouble() -> None:
    started = asyncio.Event()

    async def call() -> None:
        async with border(10):
            started.set()
            await asyncio.Event().wait()

    calling = asyncio.ensure_future(call())
    await started.wait()
    calling.cancel()
    with pytest.raises(asyncio.CancelledError):
        await calling
