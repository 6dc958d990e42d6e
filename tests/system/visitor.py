"""A visitor without JavaScript: follows pages and forms, keeps cookies, comes from an address."""

from __future__ import annotations

import dataclasses
import html
import http.client
import re
from urllib.parse import urlencode, urlsplit

from tests.system.gateway import INSIDE, OUTSIDE, PASSWORD, RunningGateway, Stub

PAGE = {"Accept": "text/html", "Sec-Fetch-Mode": "navigate", "Sec-Fetch-Dest": "document"}


@dataclasses.dataclass
class Answer:
    status: int
    headers: http.client.HTTPMessage
    body: bytes

    @property
    def text(self) -> str:
        return self.body.decode("utf-8", "replace")

    @property
    def location(self) -> str:
        return self.headers.get("Location", "")

    def form(self, number: int = 0) -> dict[str, str]:
        """Return the hidden inputs of a form."""
        part = self.text.split("<form")[number + 1].split("</form>")[0]
        found = re.findall(r'<input type="hidden" name="([^"]+)" value="([^"]*)"', part)
        return {name: html.unescape(value) for name, value in found}

    def form_to(self, action: str) -> dict[str, str] | None:
        """Return the hidden inputs of the form that posts to `action`, or None."""
        form = re.search(
            rf'<form[^>]* action="{re.escape(action)}(?:\?[^"]*)?".*?</form>', self.text, re.DOTALL
        )
        if form is None:
            return None
        found = re.findall(r'<input type="hidden" name="([^"]+)" value="([^"]*)"', form[0])
        return {name: html.unescape(value) for name, value in found}


class Visitor:
    """One browser. `source` is the address it comes from."""

    def __init__(self, gateway: RunningGateway, source: str = OUTSIDE) -> None:
        self.gateway = gateway
        self.source = source
        self.cookies: dict[str, str] = {}

    def request(self, method: str, path: str, body=None, **headers: str) -> Answer:
        connection = self._connection()
        try:
            fields = {"Host": f"localhost:{self.gateway.port}"}
            if self.cookies:
                fields["Cookie"] = "; ".join(f"{k}={v}" for k, v in self.cookies.items())
            fields.update({name.replace("_", "-"): value for name, value in headers.items()})
            connection.request(method, path, body=body, headers=fields)
            answer = connection.getresponse()
            result = Answer(answer.status, answer.headers, answer.read())
        finally:
            connection.close()
        for line in result.headers.get_all("Set-Cookie") or []:
            name, _, rest = line.partition("=")
            value = rest.partition(";")[0]
            if not value or "max-age=0" in rest.lower():
                self.cookies.pop(name, None)
            else:
                self.cookies[name] = value
        return result

    def _connection(self) -> http.client.HTTPConnection:
        port, source = self.gateway.port, (self.source, 0)
        if self.gateway.tls is None:
            return http.client.HTTPConnection("127.0.0.1", port, timeout=30, source_address=source)
        return http.client.HTTPSConnection(
            "127.0.0.1", port, timeout=30, source_address=source, context=self.gateway.tls
        )

    def get(self, path: str, **headers: str) -> Answer:
        """Load a page."""
        return self.request("GET", path, **{**PAGE, **headers})

    def post(self, path: str, fields: dict[str, str], **headers: str) -> Answer:
        """Send a form as a browser does."""
        kind = {"Content-Type": "application/x-www-form-urlencoded"}
        origin = {"Origin": self.gateway.origin, "Sec-Fetch-Site": "same-origin"}
        return self.request(
            "POST", path, urlencode(fields), **{**PAGE, **kind, **origin, **headers}
        )

    def password(self, user: str, password: str = PASSWORD, way: str = "/") -> Answer:
        """Type user name and password; `way` is the page that was asked for."""
        page = self.get("/.gateway/logon?" + urlencode({"next": way}))
        fields = page.form() | {"username": user, "password": password}
        return self.post("/.gateway/logon", fields)

    def code(self, code: str) -> Answer:
        """Type the one-time password."""
        page = self.get("/.gateway/otp")
        assert page.status == 200, (page.status, page.location)
        return self.post("/.gateway/otp", page.form() | {"code": code})

    def log_on(self, user: str, stub: Stub | None = None, way: str = "/") -> Answer:
        """Log on, with a code when one is asked for; return the last answer (303)."""
        answer = self.password(user, way=way)
        assert answer.status == 303, answer.text
        if urlsplit(answer.location).path == "/.gateway/otp":
            assert stub is not None
            page = self.get(answer.location)
            answer = self.post("/.gateway/otp", page.form() | {"code": stub.code()})
            assert answer.status == 303, answer.text
        return answer


def insider(gateway: RunningGateway, user: str) -> Visitor:
    """Return a visitor who logged on from the corporate network with the password alone."""
    visitor = Visitor(gateway, INSIDE)
    visitor.log_on(user)
    return visitor
