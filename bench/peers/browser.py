"""As much of a browser as it takes to log on by the form."""

from __future__ import annotations

import http.client
import re
import ssl
from collections.abc import Mapping
from dataclasses import dataclass
from urllib.parse import urlencode

from bench.peers import Certificate

INSIDE = "127.0.0.2"
"""Where the browser is, says the proxy where one is trusted."""
_HIDDEN = re.compile(r'<input type="hidden" name="([^"]+)" value="([^"]*)"')
_SESSIONS = ("gateway=", "__Host-gateway=")


@dataclass(frozen=True)
class Page:
    """An answer, read whole."""

    status: int
    fields: http.client.HTTPMessage
    text: str


class Browser:
    """Loads pages of a gateway on the loopback, each with a connection of its own."""

    def __init__(self, port: int, tls: Certificate | None = None) -> None:
        self._port = port
        self._tls = (
            ssl.create_default_context(cafile=str(tls.certificate)) if tls is not None else None
        )

    def get(self, path: str, fields: Mapping[str, str] | None = None) -> Page:
        """Load a page. Raises OSError."""
        return self._ask("GET", path, None, fields or {})

    def log_on(self, user: str, password: str) -> str:
        """Log on; return the session's cookie. Raises RuntimeError when that is refused."""
        page = self.get("/.gateway/logon")
        cookie = (page.fields["Set-Cookie"] or "").partition(";")[0]
        answer = self._send(
            "/.gateway/logon", page, cookie, {"username": user, "password": password}
        )
        cookies = answer.fields.get_all("Set-Cookie") or []
        found = [one.partition(";")[0] for one in cookies if one.startswith(_SESSIONS)]
        if not found:
            raise RuntimeError(f"the logon of the bench failed: {answer.status}")
        return found[0]

    def log_off(self, cookie: str) -> None:
        """End the session of a cookie. Raises RuntimeError when that is refused."""
        page = self.get("/.gateway/logout", {"Cookie": cookie})
        marks = [one.partition(";")[0] for one in page.fields.get_all("Set-Cookie") or []]
        answer = self._send("/.gateway/logout", page, "; ".join((cookie, *marks)), {})
        if answer.status != http.HTTPStatus.SEE_OTHER:
            raise RuntimeError(f"the bench could not log off: {answer.status}")

    def _send(self, path: str, page: Page, cookie: str, form: Mapping[str, str]) -> Page:
        """Send the form of a page, with its hidden fields."""
        fields = {
            "Content-Type": "application/x-www-form-urlencoded",
            "Cookie": cookie,
            "Origin": self._origin,
        }
        filled = dict(_HIDDEN.findall(page.text)) | dict(form)
        return self._ask("POST", path, urlencode(filled), fields)

    @property
    def _origin(self) -> str:
        return f"{'http' if self._tls is None else 'https'}://localhost:{self._port}"

    def _ask(self, method: str, path: str, body: str | None, fields: Mapping[str, str]) -> Page:
        connection = (
            http.client.HTTPConnection("localhost", self._port, timeout=10)
            if self._tls is None
            else http.client.HTTPSConnection("localhost", self._port, timeout=10, context=self._tls)
        )
        try:
            page = {
                "Host": f"localhost:{self._port}",
                "Accept": "text/html",
                "X-Forwarded-For": INSIDE,
                **fields,
            }
            connection.request(method, path, body, page)
            answer = connection.getresponse()
            return Page(answer.status, answer.headers, answer.read().decode("utf-8", "replace"))
        finally:
            connection.close()
