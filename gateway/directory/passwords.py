"""Passwords at rest: Argon2id (RFC 9106) by `cryptography`, as PHC strings, in a bounded pool.

A password is read as NFC (NIST SP 800-63B 5.1.1.2) once, where it is set and where it is checked,
and then counts whole: nothing is cut or folded (ASVS 6.2.8). Every check costs one derivation,
also for an account that does not exist (ASVS 6.3.8). Knows no database.
"""

from __future__ import annotations

import asyncio
import base64
import contextlib
import os
import re
import sys
import threading
import unicodedata
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from typing import Final, TypeVar

from cryptography.exceptions import InvalidKey
from cryptography.hazmat.primitives.kdf.argon2 import Argon2id

from gateway.auth.ports import Entropy, Unavailable

LONGEST: Final = 1024
"""Characters of a password; what is longer is refused, never cut."""

_SALT: Final = 16
_TAG: Final = 32
# A stored hash may ask for no more than this, so that a forged one cannot exhaust the machine.
_MOST_MEMORY_KIB: Final = 512 * 1024
_MOST_ITERATIONS: Final = 16
_MOST_LANES: Final = 16
# RFC 9106 3.1: a salt of at least 8 bytes (11 characters of base64), a tag of at least 4.
_PHC: Final = re.compile(
    r"\$argon2id\$v=19\$m=([0-9]{1,6}),t=([0-9]{1,2}),p=([0-9]{1,2})"  # 251 characters: its column
    r"\$[A-Za-z0-9+/]{11,88}\$[A-Za-z0-9+/]{6,128}"
)

_T = TypeVar("_T")


@dataclass(frozen=True, slots=True)
class Cost:
    """What one derivation costs: memory in KiB, passes over it, lanes.

    The default is the first choice of the OWASP password storage cheat sheet (19 MiB, 2 passes,
    1 lane). Measured on a 2-core cloud machine: 30-40 ms, against 75 ms for 32 MiB and 3 passes and
    210 ms for RFC 9106's 64 MiB and 3 passes. It can be raised at any time: a hash is made anew
    at its owner's next logon.
    """

    memory_kib: int = 19 * 1024
    iterations: int = 2
    lanes: int = 1


_NICE: Final = 5


class PasswordUnusable(ValueError):
    """A text that cannot be a password: empty, too long, with NUL, or not encodable."""


def cost_of(phc: str) -> Cost | None:
    """Return what checking against a stored hash costs, or None when we would not check it.

    Read are ``$argon2id$v=19$m=…,t=…,p=…$salt$tag`` within the bounds of this module.
    """
    read = _PHC.fullmatch(phc)
    if read is None:
        return None
    memory, iterations, lanes = map(int, read.groups())
    within = (
        8 * lanes <= memory <= _MOST_MEMORY_KIB
        and 1 <= iterations <= _MOST_ITERATIONS
        and 1 <= lanes <= _MOST_LANES
    )
    return Cost(memory, iterations, lanes) if within else None


def material(password: str) -> bytes:
    """Return the bytes that are hashed. Raises PasswordUnusable, whose text names the fault."""
    if len(password) > LONGEST:
        raise PasswordUnusable(f"a password has at most {LONGEST} characters")
    if not password:
        raise PasswordUnusable("the password is empty")
    if "\0" in password:
        raise PasswordUnusable("the password holds a NUL character")
    try:
        return unicodedata.normalize("NFC", password).encode()
    except UnicodeEncodeError:
        raise PasswordUnusable("the password is not text") from None


def default_threads() -> int:
    """Return how many derivations run at once: up to 8 (152 MiB), with a core left for requests."""
    return min(8, max(1, (os.cpu_count() or 2) - 1))


def _step_back() -> None:
    """Let this thread have what the loop of requests leaves over: a derivation is never urgent.

    Linux has a niceness for each thread; elsewhere it would be the whole process's.
    """
    if sys.platform == "linux":
        with contextlib.suppress(OSError):
            os.setpriority(os.PRIO_PROCESS, threading.get_native_id(), _NICE)


class PasswordHasher:
    """Derives and verifies on `threads` threads, with at most `waiting` more calls queued.

    A call beyond that raises Unavailable("password hashing busy") at once: a flood of logons
    costs a bounded time and memory. `cryptography` lets go of the interpreter lock meanwhile.
    """

    def __init__(
        self,
        entropy: Entropy,
        cost: Cost | None = None,
        *,
        threads: int | None = None,
        waiting: int = 64,
    ) -> None:
        self.cost: Final = cost or Cost()
        self.threads: Final = threads or default_threads()
        self._entropy = entropy
        self._room = threading.BoundedSemaphore(self.threads + waiting)
        self._pool = ThreadPoolExecutor(
            self.threads, thread_name_prefix="portvakt-argon2", initializer=_step_back
        )
        self._decoys: Final[dict[Cost, str]] = {}

    async def derive(self, password: str) -> str:
        """Return the PHC string of a new password. Raises PasswordUnusable, Unavailable."""
        wanted = material(password)
        return await self._run(lambda: self._derive(wanted))

    async def verify(self, password: str, phc: str | None, cost: Cost | None = None) -> bool:
        """Return whether this is the password of `phc`; None never is, at `cost` (else ours).

        An unusable password and an unreadable hash are wrong, at the same cost. Raises
        Unavailable.
        """
        try:
            given, known = material(password), phc
        except PasswordUnusable:
            given, known = b"", None
        of_hash = None if phc is None else cost_of(phc)
        if of_hash is None:
            known = None
        costing = of_hash or cost or self.cost
        return await self._run(lambda: self._verify(given, known, costing))

    def is_current(self, phc: str) -> bool:
        """Return whether a stored hash has the cost of this hasher."""
        return cost_of(phc) == self.cost

    def close(self) -> None:
        """End the threads after what they are at; what waits is dropped."""
        self._pool.shutdown(wait=True, cancel_futures=True)

    async def _run(self, work: Callable[[], _T]) -> _T:
        if not self._room.acquire(blocking=False):
            raise Unavailable("password hashing busy")
        try:
            running = self._pool.submit(work)
        except RuntimeError:  # closed
            self._room.release()
            raise Unavailable("password hashing") from None
        # A caller that gives up gives its place back only when the work has really ended.
        running.add_done_callback(lambda _: self._room.release())
        try:
            return await asyncio.wrap_future(running)
        except MemoryError:
            raise Unavailable("password hashing: out of memory") from None

    def _derive(self, given: bytes) -> str:
        return Argon2id(
            salt=self._entropy.token(_SALT),
            length=_TAG,
            iterations=self.cost.iterations,
            lanes=self.cost.lanes,
            memory_cost=self.cost.memory_kib,
        ).derive_phc_encoded(given)

    def _verify(self, given: bytes, phc: str | None, cost: Cost) -> bool:
        against = phc or self._decoy(cost)
        try:
            Argon2id.verify_phc_encoded(given, against)
        except InvalidKey:
            return False
        return phc is not None

    def _decoy(self, cost: Cost) -> str:
        """Return a hash of nothing anybody knows, at a cost; made without a derivation."""
        known = self._decoys.get(cost)
        if known is None:
            m, t, p = cost.memory_kib, cost.iterations, cost.lanes
            salt, tag = (_base64(self._entropy.token(size)) for size in (_SALT, _TAG))
            known = self._decoys[cost] = f"$argon2id$v=19$m={m},t={t},p={p}${salt}${tag}"
        return known


def _base64(raw: bytes) -> str:
    return base64.b64encode(raw).decode().rstrip("=")
