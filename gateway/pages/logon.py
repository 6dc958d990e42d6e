"""`/.gateway/logon`: user name and password (docs/outside.md)."""

from __future__ import annotations

import enum
from collections.abc import Mapping
from typing import Final

from aiohttp import web

from gateway.auth.kept_events import refused
from gateway.auth.known_browsers import LIFETIME as KNOWN
from gateway.auth.outcomes import CodeSent, LockedOut, NoNumber, Rejected, SessionOpened
from gateway.pages.apps import landing, newcomer
from gateway.pages.asked import LIFETIME, was_asked, with_asked
from gateway.pages.cookies import delete_cookie, set_cookie
from gateway.pages.desk import ACCOUNT, LOGON, NUMBER, OTP, Desk, link, wait_field
from gateway.pages.forms import read_query, required
from gateway.pages.loop import remember, stop_at_logon
from gateway.pages.visit import Visit
from policies.decision import Reason


class Problem(enum.StrEnum):
    """Why the logon is shown again: the words are in the template."""

    NONE = ""
    REJECTED = "rejected"
    LOCKED = "locked"
    CODE_OVER = "code-over"


def show_logon(
    desk: Desk,
    visit: Visit,
    way_back: str,
    values: Mapping[str, object] | None = None,
    *,
    status: int,
) -> web.Response:
    """Return the logon page; `values` may hold problem, user_name, wait_s, of and notice."""
    shown = {"problem": Problem.NONE, "user_name": "", "wait_s": 0, "of": "", "notice": ""}
    return desk.show(visit, "logon.html", {"next": way_back, **shown, **(values or {})}, status)


def open_session(desk: Desk, visit: Visit, opened: SessionOpened, way_back: str) -> web.Response:
    """Send the browser on with its new session; a challenge under way has done its work."""
    response = desk.onward(way_back)
    remember(response, visit, way_back)
    cookies = visit.snapshot.cookies
    set_cookie(response, cookies.session, opened.token, https=visit.https)
    set_cookie(response, cookies.known, opened.known, https=visit.https, lifetime=KNOWN)
    if visit.challenge is not None:
        delete_cookie(response, cookies.challenge, https=visit.https)
    return response


def open_challenge(desk: Desk, visit: Visit, challenge: str, way_back: str) -> web.Response:
    """Send the browser to the code page with what binds the code to it."""
    response = desk.onward(link(OTP, way_back))
    lifetime = visit.snapshot.settings.one_time_password.lifetime
    name = visit.snapshot.cookies.challenge
    set_cookie(response, name, challenge, https=visit.https, lifetime=lifetime)
    return response


def show_no_number(desk: Desk, visit: Visit, way_back: str) -> web.Response:
    """Return the page of the first-logon rule."""
    return desk.show(visit, "no_number.html", {"next": way_back}, 403)


AGAIN: Final = frozenset({Reason.SESSION_IDLE.value, Reason.SESSION_TOO_OLD.value})
"""Notices for those who are logged on and asked to do it again, where they want to go."""


class LogonPage:
    """GET shows the form, or goes on when somebody is freshly logged on; POST judges it."""

    def __init__(self, desk: Desk) -> None:
        self._desk = desk

    def routes(self) -> list[web.RouteDef]:
        """Return the routes of this page."""
        return [web.get(LOGON, self.get), web.post(LOGON, self.post)]

    async def get(self, request: web.Request) -> web.Response:
        """Show the form; an ordinary visitor causes no write anywhere."""
        visit = self._desk.visit(request)
        query = read_query(request)
        way_back = visit.way_back(query)
        notice = query.get("notice", "")
        session = None if notice in AGAIN else await self._desk.who(visit)
        target = way_back if session is None else landing(visit, session, way_back)
        stopped = stop_at_logon(self._desk, request, visit, session, query, target)
        if stopped is not None:
            return stopped
        if session is not None:
            response = self._desk.onward(target)
            remember(response, visit, target)
            return response
        return show_logon(self._desk, visit, way_back, {"notice": notice}, status=200)

    async def post(self, request: web.Request) -> web.Response:
        """Judge user name and password; an empty one is wrong without being judged."""
        desk, visit = self._desk, self._desk.visit(request)
        form = await desk.posted(request, visit, LOGON)
        way_back = visit.way_back(form)
        user_name, password = required(form, "username"), required(form, "password")
        if not user_name.strip() or not password:
            visit.services.keep(refused(visit.client, "logon.password", "rejected", "empty", LOGON))
            return self._again(visit, way_back, user_name)
        outcome = await visit.services.logon.submit_password(
            user_name,
            password,
            visit.client,
            visit.mark,
            visit.second_factor(way_back),
            visit.session,
        )
        match outcome:
            case SessionOpened():
                onward = landing(visit, newcomer(visit, outcome), way_back)
                return self._logged_on(visit, outcome, onward)
            case CodeSent():
                return open_challenge(desk, visit, outcome.challenge, way_back)
            case Rejected():
                return self._again(visit, way_back, user_name)
            case LockedOut():
                return self._locked(visit, way_back, user_name, outcome)
            case NoNumber():
                return show_no_number(desk, visit, way_back)

    def _logged_on(self, visit: Visit, opened: SessionOpened, way_back: str) -> web.Response:
        """Send the browser on; who has no number yet is asked for one on the way, once."""
        secret = visit.services.secret
        asked = was_asked(visit.asked, opened.user, secret)
        if not opened.number_missing or asked or way_back.startswith(ACCOUNT):
            return open_session(self._desk, visit, opened, way_back)
        response = open_session(self._desk, visit, opened, link(NUMBER, way_back))
        marks = with_asked(visit.asked, opened.user, secret)
        name = visit.snapshot.cookies.asked
        set_cookie(response, name, marks, https=visit.https, lifetime=LIFETIME)
        return response

    def _again(self, visit: Visit, way_back: str, user_name: str) -> web.Response:
        values = {"problem": Problem.REJECTED, "user_name": user_name}
        return show_logon(self._desk, visit, way_back, values, status=401)

    def _locked(
        self, visit: Visit, way_back: str, user_name: str, outcome: LockedOut
    ) -> web.Response:
        lock = {"problem": Problem.LOCKED, "wait_s": outcome.wait_s, "of": outcome.of}
        values = {"user_name": user_name, **lock}
        page = show_logon(self._desk, visit, way_back, values, status=429)
        return wait_field(page, outcome.wait_s)
