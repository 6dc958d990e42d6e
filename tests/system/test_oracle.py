"""The stub portal's log is the judge: nothing gets through without a live session.

Whatever was sent, by whomever: a request on a non-public route reaches the portal only with a live
session that may go there, and every field that says who asks, or from where, is the gateway's own.
"""

from __future__ import annotations

import contextlib
import http.client
import os
import re
import secrets
import time
from collections import Counter
from collections.abc import Callable

import pytest
from hypothesis import HealthCheck, Phase, given, settings

from policies.hours import DAYS
from tests.system.gateway import INSIDE, OUTSIDE, running_gateway, running_stub
from tests.system.raw import ask
from tests.system.readings import is_under, readings
from tests.system.requests import CLAIMED, EVIL, Request, Session, requests
from tests.system.visitor import Visitor, insider

pytestmark = [pytest.mark.system, pytest.mark.slow, pytest.mark.xdist_group("oracle")]

SHUT = DAYS[(time.gmtime().tm_wday + 3) % 7]
"""A day on which this test does not run, in any time zone."""
ROUTES = f"""
[[route]]
path = "/static/"
upstream = "portal"
public = true

[[route]]
path = "/hr/"
upstream = "portal"
groups = ["hr"]

[[route]]
path = "/team/"
upstream = "portal"
users = ["siv"]

[[route]]
path = "/office/"
upstream = "portal"
networks = ["!internet"]

[[route]]
path = "/night/"
upstream = "portal"
hours = "{SHUT} 00:00-24:00 Europe/Stockholm"

[[route]]
path = "/read/"
upstream = "portal"
methods = ["GET"]
hours = "Mon-Sun 00:00-24:00 Europe/Stockholm"
absolute = "9h"

[[route]]
path = "/api/"
upstream = "portal"
kind = "api"
groups = ["hr"]
networks = ["corporate", "internet"]

[[route]]
path = "/trial/"
upstream = "portal"
users = ["nobody"]
groups = ["hr"]
networks = ["corporate"]
methods = ["PUT"]
report_only = true

[[route]]
path = "/lobby/"
upstream = "portal"
public = true
networks = ["corporate"]
methods = ["GET", "POST"]

[[route]]
path = "/"
upstream = "portal"
"""
OWN_COOKIES = ("gateway", "gateway-challenge", "gateway-form", "__Host-gateway")
IDENTITY = {
    "anna": ("anna", "Anna %C3%85kesson", "", "staff"),
    "siv": ("siv", "Siv Ruiz", "", "staff,hr"),
    "bo": ("bo", "Bo H%C3%A4m%C3%A4l%C3%A4inen", "", "staff"),
}


def fold(name: str) -> str:
    return re.sub("[^a-z0-9]", "", name.lower())


OURS = frozenset(fold(name) for name in CLAIMED)


class Place:
    """A gateway with a portal, people who are logged on, and every kind of cookie."""

    def __init__(self, gateway, stub) -> None:
        self.gateway, self.stub = gateway, stub
        gateway.add_users(
            "anna,Anna Åkesson,0701740605,staff",
            "siv,Siv Ruiz,0701740606,staff;hr",
            "bo,Bo Hämäläinen,,staff",
        )
        self.tokens = {user: self._token(user, OUTSIDE) for user in ("anna", "siv")}
        self.tokens["bo"] = self._token("bo", INSIDE)
        self.sessions = self._sessions()
        self.outcomes: Counter[str] = Counter()
        stub.new_requests()

    def _token(self, user: str, source: str) -> str:
        visitor = Visitor(self.gateway, source)
        visitor.log_on(user, self.stub)
        return visitor.cookies["gateway"]

    def _ended(self) -> str:
        visitor = insider(self.gateway, "siv")
        token = visitor.cookies["gateway"]
        visitor.post("/.gateway/logout", visitor.get("/.gateway/logout").form())
        assert visitor.cookies.get("gateway") is None
        return token

    def _sessions(self) -> list[Session]:
        live, other, ended = self.tokens["siv"], self.tokens["anna"], self._ended()
        begun = Visitor(self.gateway)
        begun.password("siv")
        challenge, form = begun.cookies["gateway-challenge"], begun.cookies["gateway-form"]
        found = [Session((f"Cookie: gateway={token}",), u) for u, token in self.tokens.items()]
        found += [
            Session((f"Cookie: a=b; gateway={live}; c=d", "Cookie: e=f"), "siv"),
            Session((f"Cookie: gateway-challenge={challenge}; gateway={live}",), "siv"),
        ]
        nobody = [
            (),
            ("Cookie: a=b",),
            ("Cookie: gateway=",),
            (f"Cookie: gateway={secrets.token_urlsafe(32)}",),
            (f"Cookie: gateway={ended}",),
            (f"Cookie: gateway={challenge}",),
            (f"Cookie: gateway={form}",),
            (f"Cookie: gateway={live}; gateway={other}",),
            (f"Cookie: gateway={live}; gateway={secrets.token_urlsafe(32)}",),
            (f"Cookie: gateway={ended}", f"Cookie: gateway={live}"),
            (f"Cookie: gateway-challenge={live}",),
            (f"Cookie: __Host-gateway={live}",),
            (f"Cookie: Gateway={live}",),
            (f"Cookie: gateway_={live}",),
            (f"X-Cookie: gateway={live}",),
            (f"Authorization: Bearer {live}",),
            (f"Cookie: gateway={live[:-1]}",),
            (f"Cookie: gateway={live}=",),
            (f"Cookie: gateway={live}A",),
            (f'Cookie: gateway="{live}"',),
            (f"Cookie: gateway={live.swapcase()}",),
            ("Cookie: gateway=" + "A" * 4096,),
            ("Cookie: gateway=\xe5\xff",),
            (f"Cookie: =gateway={live}",),
            (f"Cookie: gateway={live}%00",),
        ]
        return found + [Session(lines, None) for lines in nobody]

    def send(self, request: Request) -> list[dict]:
        """Send a request; return what reached the portal for it."""
        with contextlib.suppress(OSError, http.client.HTTPException):
            answer = ask(self.gateway.port, request.data, request.source)
            self.outcomes[f"answer {answer.status}"] += 1
            assert not answer.location.startswith(("//", "/\\")), answer.location
        return self.stub.new_requests()


@pytest.fixture(scope="module")
def place(tmp_path_factory):
    directory = tmp_path_factory.mktemp("oracle")
    with (
        running_stub(directory) as stub,
        running_gateway(directory, portal=stub.portal, phone=stub.phone, routes=ROUTES) as gateway,
    ):
        yield Place(gateway, stub)


RULES: dict[str, Callable[[str | None, bool, str], bool]] = {
    # who (None: nobody logged on), whether inside, and the method, as the routes above have it
    "/static": lambda who, inside, method: True,
    "/lobby": lambda who, inside, method: inside and method in {"GET", "HEAD", "POST"},
    "/hr": lambda who, inside, method: who == "siv",
    "/team": lambda who, inside, method: who == "siv",
    "/office": lambda who, inside, method: who is not None and inside,
    "/night": lambda who, inside, method: False,
    "/read": lambda who, inside, method: who is not None and method in {"GET", "HEAD"},
    "/api": lambda who, inside, method: who == "siv",
    "": lambda who, inside, method: who is not None,
}
"""What the routes say, written once more; whatever stands under none of them is the last one's."""


def may_go(user: str | None, source: str, target: str, method: str = "GET") -> bool:
    """Whether somebody may go to a target, whichever way it is read."""
    inside = source == INSIDE
    # Bo has no number, so his session has no code and is worth nothing outside.
    who = None if user == "bo" and not inside else user
    found = [
        next(rule for place, rule in RULES.items() if not place or is_under(way, place))
        for way in readings(target)
    ]
    return all(rule(who, inside, method) for rule in found)


def said(entry: dict) -> dict[str, list[str]]:
    """Return the fields that only the gateway may write, by their fold."""
    found: dict[str, list[str]] = {}
    for name, value in entry["headers"]:
        folded = fold(name)
        if folded in OURS or folded.startswith(("xforwarded", "xgateway", "xremote")):
            found.setdefault(folded, []).append(value)
    return found


def judge(place: Place, request: Request, entry: dict) -> None:
    """Assert what must hold for whatever reached the portal."""
    user, source = request.session.user, request.source
    assert may_go(user, source, entry["target"], entry["method"]), entry
    host = next(value for name, value in entry["headers"] if name == "Host")
    found = said(entry)
    assert re.fullmatch(r"[0-9a-f]+-[0-9a-f]+", found.pop("xrequestid")[0]), entry
    expected = {
        "xforwardedfor": [source],
        "xforwardedproto": ["http"],
        "xforwardedhost": [host],
    }
    if user is not None:
        names = ("xremoteuser", "xremotename", "xremoteemail", "xremotegroups")
        expected |= {name: [value] for name, value in zip(names, IDENTITY[user], strict=True)}
    found.pop("xgatewayassertion", None)  # judged by its signature, elsewhere; ours or none
    assert found == expected, entry
    for name, value in entry["headers"]:
        crossed = fold(name) in OURS and EVIL in value
        assert not crossed, entry
        if name.lower() == "cookie":
            names = {pair.partition("=")[0].strip() for pair in value.split(";")}
            assert not names & {"gateway", "gateway-challenge", "gateway-form"}, entry
    place.outcomes["reached with a session" if user else "reached without"] += 1


CI = "CI" in os.environ


def test_nothing_reaches_the_portal_without_a_live_session_that_may_go_there(place):
    @settings(
        max_examples=500,
        deadline=None,
        derandomize=CI,
        database=None,
        phases=(Phase.generate, Phase.shrink),
        suppress_health_check=[HealthCheck.too_slow, HealthCheck.data_too_large],
    )
    @given(request=requests(place.gateway.port, place.sessions))
    def run(request: Request) -> None:
        for entry in place.send(request):
            judge(place, request, entry)

    place.outcomes.clear()
    run()
    # A run that never got through, or never was refused, would show nothing.
    for what in ("reached with a session", "reached without"):
        assert place.outcomes[what] >= 10, place.outcomes
    for status in (200, 302, 400, 401):
        assert place.outcomes[f"answer {status}"] >= 2, place.outcomes


PLAIN = [
    ("/static/portal.css", "GET"),
    ("/debug/echo", "GET"),
    ("/hr/lists", "GET"),
    *[(f"{place}/x", "GET") for place in ("/team", "/office", "/night", "/read", "/api", "/trial")],
    *[("/read/", method) for method in ("HEAD", "DELETE")],
    *[("/lobby/", method) for method in ("GET", "HEAD", "DELETE")],
]


def test_every_session_at_every_place_spelled_plainly(place):
    """The same judge on the full table, so that no combination is left to chance."""
    for session in place.sessions:
        for source in (OUTSIDE, INSIDE):
            for path, method in PLAIN:
                lines = [
                    f"{method} {path} HTTP/1.1",
                    f"Host: localhost:{place.gateway.port}",
                    *session.lines,
                    f"X-Remote-User: {EVIL}",
                    f"x_remote_user: {EVIL}",
                    f"X-Forwarded-For: {INSIDE}",
                    f"X-Hop: {EVIL}",
                    "Connection: close, X-Remote-User, x-hop, X-Forwarded-For, Cookie",
                ]
                data = ("\r\n".join(lines) + "\r\n\r\n").encode("latin-1")
                request = Request(data, source, session)
                entries = place.send(request)
                assert len(entries) == may_go(session.user, source, path, method), request
                for entry in entries:
                    judge(place, request, entry)
                    assert "X-Hop" not in dict(entry["headers"])
