"""Response splitting: no byte that a client chose begins a field or an answer of ours (CWE-113)."""

from __future__ import annotations

import re
from urllib.parse import quote

import pytest

from tests.security.wall import PROXY, Wall, raw
from tests.system.gateway import INSIDE, OUTSIDE
from tests.system.visitor import Visitor

pytestmark = [pytest.mark.system, pytest.mark.slow, pytest.mark.xdist_group("wall")]

BREAKS = {
    "CRLF": "\r\n", "LF": "\n", "CR": "\r", "twice": "\r\n\r\n", "NEL": "\x85", "LS": "\u2028",
    "code points that end in CR and LF": "\u560d\u560a", "VT": "\x0b", "NUL": "\x00",
    "folded": "\r\n ", "encoded": "%0d%0a", "encoded twice": "%250d%250a",
}  # fmt: skip
PLANTED = "X-Planted: 1{br}Set-Cookie: gateway=evil{br}{br}HTTP/1.1 200 OK{br}"
PLACES = (
    "/.gateway/logon?next=/{x}", "/.gateway/logon?next={x}", "/.gateway/logon?notice={x}",
    "/.gateway/language?to=sv&next=/{x}", "/.gateway/language?to={x}", "/.gateway/otp?next=/{x}",
    "/.gateway/account?next=/{x}", "/.gateway/static/{x}", "/.gateway/{x}", "/{x}", "/?{x}",
    "/static/{x}",
)  # fmt: skip


def heads(answer: bytes) -> list[bytes]:
    """Return the lines of the first head; there must be one answer only."""
    head, _, body = answer.partition(b"\r\n\r\n")
    length = re.search(rb"(?im)^content-length: (\d+)", head)
    assert length is None or int(length[1]) == len(body)
    return head.split(b"\r\n")


@pytest.mark.parametrize("name", BREAKS)
def test_response_splitting(wall: Wall, name: str) -> None:
    br = BREAKS[name]
    text = quote(br + PLANTED.replace("{br}", br), safe="%")
    for place in PLACES:
        for source in (OUTSIDE, INSIDE, PROXY):
            request = (
                f"GET {place.replace('{x}', text)} HTTP/1.1\r\nHost: localhost\r\n"
                "Accept: text/html\r\nConnection: close\r\n\r\n"
            )
            lines = heads(raw(wall.gateway, request.encode(), source))
            for line in lines[1:]:
                assert re.fullmatch(rb"[A-Za-z0-9-]+: [^\x00-\x1f\x7f-\xff]*", line), (place, line)
                assert not line.lower().startswith((b"x-planted", b"set-cookie: gateway=evil"))


@pytest.mark.parametrize("name", BREAKS)
def test_response_splitting_by_what_is_remembered(wall: Wall, name: str) -> None:
    """A user name, a language and cookies that come back on pages and in fields."""
    br = BREAKS[name]
    planted = (br + PLANTED.replace("{br}", br)).encode()
    browser = Visitor(wall.gateway, next(wall.addresses))
    form = browser.get("/.gateway/logon").form()
    answer = browser.post("/.gateway/logon", form | {"username": planted, "password": planted})
    assert answer.status in {400, 401}
    assert "X-Planted" not in answer.headers
    odd = quote(planted)
    answer = browser.get("/.gateway/logon", Accept_Language=odd, Cookie=f"gateway-language={odd}")
    assert "X-Planted" not in answer.headers
    assert answer.headers["Content-Language"] in {"en", "sv"}
