"""`/.gateway/reset`, `reset/code`, `reset/password`: a forgotten password (contract section 4).

What is answered does not depend on whether there is such a user. With `[self_service] reset` off,
all three lead to the help.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace
from typing import Final

from aiohttp import web

from gateway.auth.challenges import Purpose
from gateway.auth.outcomes import (
    ChallengeOver,
    Faults,
    LockedOut,
    ResetAllowed,
    ResetAsked,
    ResetDone,
    ResetView,
    TryAnother,
    Unchanged,
    WrongCode,
)
from gateway.auth.reset import TICKET
from gateway.pages.account import UNCHANGED
from gateway.pages.cookies import delete_cookie, set_cookie
from gateway.pages.desk import (
    HELP,
    LOGON,
    RESET,
    RESET_CODE,
    RESET_PASSWORD,
    Desk,
    link,
    wait_field,
)
from gateway.pages.forms import required
from gateway.pages.password_texts import manager_hint, password_rules, reasons_in_words
from gateway.pages.visit import Visit

_ON_PASSWORDS: Final = HELP + "#password"


class ResetPage:
    """User name, code, new password: three pages, each with its form."""

    def __init__(self, desk: Desk) -> None:
        self._desk = desk

    def routes(self) -> list[web.RouteDef]:
        """Return the routes of these pages."""
        return [
            web.get(RESET, self.get),
            web.post(RESET, self.post),
            web.get(RESET_CODE, self.get_code),
            web.post(RESET_CODE, self.post_code),
            web.get(RESET_PASSWORD, self.get_password),
            web.post(RESET_PASSWORD, self.post_password),
        ]

    async def get(self, request: web.Request) -> web.Response:
        """Ask for the user name."""
        visit = self._desk.visit(request)
        if not _is_on(visit):
            return self._desk.onward(_ON_PASSWORDS)
        return self._ask(visit, {}, status=200)

    async def post(self, request: web.Request) -> web.Response:
        """Begin, or send the code again: the code page follows whoever was named."""
        desk, visit = self._desk, self._desk.visit(request)
        form = await desk.posted(request, visit, RESET)
        if not _is_on(visit):
            return desk.onward(_ON_PASSWORDS)
        user_name = required(form, "username")
        if not user_name.strip():
            return self._ask(visit, {"empty": True}, status=UNCHANGED)
        outcome = await visit.services.reset.ask(user_name, visit.client, visit.mark)
        match outcome:
            case ResetAsked():
                response = desk.onward(RESET_CODE)
                lifetime = visit.snapshot.settings.one_time_password.lifetime
                name = visit.snapshot.cookies.errand
                set_cookie(response, name, outcome.challenge, https=visit.https, lifetime=lifetime)
                return response
            case LockedOut():
                return self._locked(visit, outcome)

    async def get_code(self, request: web.Request) -> web.Response:
        """Ask for the code."""
        return await self._code(self._desk.visit(request), {}, status=200)

    async def post_code(self, request: web.Request) -> web.Response:
        """Judge a code; the right one is given for a ticket."""
        desk, visit = self._desk, self._desk.visit(request)
        form = await desk.posted(request, visit, RESET_CODE)
        code = required(form, "code")
        if not _is_on(visit):
            return self._over(visit)
        if not code.strip():
            return await self._code(visit, {"wrong": True}, status=401)
        outcome = await visit.services.reset.submit_code(
            visit.errand or "", code, visit.client, visit.mark
        )
        match outcome:
            case ResetAllowed():
                response = desk.onward(RESET_PASSWORD)
                name = visit.snapshot.cookies.errand
                set_cookie(response, name, outcome.ticket, https=visit.https, lifetime=TICKET)
                return response
            case WrongCode():
                wrong = {"wrong": True, "tries_left": outcome.tries_left}
                return await self._code(visit, wrong, status=401)
            case ChallengeOver():
                return self._over(visit)
            case LockedOut():
                return self._locked(visit, outcome)

    async def get_password(self, request: web.Request) -> web.Response:
        """Ask for the new password."""
        return await self._password(self._desk.visit(request), Faults(), status=200)

    async def post_password(self, request: web.Request) -> web.Response:
        """Set it; then the way leads to the logon."""
        desk, visit = self._desk, self._desk.visit(request)
        form = await desk.posted(request, visit, RESET_PASSWORD)
        new, confirm = required(form, "new_password"), required(form, "confirm_password")
        if not _is_on(visit):
            return self._over(visit)
        outcome = await visit.services.reset.set_password(
            visit.errand or "", new, confirm, visit.client
        )
        match outcome:
            case ResetDone():
                return self._done(visit)
            case Unchanged():
                return await self._password(visit, outcome.faults, status=UNCHANGED)
            case TryAnother():
                again = replace(visit, errand=outcome.ticket)
                response = await self._password(again, outcome.faults, status=UNCHANGED)
                name = visit.snapshot.cookies.errand
                set_cookie(response, name, outcome.ticket, https=visit.https, lifetime=TICKET)
                return response
            case ChallengeOver():
                return self._over(visit)

    async def _view(self, visit: Visit, step: Purpose) -> ResetView | None:
        if visit.errand is None or not _is_on(visit):
            return None
        return await visit.services.reset.view(visit.errand, step)

    def _ask(self, visit: Visit, shown: Mapping[str, object], *, status: int) -> web.Response:
        values = {"over": False, "empty": False, **shown}
        return self._desk.show(visit, "reset.html", values, status)

    async def _code(
        self, visit: Visit, shown: Mapping[str, object], *, status: int
    ) -> web.Response:
        view = await self._view(visit, Purpose.RESET)
        if view is None:
            return self._over(visit)
        values = {"view": view, "wrong": False, "tries_left": None, **shown}
        return self._desk.show(visit, "reset_code.html", values, status)

    async def _password(self, visit: Visit, faults: Faults, *, status: int) -> web.Response:
        view = await self._view(visit, Purpose.NEW_PASSWORD)
        if view is None:
            return self._over(visit)
        rules = visit.snapshot.settings.password
        values = {
            "view": view,
            "faults": faults,
            "new_faults": reasons_in_words(faults.new, rules, visit.words),
            "rules": password_rules(rules, visit.words),
            "hint": manager_hint(rules),
        }
        return self._desk.show(visit, "reset_password.html", values, status)

    def _done(self, visit: Visit) -> web.Response:
        """Lead to the logon: a reset opens no session, and has ended those of its user."""
        response = self._desk.onward(link(LOGON, notice="new-password"))
        delete_cookie(response, visit.snapshot.cookies.errand, https=visit.https)
        return response

    def _over(self, visit: Visit) -> web.Response:
        """Start over in place of a step that is over, and forget it."""
        if not _is_on(visit):
            return self._desk.onward(_ON_PASSWORDS)
        if visit.errand is None:
            return self._desk.onward(RESET)
        response = self._ask(visit, {"over": True}, status=401)
        delete_cookie(response, visit.snapshot.cookies.errand, https=visit.https)
        return response

    def _locked(self, visit: Visit, outcome: LockedOut) -> web.Response:
        values = {"next": "/", "wait_s": outcome.wait_s, "of": outcome.of}
        return wait_field(self._desk.show(visit, "locked.html", values, 429), outcome.wait_s)


def _is_on(visit: Visit) -> bool:
    return visit.snapshot.settings.self_service.reset
