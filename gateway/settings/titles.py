"""`title` and `icon` of a `[[route]]`: what the page of systems shows, and that its link works."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Final

from gateway.settings.problems import choice_of, show
from gateway.settings.reading import Table, Value, shaped
from gateway.settings.shapes import TEXT, words
from gateway.settings.values import text
from policies.apps import ICONS
from policies.routes import Kind, Route, RouteTable

LONGEST_TITLE: Final = 60
"""Characters; two lines on a narrow phone."""

_OPENED_BY: Final = b"GET"


@shaped({**TEXT, "maxLength": LONGEST_TITLE})
def read_title(value: Value) -> str:
    """Read the name of a system as people call it."""
    title = text(value)
    if len(title) > LONGEST_TITLE or title != title.strip():
        at_most = f"a name of at most {LONGEST_TITLE} characters, no blanks around it"
        raise value.refusal(f'{at_most}, as "Time reports"')
    return title


@shaped(words(sorted(ICONS)))
def read_icon(value: Value) -> str:
    """Read the name of one of our pictures."""
    icon = text(value)
    if icon not in ICONS:
        raise value.refusal(choice_of(icon, ICONS))
    return icon


def judge_title(table: Table, route: Route) -> None:
    """Refuse a title on a route that is no place to go to, and an icon without a title."""
    if table.has("icon") and not table.has("title"):
        table.tell("icon", "an icon without a title", "a title as well, or no icon")
    if route.title is None:
        return
    if route.host is not None and route.host.startswith("*."):
        found = f"a title on {show(route.host)}, which is many hosts"
        table.tell("title", found, "an exact host for this route, or no title")
    if route.kind is Kind.API:
        table.tell("title", 'a title on kind = "api"', 'kind = "page", or no title')
    if route.methods and _OPENED_BY not in route.methods:
        table.tell(
            "title", "a title on a route without GET", '"GET" among its methods, or no title'
        )


def judge_links(file: Table, routes: Sequence[Route], public_host: str) -> None:
    """Tell of every title whose link another route takes. The routes have no other fault."""
    table = RouteTable(routes, frozenset({public_host.encode()}))
    for place, route in enumerate(routes):
        if route.title is None:
            continue
        linked = table.route_for((route.host or public_host).encode(), route.path.encode())
        if linked is not route:
            taken = f"line {linked.line} serves that" if linked else "nothing is served there"
            found = f"a title whose link leads to {public_host}{route.path}, but {taken}"
            expected = f"host = {show(public_host)} beside it, or no title"
            file.reading.tell(("route", place, "title"), found, expected)
