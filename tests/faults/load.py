"""A steady, bounded load in a thread of its own: so many visitors, each with a pause."""

from __future__ import annotations

import asyncio
import contextlib
import threading
from collections.abc import Iterator
from functools import partial

from tests.faults.tally import Row, Tally
from tests.faults.visitors import (
    SCRIPT,
    Person,
    Site,
    downloader,
    frail_reader,
    logon,
    reader,
    stranger,
    uploader,
    visiting,
    web_socket,
)
from tests.system.gateway import wait_for

READERS, SCRIPTS, FRAIL = 4, 2, 2
LOGGED_ON = [f"anna{n}" for n in range(READERS + SCRIPTS + FRAIL + 3)]
MOBILE = "0701740701"
USERS = [
    *(f"{name},{name.title()},,staff" for name in LOGGED_ON),
    "bo,Bo Berg,,staff",
    f"cilla,Cilla Ceder,{MOBILE},staff",
]


class Load:
    """What the visitors see, while it runs."""

    def __init__(self, site: Site, *, frail: bool, codes: bool) -> None:
        self.tally: Tally = site.tally
        self.site = site
        self._frail, self._codes = frail, codes
        self._ready = threading.Event()
        self._failed: list[BaseException] = []
        self._loop = asyncio.new_event_loop()
        self._main: asyncio.Task[None] | None = None

    def serve(self) -> None:
        """Run until `stop`; the thread's own function."""
        self._main = self._loop.create_task(self._run())
        self._loop.run_until_complete(asyncio.wait([self._main]))
        if not self._main.cancelled() and (error := self._main.exception()):
            self._failed.append(error)
        self._ready.set()
        for line in list(self.site.lines):
            line.close()
        self._loop.run_until_complete(asyncio.sleep(0.05))  # transports close one turn later
        self._loop.run_until_complete(self._loop.shutdown_asyncgens())
        self._loop.close()

    def stop(self) -> None:
        with contextlib.suppress(RuntimeError):
            self._loop.call_soon_threadsafe(self._main.cancel)

    def wait_until_steady(self) -> None:
        """Return when everybody is logged on and every kind was served."""
        self._ready.wait(60)
        assert not self._failed, self._failed
        wait_for(lambda: self.tally.is_served(0.0), "an answer to every kind of visitor")

    async def _run(self) -> None:
        people = [Person(self.site, name) for name in LOGGED_ON]
        for person in people:
            answer = await person.password()
            assert answer.status == 303, (answer.status, answer.text)
        with_session = self._with_session()
        without = self._without_session()
        kinds = [*(kind for kind, _ in (*with_session, *without)), "websocket"]
        self.tally.expect(kinds)
        async with asyncio.TaskGroup() as group:
            for (kind, made), person in zip(with_session, people, strict=False):
                group.create_task(visiting(kind, self.site, made(person), person))
            for kind, once in without:
                group.create_task(visiting(kind, self.site, once))
            group.create_task(web_socket("websocket", people[-1]))
            self._ready.set()

    def _with_session(self):
        visits = [(f"page {n}", reader) for n in range(READERS)]
        visits += [(f"script {n}", partial(reader, fields=SCRIPT)) for n in range(SCRIPTS)]
        visits += [("upload", uploader), ("download", downloader)]
        return visits + [(f"frail {n}", frail_reader) for n in range(FRAIL if self._frail else 0)]

    def _without_session(self):
        visits = [("stranger", stranger(self.site)), ("logon", logon(self.site, "bo"))]
        mobile = "+46" + MOBILE[1:]
        return visits + (
            [("code", logon(self.site, "cilla", mobile=mobile))] if self._codes else []
        )


@contextlib.contextmanager
def loaded(site: Site, *, frail: bool = False, codes: bool = False) -> Iterator[Load]:
    """Run a load for the block, steady from its beginning on."""
    load = Load(site, frail=frail, codes=codes)
    thread = threading.Thread(target=load.serve)
    thread.start()
    try:
        load.wait_until_steady()
        yield load
    finally:
        load.stop()
        thread.join(30)


def difference(fault: str, seconds: float, before, after, recovery_s, told) -> Row:
    """Return the row of what came between two counts."""
    counts = {verdict: after[verdict] - before[verdict] for verdict in after}
    return Row(fault, seconds, counts, recovery_s, told)
