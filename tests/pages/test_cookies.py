"""gateway/pages/cookies.py: what is read of a Cookie field, and how ours are written."""

from datetime import timedelta

import pytest
from aiohttp import web

from gateway.pages.cookies import delete_cookie, read_cookie, set_cookie


@pytest.mark.parametrize(
    ("field", "expected"),
    [
        ("", None),
        ("gateway=a", "a"),
        ("x=1; gateway=a; y=2", "a"),
        ("gateway=a;gateway=a", "a"),
        ("gateway=a; gateway=b", None),
        ("gateway=", None),
        ("gateway", None),
        ("Gateway=a", None),
        ("gateway2=a; xgateway=b", None),
        ("=gateway=a", None),
        ("gateway=å", None),
        ("gateway=a=b", "a=b"),
        ("gateway=\udcff", None),
    ],
)
def test_reading(field: str, expected: str | None) -> None:
    assert read_cookie(field, "gateway") == expected


@pytest.mark.parametrize("https", [True, False])
def test_writing_and_taking_away(https: bool) -> None:
    response = web.Response()
    name = "__Host-gateway" if https else "gateway"
    set_cookie(response, name, "v", https=https)
    set_cookie(response, "limited", "v", https=https, lifetime=timedelta(minutes=5))
    delete_cookie(response, "gone", https=https)
    written = {key: morsel.OutputString() for key, morsel in response.cookies.items()}
    secure = "; Secure" if https else ""
    assert written[name] == f"{name}=v; HttpOnly; Path=/; SameSite=Lax{secure}"
    assert "Max-Age=300" in written["limited"]
    assert "Max-Age=0" in written["gone"]
    for text in written.values():
        assert ("Secure" in text) is https
        assert "HttpOnly" in text
        assert "Path=/" in text
        assert "Domain" not in text
