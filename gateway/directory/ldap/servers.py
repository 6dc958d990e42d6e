"""Several servers of one directory: in their order, each with a deadline, dead ones passed over.

libldap blocks, so every call runs on a thread of its own; a server that cannot be reached is left
alone for a while that doubles. Connections of the service account are kept, those on which
somebody's password is tried never are: such a connection is somebody else's by then.

libldap has no time-out for a TLS handshake. So a server must first show that it makes one, and a
call that hangs all the same is left behind with its thread, which the end of the process ends.
"""

from __future__ import annotations

import asyncio
import contextlib
import logging
import socket
import ssl
import threading
from collections.abc import Callable
from functools import partial
from pathlib import Path
from time import monotonic
from typing import Any, Final, TypeVar, cast
from urllib.parse import urlsplit

import ldap
from ldap.ldapobject import SimpleLDAPObject

from gateway.auth.ports import Unavailable
from gateway.directory.trouble import DirectoryUnavailable
from gateway.settings.ldap import Ldap
from gateway.spans import calling

T = TypeVar("T")
Call = Callable[[Any], T]
"""What is done with a connection."""

_AT_ONCE: Final = 16
_WAITING: Final = 200
_KEPT: Final = 8
_FIRST_PAUSE_S: Final = 5.0
_LONGEST_PAUSE_S: Final = 60.0
_VERIFYING_S: Final = 4.0
"""A directory may take its time over a password, when it derives it as it should."""
_AWAY: Final = (
    ldap.SERVER_DOWN,
    ldap.CONNECT_ERROR,
    ldap.TIMEOUT,
    ldap.TIMELIMIT_EXCEEDED,
    ldap.BUSY,
    ldap.UNAVAILABLE,
)
_REFUSED: Final = (
    ldap.INVALID_CREDENTIALS,
    ldap.INAPPROPRIATE_AUTH,
    ldap.UNWILLING_TO_PERFORM,
    ldap.CONSTRAINT_VIOLATION,
    ldap.NO_SUCH_OBJECT,
    ldap.INVALID_DN_SYNTAX,
)

_ABOUT: Final = {"db.system.name": "ldap"}

_log = logging.getLogger("portvakt.directory")


class _Server:
    def __init__(self, url: str) -> None:
        self.url = url
        self.idle: list[Any] = []
        self.down_until = 0.0
        self.pause_s = 0.0


class Servers:
    """The servers of `[ldap]`. Close after use; calls may come from one event loop."""

    def __init__(self, rules: Ldap) -> None:
        self._rules = rules
        self._patience_s = rules.timeout.total_seconds()
        self._servers = [_Server(url) for url in rules.servers]
        self._lock = threading.Lock()
        self._places = asyncio.Semaphore(_AT_ONCE)
        self._asked = 0

    async def ask(self, call: Call[T]) -> T:
        """Run `call` on a connection of the service account. Raises Unavailable.

        It may run twice, on another connection or server, and so must do no harm then.
        """
        # A kept connection may hang before a fresh one has its turn.
        within_s = 2 * self._patience_s
        with calling("LDAP search or change", _ABOUT):
            return await self._in_order(lambda server: self._as_service(server, call), within_s)

    async def is_password(self, name: str, password: str) -> bool:
        """Whether a bind under this name succeeds; `password` is not empty. Raises Unavailable."""
        within_s = self._patience_s + _VERIFYING_S
        with calling("LDAP bind", _ABOUT):
            return await self._in_order(
                lambda server: self._tried(server, name, password), within_s
            )

    def passed_over(self) -> dict[str, bool]:
        """Return which servers are asked last because they did not answer, by URL."""
        return {server.url: server.pause_s > 0 for server in self._servers}

    async def close(self) -> None:
        """Close every connection."""
        for server in self._servers:
            while server.idle:
                _unbind(server.idle.pop())

    async def _in_order(self, call: Callable[[_Server], T], within_s: float) -> T:
        """Ask one server after the other; those that were away lately come last."""
        if self._asked >= _WAITING:
            raise Unavailable("directory busy")
        self._asked += 1
        try:
            async with self._places:
                return await self._from_first_to_last(call, within_s)
        finally:
            self._asked -= 1

    async def _from_first_to_last(self, call: Callable[[_Server], T], within_s: float) -> T:
        now = monotonic()
        advice = "no server is named"
        for server in sorted(self._servers, key=lambda one: one.down_until > now):
            try:
                async with asyncio.timeout(within_s):
                    answer = await _on_a_thread(partial(call, server))
            except (*_AWAY, OSError, TimeoutError) as error:
                advice = f"{server.url} cannot be reached: {_told(error)}"
                self._passed_over(server, advice)
            except ldap.LDAPError as error:
                # Not the text: it may quote what was asked.
                raise DirectoryUnavailable(f"{server.url} answers {_told(error)}") from None
            else:
                server.down_until = server.pause_s = 0.0
                return answer
        raise DirectoryUnavailable(advice)

    def _passed_over(self, server: _Server, advice: str) -> None:
        now = monotonic()
        with self._lock:
            if server.down_until <= now:
                longer = max(server.pause_s * 2, _FIRST_PAUSE_S)
                server.pause_s = min(longer, _LONGEST_PAUSE_S)
                server.down_until = now + server.pause_s
                _log.warning("%s", advice)

    def _as_service(self, server: _Server, call: Call[T]) -> T:
        with self._lock:
            kept = server.idle.pop() if server.idle else None
        if kept is not None:
            try:
                return self._used(server, kept, call)
            except (ldap.SERVER_DOWN, ldap.CONNECT_ERROR, ldap.UNAVAILABLE):
                pass  # a server closes what idles too long: that says nothing of the server
        fresh = self._open(server)
        try:
            fresh.simple_bind_s(self._rules.bind_dn, self._rules.bind_password.reveal())
        except ldap.LDAPError as error:
            _unbind(fresh)
            if isinstance(error, _REFUSED):
                raise DirectoryUnavailable(f"{server.url} refuses [ldap] bind_dn") from None
            raise
        return self._used(server, fresh, call)

    def _used(self, server: _Server, connection: Any, call: Call[T]) -> T:
        try:
            answer = call(connection)
        except ldap.LDAPError:
            _unbind(connection)
            raise
        with self._lock:
            if len(server.idle) < _KEPT:
                server.idle.append(connection)
                return answer
        _unbind(connection)
        return answer

    def _tried(self, server: _Server, name: str, password: str) -> bool:
        connection = self._open(server)
        connection.set_option(ldap.OPT_TIMEOUT, _VERIFYING_S)
        connection.timeout = _VERIFYING_S
        try:
            connection.simple_bind_s(name, password)
        except _REFUSED:
            return False
        finally:
            _unbind(connection)
        return True

    def _open(self, server: _Server) -> Any:
        """Return a connection that is encrypted where it must be, and bound as nobody."""
        rules, patience_s = self._rules, self._patience_s
        _see_a_handshake(server.url, rules, patience_s)
        connection = SimpleLDAPObject(server.url)
        connection.set_option(ldap.OPT_PROTOCOL_VERSION, 3)
        connection.set_option(ldap.OPT_REFERRALS, 0)
        connection.set_option(ldap.OPT_NETWORK_TIMEOUT, patience_s)
        connection.set_option(ldap.OPT_TIMEOUT, patience_s)
        connection.timeout = patience_s
        _trust(connection, rules.ca)
        if rules.start_tls:
            connection.start_tls_s()
        return connection


def _trust(connection: Any, ca: Path | None) -> None:
    """Have the certificate verified, by `ca` or by what the system trusts."""
    connection.set_option(ldap.OPT_X_TLS_REQUIRE_CERT, ldap.OPT_X_TLS_DEMAND)
    if ca is not None:
        connection.set_option(ldap.OPT_X_TLS_CACERTFILE, str(ca))
    connection.set_option(ldap.OPT_X_TLS_PROTOCOL_MIN, ldap.OPT_X_TLS_PROTOCOL_TLS1_2)
    connection.set_option(ldap.OPT_X_TLS_NEWCTX, 0)


def _unbind(connection: Any) -> None:
    try:
        connection.unbind_s()
    except ldap.LDAPError:
        return  # it is gone already


def _see_a_handshake(url: str, rules: Ldap, patience_s: float) -> None:
    """Connect and, where TLS comes first, shake hands once. Raises OSError, ssl.SSLError too."""
    parts = urlsplit(url)
    is_tls = parts.scheme == "ldaps"
    address = (parts.hostname or "", parts.port or (636 if is_tls else 389))
    with socket.create_connection(address, patience_s) as connection:
        if not is_tls:
            return
        context = ssl.create_default_context(cafile=None if rules.ca is None else str(rules.ca))
        with context.wrap_socket(connection, server_hostname=address[0]):
            return


async def _on_a_thread(call: Callable[[], T]) -> T:
    """Run a call that blocks. A thread is a daemon: what hangs must not keep a process alive."""
    loop = asyncio.get_running_loop()
    done: asyncio.Future[T] = loop.create_future()

    def settle(answer: T | None, error: BaseException | None) -> None:
        if done.done():  # nobody waits any more
            return
        if error is None:
            done.set_result(cast("T", answer))
        else:
            done.set_exception(error)

    def run() -> None:
        answer, error = None, None
        try:
            answer = call()
        except Exception as raised:  # noqa: BLE001 - told to whoever waits
            error = raised
        with contextlib.suppress(RuntimeError):  # the loop has ended meanwhile
            loop.call_soon_threadsafe(settle, answer, error)

    threading.Thread(target=run, name="ldap", daemon=True).start()
    return await done


def _told(error: Exception) -> str:
    return type(error).__name__.lower().replace("_", " ")
