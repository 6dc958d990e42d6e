"""A directory in PostgreSQL, by psycopg: how it is connected to, and a wait that ends in time.

The URL is libpq's and stays its own: several hosts, sslmode, passfile and the rest mean what
PostgreSQL's documentation says. What it leaves open is filled in here, TLS above all: a server that
is not on this machine must prove its name.
"""

from __future__ import annotations

import asyncio
from typing import Any, Final

from psycopg import AsyncConnection, ProgrammingError, waiting
from psycopg.abc import RV, PQGen
from psycopg.conninfo import conninfo_to_dict, make_conninfo
from sqlalchemy.ext.asyncio import AsyncEngine, create_async_engine

from gateway.settings.postgres_url import is_here, parse_postgres_url

_CONNECTIONS: Final = 4
_RECYCLE_S: Final = 600.0
"""After so long a connection is made anew: it may lead to a server that is a standby by now."""
_USUAL: Final = {
    "application_name": "portvakt",
    "client_encoding": "UTF8",
    "connect_timeout": "2",  # seconds a host; the least that libpq knows
    "keepalives_idle": "30",
    "keepalives_interval": "5",
    "keepalives_count": "3",
}
_VERIFIED: Final = {"sslmode": "verify-full"}
_BY_THE_SYSTEM: Final = {"sslrootcert": "system"}


def connection_values(url: str, statement_timeout_s: float) -> dict[str, str]:
    """Return what a connection is made with. Raises ValueError, in words, not showing the URL."""
    uri = parse_postgres_url(url).uri
    try:
        asked = {key: str(value) for key, value in conninfo_to_dict(uri).items()}
    except ProgrammingError:
        raise ValueError(
            "libpq cannot read it: a misspelled parameter, or a sign that must be %-encoded"
        ) from None
    # As libpq reads it. No host: a service or PGHOST may name one (on a socket this does nothing).
    hosts = [one for key in ("host", "hostaddr") for one in asked.get(key, "").split(",") if one]
    secured: dict[str, str] = {}
    if not (hosts and all(map(is_here, hosts))) and "sslmode" not in asked:
        secured = _VERIFIED if "sslrootcert" in asked else _VERIFIED | _BY_THE_SYSTEM
    values = _USUAL | secured | asked
    # A setting that the URL has too comes last, and counts.
    values["options"] = f"{_timeouts(statement_timeout_s)} {asked.get('options', '')}".strip()
    return values


def make_engine(url: str, statement_timeout_s: float) -> AsyncEngine:
    """Return an engine that has not connected yet; statements' parameters are never logged.

    No statement takes longer than that there, and none is waited for after a cancellation here.
    Raises ValueError.
    """
    conninfo = make_conninfo("", **connection_values(url, statement_timeout_s))

    async def connect(*_: Any, **__: Any) -> AsyncConnection[Any]:
        # A pooler in between gives each transaction another connection: nothing is prepared.
        return await _Connection.connect(conninfo, prepare_threshold=None)

    return create_async_engine(
        "postgresql+psycopg://",
        async_creator=connect,
        hide_parameters=True,
        max_overflow=0,
        pool_pre_ping=True,
        pool_recycle=_RECYCLE_S,
        pool_size=_CONNECTIONS,
        use_native_hstore=False,
    )


class _Connection(AsyncConnection[Any]):
    """A connection that is given up with whoever waits for it.

    psycopg asks the server to cancel and waits for that, up to ten seconds: a server that is
    stopped or cut off never answers, and the caller's deadline has passed already.
    """

    async def wait(self, gen: PQGen[RV], interval: float = 0.1, timeout: float | None = None) -> RV:  # noqa: ASYNC109 - psycopg's own signature
        """Run a generator on the connection; see psycopg."""
        try:
            return await waiting.wait_async(gen, self.pgconn.socket, interval, timeout)
        except asyncio.CancelledError:
            self.pgconn.finish()
            raise


def _timeouts(seconds: float) -> str:
    """Return the server's own limits, for a statement that outlives its connection."""
    milliseconds = int(seconds * 1000)
    return (
        f"-c statement_timeout={milliseconds} "
        f"-c idle_in_transaction_session_timeout={10 * milliseconds}"
    )
