"""The visitors of a fault: people with a session, logons, WebSockets, uploads, and strangers.

Each is a task that asks again and again and gives a verdict on every answer. What an answer must
hold is known beforehand: the name of who asked, the target that was asked for, the digest of what
was sent. Everything else is wrong.
"""

from __future__ import annotations

import asyncio
import contextlib
import hashlib
import json
import re
import secrets
import time
from dataclasses import dataclass, field
from urllib.parse import urlencode

from websockets.asyncio.client import connect
from websockets.exceptions import ConnectionClosed, InvalidHandshake, InvalidMessage

from tests.faults.exchange import HOST, Answer, Line, NoAnswer
from tests.faults.tally import CUT, FORCED, GOODBYE, HONEST, REVOKED, RIGHT, WRONG, Tally
from tests.system.gateway import INSIDE, OUTSIDE, PASSWORD

PAGE = (("Accept", "text/html"), ("Sec-Fetch-Mode", "navigate"), ("Sec-Fetch-Dest", "document"))
SCRIPT = (("Accept", "application/json"), ("Sec-Fetch-Mode", "cors"), ("Sec-Fetch-Dest", "empty"))
HONEST_STATUSES = {502, 503, 504}
UPLOAD = 256 * 1024
_KEPT_REVOKED = 20


@dataclass
class Site:
    """What is visited: where it listens, what it is called, and the phone of its users."""

    port: int
    host: str
    phone_port: int
    tally: Tally
    pause_s: float = 0.1
    upload_pause_s: float = 0.0
    """Between the eight pieces of an upload."""
    codes_expire: bool = False
    """Whether a right code may come too late."""
    revoked: list[str] = field(default_factory=list)
    lines: set[Line] = field(default_factory=set)
    reach: str = HOST
    """The address that visitors connect to."""
    sources: dict[str, str] = field(default_factory=dict)
    """What stands for INSIDE and OUTSIDE, where the site is not on the loopback."""

    @property
    def origin(self) -> str:
        return f"http://{self.host}"


class Person:
    """One user in one browser."""

    def __init__(self, site: Site, name: str, source: str = INSIDE) -> None:
        self.site, self.name, self.source = site, name, site.sources.get(source, source)
        self.cookies: dict[str, str] = {}
        self.line = Line(site.port, self.source, site.host, site.lines, reach=site.reach)

    async def ask(self, method: str, path: str, fields=PAGE, body=b"", pause_s=0) -> Answer:
        cookie = "; ".join(f"{name}={value}" for name, value in self.cookies.items())
        fields = [*fields, *([("Cookie", cookie)] if cookie else [])]
        answer = await self.line.ask(method, path, fields, body, pause_s)
        for name, value in answer.cookies.items():
            self.cookies[name] = value
            if not value:
                del self.cookies[name]
        return answer

    async def post(self, path: str, form: dict[str, str]) -> Answer:
        kind = ("Content-Type", "application/x-www-form-urlencoded")
        fields = (*PAGE, kind, ("Origin", self.site.origin), ("Sec-Fetch-Site", "same-origin"))
        return await self.ask("POST", path, fields, urlencode(form).encode())

    async def password(self) -> Answer:
        """Type user name and password; return the answer, or the page that could not be had."""
        page = await self.ask("GET", "/.gateway/logon?next=/debug/echo")
        if page.status != 200:
            return page
        form = hidden(page.text) | {"username": self.name, "password": PASSWORD}
        return await self.post("/.gateway/logon", form)


def hidden(text: str) -> dict[str, str]:
    """Return the hidden inputs of the first form."""
    part = text.partition("<form")[2].partition("</form>")[0]
    return dict(re.findall(r'<input type="hidden" name="([^"]+)" value="([^"]*)"', part))


async def visiting(kind: str, site: Site, once, person: Person | None = None) -> None:
    """Run one visit after the other; `once` returns (verdict, why).

    Who is sent to the logon has been counted, and logs on again.
    """
    while True:
        begun = time.monotonic()
        try:
            verdict, why = await once()
            if verdict == FORCED and person is not None:
                await person.password()
        except NoAnswer as error:
            verdict, why = CUT, str(error)
        site.tally.note(kind, verdict, begun, why)
        await asyncio.sleep(site.pause_s * (0.5 + secrets.randbelow(1000) / 1000))


def judge(answer: Answer, is_right) -> tuple[str, str]:
    """Judge the answer to somebody who is logged on."""
    told = f"{answer.status} {answer.fields.get('location', '')} {answer.text[:200]}"
    if answer.status in HONEST_STATUSES:
        return (WRONG, f"a cookie with {told}") if answer.cookies else (HONEST, "")
    if answer.status == 401 or (answer.status == 302 and "logon" in answer.fields["location"]):
        return FORCED, told
    if answer.status == 200 and is_right(answer):
        return RIGHT, ""
    return WRONG, told


def _mark() -> str:
    return secrets.token_hex(6)


def echoes(person: Person, target: str):
    def is_right(answer: Answer) -> bool:
        told = json.loads(answer.text)
        names = [value for name, value in told["headers"] if name.lower() == "x-remote-user"]
        return names == [person.name] and told["target"] == target

    return is_right


def reader(person: Person, fields=PAGE):
    """Loads pages, each under a target of its own."""

    async def once():
        target = f"/debug/echo/{_mark()}"
        return judge(await person.ask("GET", target, fields), echoes(person, target))

    return once


def frail_reader(person: Person):
    """Loads from the upstream that breaks."""

    async def once():
        target = f"/frail/{_mark()}"

        def is_right(answer: Answer) -> bool:
            told = json.loads(answer.text)
            return (told["user"], told["target"]) == (person.name, target)

        return judge(await person.ask("GET", target), is_right)

    return once


def uploader(person: Person):
    """Sends bodies in pieces."""

    async def once():
        body = secrets.token_bytes(64) * (UPLOAD // 64)
        answer = await person.ask("POST", "/debug/upload", SCRIPT, body, person.site.upload_pause_s)
        wanted = {"sha256": hashlib.sha256(body).hexdigest(), "length": len(body)}
        return judge(answer, lambda found: json.loads(found.text) == wanted)

    return once


def downloader(person: Person):
    """Fetches bodies whose digest is told beforehand."""

    async def once():
        answer = await person.ask("GET", f"/debug/download?bytes={UPLOAD}", SCRIPT)

        def is_right(found: Answer) -> bool:
            digest = hashlib.sha256(found.body).hexdigest()
            return len(found.body) == UPLOAD and digest == found.fields["x-content-sha256"]

        return judge(answer, is_right)

    return once


def stranger(site: Site):
    """Has no session, or one that was ended, or a made-up one; nobody serves it."""
    nobody = Person(site, "", OUTSIDE)

    async def once():
        ended = secrets.choice(site.revoked) if site.revoked and secrets.randbelow(5) < 3 else ""
        made_up = secrets.token_urlsafe(32) if secrets.randbelow(2) else ""
        token = ended or made_up
        nobody.cookies = {"gateway": token} if token else {}
        answer = await nobody.ask("GET", f"/debug/echo/{_mark()}", secrets.choice([PAGE, SCRIPT]))
        if answer.status in {302, 401}:
            return RIGHT, ""
        if answer.status in HONEST_STATUSES:
            return HONEST, ""
        return (REVOKED if ended else WRONG), f"{answer.status} {answer.text[:200]}"

    return once


def logon(site: Site, name: str, *, mobile: str = ""):
    """Logs on (outside with a code), is who he is, logs off; afterwards his cookie opens nothing."""

    async def once():
        person = Person(site, name, OUTSIDE if mobile else INSIDE)
        try:
            return await _on_and_off(person, mobile)
        finally:
            person.line.close()

    return once


async def _on_and_off(person: Person, mobile: str):
    answer = await person.password()
    if answer.status in HONEST_STATUSES:
        return (WRONG, "a session with an error") if "gateway" in person.cookies else (HONEST, "")
    if answer.status != 303:
        return WRONG, f"logon {answer.status} {answer.text[:200]}"
    if mobile and (trouble := await _with_code(person, mobile)):
        return trouble
    if "gateway" not in person.cookies:
        return WRONG, f"no session after {answer.status} {answer.fields}"
    verdict, why = await reader(person)()
    if verdict != RIGHT:
        return verdict, f"after the logon: {why}"
    return await _off(person)


async def _with_code(person: Person, mobile: str):
    """Give the code; return the verdict where that was the end of it."""
    if "gateway" in person.cookies:
        return WRONG, "a session without the code"
    answer = await _type_code(person, mobile)
    if answer is None or answer.status in HONEST_STATUSES:
        return HONEST, ""
    if answer.status == 401 and person.site.codes_expire:
        return HONEST, ""
    return None if answer.status == 303 else (WRONG, f"code {answer.status} {answer.text[:200]}")


async def _off(person: Person):
    token = person.cookies["gateway"]
    page = await person.ask("GET", "/.gateway/logout")
    if page.status in HONEST_STATUSES:
        return HONEST, ""
    if page.status != 200:
        return WRONG, f"logout page {page.status}"
    answer = await person.post("/.gateway/logout", hidden(page.text))
    if answer.status in HONEST_STATUSES:
        return (WRONG, "logged off with an error") if answer.cookies else (HONEST, "")
    if answer.status not in {200, 303}:
        return WRONG, f"logout {answer.status} {answer.text[:200]}"
    person.site.revoked.append(token)
    del person.site.revoked[:-_KEPT_REVOKED]
    return RIGHT, ""


async def _type_code(person: Person, mobile: str) -> Answer | None:
    """Wait for the message and type its code; None when none comes."""
    page = await person.ask("GET", "/.gateway/otp")
    end = time.monotonic() + 2
    while page.status == 200 and time.monotonic() < end:
        code = await _newest_code(person.site, mobile)
        if code and code not in _spent:
            _spent.add(code)
            return await person.post("/.gateway/otp", hidden(page.text) | {"code": code})
        await asyncio.sleep(0.05)
    return page if page.status != 200 else None


_spent: set[str] = set()


async def _newest_code(site: Site, mobile: str) -> str:
    line = Line(site.phone_port, OUTSIDE, f"localhost:{site.phone_port}", site.lines)
    try:
        answer = await line.ask("GET", "/messages.json?" + urlencode({"to": mobile}))
    except NoAnswer:
        return ""
    finally:
        line.close()
    found = re.findall(r'"message": ?"(\d{6}) ', answer.text)
    return found[-1] if found else ""


async def web_socket(kind: str, person: Person) -> None:
    """Hold a WebSocket and send a message now and then; a new one when it ended."""
    site = person.site
    while True:
        begun = time.monotonic()
        headers = {"Cookie": f"gateway={person.cookies['gateway']}"}
        try:
            async with connect(
                f"ws://{site.host}/debug/ws", host=site.reach, port=site.port, origin=site.origin,
                additional_headers=headers, local_addr=(person.source, 0), open_timeout=10,
                close_timeout=2, ping_interval=None, proxy=None,
            ) as line:  # fmt: skip
                while True:
                    begun = time.monotonic()
                    text = _mark()
                    await line.send(text)
                    async with asyncio.timeout(10):
                        came = await line.recv()
                    verdict = (RIGHT, "") if came == text else (WRONG, f"{came!r} for {text!r}")
                    site.tally.note(kind, verdict[0], begun, verdict[1])
                    await asyncio.sleep(site.pause_s)
        except ConnectionClosed as error:
            said = error.rcvd is not None and error.rcvd.code == 1001
            site.tally.note(kind, GOODBYE if said else CUT, begun, str(error))
        except InvalidHandshake as error:
            answer = getattr(error, "response", None)
            verdict, why = _refused(answer)
            site.tally.note(kind, verdict, begun, why)
            if verdict == FORCED:
                with contextlib.suppress(NoAnswer):
                    await person.password()
        except (OSError, EOFError, InvalidMessage):
            site.tally.note(kind, CUT, begun)
        await asyncio.sleep(site.pause_s)


def _refused(answer) -> tuple[str, str]:
    if answer is None:
        return CUT, ""
    if answer.status_code in HONEST_STATUSES:
        return HONEST, ""
    return FORCED if answer.status_code in {302, 401} else WRONG, f"upgrade {answer.status_code}"
