"""`[[sms]] kind = "http"`, "46elks" and "twilio": one HTTP call a message.

Follows no redirect (ASVS 15.3.2), obeys no proxy variable, keeps no cookie, reads at most 64 KiB of
an answer and does not decompress it. Number and text are in no log line and no exception.
"""

from __future__ import annotations

import json
import logging
import re
from typing import Final
from urllib.parse import urlencode

import aiohttp
from yarl import URL

from gateway.auth.ports import Entropy, Unavailable
from gateway.auth.sms_ports import Taken
from gateway.settings.phones import HttpSms
from gateway.sms.http_answers import MAX_ANSWER, Answer, Verdict, judge, reads_body
from gateway.sms.http_receipts import told_to
from gateway.sms.provider import Declined

_CONNECTIONS: Final = 8
_PLACE: Final = re.compile(r"\{(mobile|text|receipt|id)\}")
_ID_BYTES: Final = 12

_log: Final = logging.getLogger("portvakt.sms")


class HttpSender:
    """One provider behind an HTTP API. Call from one event loop; `close` when done."""

    def __init__(self, settings: HttpSms, entropy: Entropy, receipts: str = "") -> None:
        """Take the table, and where the provider is to tell of receipts ("" for nowhere)."""
        self._settings = settings
        self._entropy = entropy
        self._receipts = receipts
        self._further = told_to(settings, receipts) if receipts else []
        self._names_it = any("{id}" in template for _, template in settings.form or ())
        self._headers = {name: value.reveal() for name, value in settings.headers}
        if settings.username is not None:
            secret = settings.password.reveal() if settings.password is not None else ""
            self._headers["Authorization"] = aiohttp.encode_basic_auth(
                settings.username, secret, encoding="utf-8"
            )
        self._session: aiohttp.ClientSession | None = None

    async def send(self, mobile: str, text: str) -> Taken:
        """Call the provider once and return what it took.

        Raises Unavailable unless the provider said yes in the way of its API (`http_answers`),
        Declined when it said no to this message alone. A timeout is no yes, though the message may
        be on its way.
        """
        settings = self._settings
        ours = self._entropy.token(_ID_BYTES).hex() if self._names_it else ""
        values = {"mobile": mobile, "text": text, "receipt": self._receipts, "id": ours}
        body, content_type = _filled(settings, values, self._further)
        url, headers = settings.url, {"Content-Type": content_type, **self._headers}
        if settings.method == "GET":
            url, body, headers = _with_query(url, body), b"", self._headers
        try:
            async with self._open().request(
                settings.method,
                URL(url, encoded=True),
                data=body or None,
                headers=headers,
                allow_redirects=False,
            ) as response:
                wants = reads_body(settings, response.status)
                answer = Answer(response.status, await _bounded(response) if wants else b"")
        except (aiohttp.ClientError, TimeoutError, OSError, ValueError):
            # `from None`: the library's texts may quote what was sent.
            raise Unavailable(f"sms {settings.name}") from None
        return self._taken(judge(settings, answer), answer.status, ours)

    def _taken(self, verdict: Verdict, status: int, ours: str) -> Taken:
        name = self._settings.name
        if verdict.yes:
            known = verdict.id or ours
            return Taken(name, (known,) if known else ())
        code = f", error {verdict.error}" if verdict.error else ""
        _log.warning("sms %s answered %d%s", name, status, code)
        if verdict.of_message:
            raise Declined(f"sms {name}")
        raise Unavailable(f"sms {name}")

    async def close(self) -> None:
        """Close all connections."""
        session, self._session = self._session, None
        if session is not None:
            await session.close()

    def _open(self) -> aiohttp.ClientSession:
        """Return the session, made on first use because it belongs to the running loop."""
        if self._session is None:
            self._session = aiohttp.ClientSession(
                timeout=aiohttp.ClientTimeout(total=self._settings.timeout.total_seconds()),
                connector=aiohttp.TCPConnector(limit=_CONNECTIONS),
                cookie_jar=aiohttp.DummyCookieJar(),
                headers={"Accept-Encoding": "identity", "User-Agent": "portvakt"},
                auto_decompress=False,
                trust_env=False,
            )
        return self._session


async def _bounded(response: aiohttp.ClientResponse) -> bytes:
    """Return at most MAX_ANSWER bytes; a longer answer ends with its connection."""
    parts = bytearray()
    while len(parts) < MAX_ANSWER:
        part = await response.content.read(MAX_ANSWER - len(parts))
        if not part:
            return bytes(parts)
        parts += part
    response.close()
    return bytes(parts)


def _filled(
    settings: HttpSms, values: dict[str, str], further: list[tuple[str, str]]
) -> tuple[bytes, str]:
    """Return the request's body, `further` fields in its form, and its media type."""
    if settings.json is not None:
        text = json.dumps(_in_json(settings.json, values), ensure_ascii=False)
        return text.encode(), "application/json"
    pairs = [(name, _in_text(template, values)) for name, template in settings.form or ()]
    return urlencode(pairs + further).encode(), "application/x-www-form-urlencoded"


def _with_query(url: str, form: bytes) -> str:
    """Return a URL with a form in its query, behind what is there."""
    return f"{url}{'&' if '?' in url else '?'}{form.decode('ascii')}"


def _in_text(template: str, values: dict[str, str]) -> str:
    """Fill {mobile} and {text} in one pass, so that a value is never read as a template."""
    return _PLACE.sub(lambda place: values[place[1]], template)


def _in_json(template: object, values: dict[str, str]) -> object:
    """Fill every string value of a JSON template; member names stay."""
    match template:
        case str():
            return _in_text(template, values)
        case dict():
            return {name: _in_json(value, values) for name, value in template.items()}
        case list() | tuple():
            return [_in_json(value, values) for value in template]
        case _:
            return template
