"""`/.gateway/apps`: the systems this person may open, and the way there after a logon."""

from __future__ import annotations

from dataclasses import dataclass

from aiohttp import web
from markupsafe import Markup

from gateway.auth.outcomes import SessionOpened
from gateway.pages.desk import LOGON, Desk, link
from gateway.pages.icons import initial, pictures
from gateway.pages.visit import Visit
from policies.apps import APPS, App, Newcomer, first_page, open_apps
from policies.circumstances import Who
from policies.routes import Route


@dataclass(frozen=True, slots=True)
class Card:
    """One system as the page shows it. `host` (with a port) and `path` tell where it is.

    `picture` is SVG, or None: then `initial` stands in its place.
    """

    title: str
    href: str
    host: str
    path: str
    picture: Markup | None
    initial: str
    code_needed: bool


def newcomer(visit: Visit, opened: SessionOpened) -> Newcomer:
    """Return who has just been logged on."""
    return Newcomer(opened.user, opened.groups, opened.factors, visit.services.clock.now())


def landing(visit: Visit, who: Who, way_back: str) -> str:
    """Return where somebody goes who has just been logged on.

    On a host of its own a system's start page is where the person was going: its name was typed.
    """
    if visit.host.encode() not in visit.snapshot.own_hosts:
        return way_back
    return first_page(way_back, _apps(visit, who))


class AppsPage:
    """A page for those who are logged on. What it shows is judged when it is shown."""

    def __init__(self, desk: Desk) -> None:
        self._desk = desk

    def routes(self) -> list[web.RouteDef]:
        """Return the routes of this page."""
        return [web.get(APPS, self.get)]

    async def get(self, request: web.Request) -> web.Response:
        """Show the systems; who is not logged on logs on first."""
        desk, visit = self._desk, self._desk.visit(request)
        session = await desk.who(visit)
        if session is None:
            return desk.onward(link(LOGON, APPS))
        cards = [_card(visit, app) for app in _apps(visit, session)]
        values = {"name": session.name or session.user, "cards": cards}
        return desk.show(visit, "apps.html", values)


def _apps(visit: Visit, who: Who) -> tuple[App, ...]:
    routes, now = visit.snapshot.settings.routes, visit.services.clock.now()
    return open_apps(routes, who, visit.client.network, now)


def _card(visit: Visit, app: App) -> Card:
    route = app.route
    origin = _origin(visit, route)
    return Card(
        title=route.title or route.path,
        href=route.path if origin == visit.here else origin + route.path,
        host=origin.partition("://")[2],
        path=route.path.removesuffix("/"),
        picture=pictures()[route.icon] if route.icon else None,
        initial=initial(route.title or route.path),
        code_needed=app.code_needed,
    )


def _origin(visit: Visit, route: Route) -> str:
    """Return the origin that serves a route: this one where it can, so that the session goes on."""
    public = visit.snapshot.settings.public_url
    if route.host in {None, visit.host}:
        at_home = visit.host.encode() in visit.snapshot.own_hosts
        return visit.here if at_home or route.host is not None else public.origin
    port = public.origin.removeprefix(f"{public.scheme}://{public.host}")
    return f"{public.scheme}://{route.host}{port}"
