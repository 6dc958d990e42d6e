"""`/.gateway/otp` and `/.gateway/otp/resend`: the one-time password and its sending.

Without a challenge under way the code page offers to start one to somebody who is logged on
without a code (step-up), and sends everybody else to the logon.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Final

from aiohttp import web

from gateway.auth.outcomes import (
    ChallengeOver,
    ChallengeView,
    CodeSent,
    LockedOut,
    NoMoreResends,
    NoNumber,
    Resent,
    SessionOpened,
    TooSoon,
    WrongCode,
)
from gateway.pages.apps import landing, newcomer
from gateway.pages.cookies import delete_cookie
from gateway.pages.desk import LOGON, OTP, RESEND, Desk, link, wait_field
from gateway.pages.forms import read_query, required
from gateway.pages.logon import (
    Problem,
    open_challenge,
    open_session,
    show_logon,
    show_no_number,
)
from gateway.pages.visit import Visit
from policies.decision import Reason
from policies.factors import OTP as CODE

_BLANKS: Final = str.maketrans("", "", " \t\u00a0-")
"""A code is often typed or pasted in groups."""


class OtpPage:
    """The code page: GET shows it, POST judges a code, `resend` sends one."""

    def __init__(self, desk: Desk) -> None:
        self._desk = desk

    def routes(self) -> list[web.RouteDef]:
        """Return the routes of this page."""
        return [
            web.get(OTP, self.get),
            web.post(OTP, self.post),
            web.get(RESEND, self.get_resend),
            web.post(RESEND, self.post_resend),
        ]

    async def get(self, request: web.Request) -> web.Response:
        """Show the code page; however often it is loaded, nothing is sent."""
        desk, visit = self._desk, self._desk.visit(request)
        query = read_query(request)
        way_back = visit.way_back(query)
        view = await self._view(visit)
        if view is not None:
            shown = {"resent": query.get("notice") == "resent"}
            return self._show(visit, view, way_back, shown, status=200)
        return await self._without_code(visit, way_back) or desk.show(
            visit, "step_up.html", {"next": way_back}
        )

    async def post(self, request: web.Request) -> web.Response:
        """Judge a code."""
        desk, visit = self._desk, self._desk.visit(request)
        form = await desk.posted(request, visit, OTP)
        way_back = visit.way_back(form)
        code = required(form, "code").translate(_BLANKS)
        if not code and visit.challenge is not None:
            return await self._wrong(visit, way_back, None)
        outcome = await visit.services.logon.submit_code(
            visit.challenge or "", code, visit.client, visit.session
        )
        match outcome:
            case SessionOpened():
                # A step-up is on the way to a page, be it "/"; only a logon may lead elsewhere.
                if not outcome.stepped_up:
                    way_back = landing(visit, newcomer(visit, outcome), way_back)
                return open_session(desk, visit, outcome, way_back)
            case WrongCode():
                return await self._wrong(visit, way_back, outcome.tries_left)
            case ChallengeOver():
                return self._start_over(visit, way_back)
            case LockedOut():
                return self._locked(visit, way_back, outcome)

    async def get_resend(self, request: web.Request) -> web.Response:
        """Lead a reload of an answer to a resend back to the code page."""
        way_back = self._desk.visit(request).way_back(read_query(request))
        return self._desk.onward(link(OTP, way_back))

    async def post_resend(self, request: web.Request) -> web.Response:
        """Send the same code again, or the first one of a step-up."""
        desk, visit = self._desk, self._desk.visit(request)
        form = await desk.posted(request, visit, RESEND)
        way_back = visit.way_back(form)
        if visit.challenge is None:
            return await self._step_up(visit, way_back)
        outcome = await visit.services.logon.resend(visit.challenge, visit.client)
        match outcome:
            case Resent():
                return desk.onward(link(OTP, way_back, notice="resent"))
            case TooSoon():
                return wait_field(await self._not_sent(visit, way_back, status=429), outcome.wait_s)
            case NoMoreResends():
                return await self._not_sent(visit, way_back, status=409)
            case ChallengeOver():
                return await self._step_up(visit, way_back)
            case LockedOut():
                return self._locked(visit, way_back, outcome)

    async def _view(self, visit: Visit) -> ChallengeView | None:
        if visit.challenge is None:
            return None
        return await visit.services.logon.view(visit.challenge)

    async def _without_code(self, visit: Visit, way_back: str) -> web.Response | None:
        """Return where somebody goes who cannot step up; None for who can."""
        session = await self._desk.who(visit)
        if session is None:
            return self._desk.onward(link(LOGON, way_back))
        return self._desk.onward(way_back) if CODE in session.factors else None

    async def _step_up(self, visit: Visit, way_back: str) -> web.Response:
        desk = self._desk
        session = await desk.who(visit)
        if session is None or visit.session is None:
            desk.deny(visit, RESEND, Reason.NO_SESSION.value)
            return desk.onward(link(LOGON, way_back))
        if CODE in session.factors:
            return desk.onward(way_back)
        outcome = await visit.services.logon.step_up(visit.session, visit.client, visit.mark)
        match outcome:
            case CodeSent():
                return open_challenge(desk, visit, outcome.challenge, way_back)
            case NoNumber():
                return show_no_number(desk, visit, way_back)
            case LockedOut():
                return self._locked(visit, way_back, outcome)
            case ChallengeOver():
                return desk.onward(link(LOGON, way_back))

    async def _wrong(self, visit: Visit, way_back: str, tries_left: int | None) -> web.Response:
        """Show the page again; `tries_left` None: nothing was typed, so nothing was judged."""
        view = None if tries_left == 0 else await self._view(visit)
        if view is None:
            return self._start_over(visit, way_back)
        shown = {"wrong": True, "tries_left": tries_left}
        return self._show(visit, view, way_back, shown, status=401)

    async def _not_sent(self, visit: Visit, way_back: str, *, status: int) -> web.Response:
        view = await self._view(visit)
        if view is None:
            return self._start_over(visit, way_back)
        return self._show(visit, view, way_back, {"not_sent": True}, status=status)

    def _show(
        self,
        visit: Visit,
        view: ChallengeView,
        way_back: str,
        shown: Mapping[str, object],
        *,
        status: int,
    ) -> web.Response:
        nothing = {"wrong": False, "tries_left": None, "resent": False, "not_sent": False}
        values = {"view": view, "next": way_back, **nothing, **shown}
        return self._desk.show(visit, "otp.html", values, status)

    def _start_over(self, visit: Visit, way_back: str) -> web.Response:
        """Show the logon in place of a code page that is over, and forget the challenge."""
        response = show_logon(
            self._desk, visit, way_back, {"problem": Problem.CODE_OVER}, status=401
        )
        if visit.challenge is not None:
            delete_cookie(response, visit.snapshot.cookies.challenge, https=visit.https)
        return response

    def _locked(self, visit: Visit, way_back: str, outcome: LockedOut) -> web.Response:
        values = {"next": way_back, "wait_s": outcome.wait_s, "of": outcome.of}
        return wait_field(self._desk.show(visit, "locked.html", values, 429), outcome.wait_s)
