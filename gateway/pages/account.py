"""`/.gateway/account`: an employee's own number and password (contract section 4).

`account/number` asks for a number once, after a first logon; `/.well-known/change-password`
(W3C, "A Well-Known URL for Changing Passwords") leads here.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, Final

from aiohttp import web

from gateway.auth.model import SessionRecord
from gateway.auth.outcomes import (
    AccountView,
    Changed,
    CodeFirst,
    Faults,
    LockedOut,
    NotLoggedOn,
    ProofSent,
    Unchanged,
)
from gateway.auth.self_service import Presence, Wish
from gateway.pages.cookies import set_cookie
from gateway.pages.desk import ACCOUNT, LOGON, NUMBER, OTP, PROOF, Desk, link, wait_field
from gateway.pages.forms import read_query, required
from gateway.pages.number_texts import number_fault
from gateway.pages.own_sessions import shown_sessions
from gateway.pages.password_texts import manager_hint, password_rules, reasons_in_words
from gateway.pages.visit import Visit
from policies.answer_fields import NO_STORE
from policies.decision import Reason
from policies.mobiles import example, spoken
from policies.return_paths import START
from policies.routes import CHANGE_PASSWORD
from policies.self_service import Permission

UNCHANGED: Final = 422  # RFC 9110 section 15.5.21: understood, but it cannot be done
_WRONG_PASSWORD: Final = 401


class AccountPage:
    """GET shows what is known, POST changes it; only for those who are logged on."""

    def __init__(self, desk: Desk) -> None:
        self._desk = desk

    def routes(self) -> list[web.RouteDef]:
        """Return the routes of this page."""
        return [
            web.get(ACCOUNT, self.get),
            web.post(ACCOUNT, self.post),
            web.get(NUMBER, self.get_number),
            web.get(CHANGE_PASSWORD, self.get_well_known),
        ]

    async def get(self, request: web.Request) -> web.Response:
        """Show the form; where a code must be given first, the way leads there."""
        desk, visit = self._desk, self._desk.visit(request)
        query = read_query(request)
        way_back = visit.way_back(query)
        session, view = await self._owner(visit)
        if session is None or view is None:
            return desk.onward(link(LOGON, link(ACCOUNT, way_back)))
        if Permission.CODE_FIRST in {view.mobile_here, view.password_here}:
            return desk.onward(link(OTP, link(ACCOUNT, way_back)))
        # A password alone is not enough elsewhere to see and end what its owner has open.
        proven = view.password_here is Permission.YES
        shown = {
            "updated": query.get("notice") == "updated",
            "ended": query.get("notice") == "ended",
            "sessions": await shown_sessions(visit, session) if proven else [],
        }
        return self._show(visit, view, way_back, shown, status=200)

    async def post(self, request: web.Request) -> web.Response:
        """Change the number, the password or both."""
        desk, visit = self._desk, self._desk.visit(request)
        form = await desk.posted(request, visit, ACCOUNT)
        way_back = visit.way_back(form)
        wish = Wish(
            mobile=required(form, "mobile"),
            current_password=required(form, "current_password"),
            new_password=form.get("new_password", ""),
            confirm_password=form.get("confirm_password", ""),
        )
        session, view = await self._owner(visit)
        to_the_logon = desk.onward(link(LOGON, link(ACCOUNT, way_back)))
        if session is None or view is None or visit.session is None:
            desk.deny(visit, ACCOUNT, Reason.NO_SESSION.value)
            return to_the_logon
        presence = Presence(session, visit.session, visit.client, visit.mark)
        outcome = await visit.services.account.change(wish, presence)
        match outcome:
            case Changed():
                response = desk.onward(link(ACCOUNT, way_back, notice="updated"))
                return _with_token(response, visit, outcome.token)
            case ProofSent():
                response = self._to_proof(visit, outcome.challenge, way_back)
                return _with_token(response, visit, outcome.token)
            case Unchanged():
                return self._unchanged(visit, view, way_back, wish, outcome.faults)
            case LockedOut():
                values = {"next": way_back, "wait_s": outcome.wait_s, "of": outcome.of}
                return wait_field(desk.show(visit, "locked.html", values, 429), outcome.wait_s)
            case CodeFirst():
                return desk.onward(link(OTP, link(ACCOUNT, way_back)))
            case NotLoggedOn():
                return to_the_logon

    async def get_number(self, request: web.Request) -> web.Response:
        """Ask for a number, which can be skipped; who has one goes on."""
        desk, visit = self._desk, self._desk.visit(request)
        way_back = visit.way_back(read_query(request))
        _, view = await self._owner(visit)
        if view is None:
            return desk.onward(link(LOGON, way_back))
        if view.mobile or view.mobile_here is not Permission.YES:
            return desk.onward(way_back)
        as_in = example(visit.region).national
        values = {"next": way_back, "user": view.user, "as_in": as_in}
        return desk.show(visit, "number.html", values)

    async def get_well_known(self, _: web.Request) -> web.Response:
        """Lead password managers to the page where passwords are changed."""
        return web.Response(status=302, headers=dict((("Location", ACCOUNT), NO_STORE)))

    async def _owner(self, visit: Visit) -> tuple[SessionRecord | None, AccountView | None]:
        session = await self._desk.who(visit)
        if session is None:
            return None, None
        return session, await visit.services.account.view(session, visit.client)

    def _to_proof(self, visit: Visit, challenge: str, way_back: str) -> web.Response:
        response = self._desk.onward(link(PROOF, way_back))
        lifetime = visit.snapshot.settings.one_time_password.lifetime
        name = visit.snapshot.cookies.errand
        set_cookie(response, name, challenge, https=visit.https, lifetime=lifetime)
        return response

    def _unchanged(
        self, visit: Visit, view: AccountView, way_back: str, wish: Wish, faults: Faults
    ) -> web.Response:
        """Show the form again with every reason at its field. No password is given back."""
        settings, region = visit.snapshot.settings.password, visit.region
        shown = {
            "faults": faults,
            "mobile": wish.mobile,
            "mobile_fault": faults.mobile and number_fault(faults.mobile, visit.words, region),
            "new_faults": reasons_in_words(faults.new, settings, visit.words),
        }
        status = _WRONG_PASSWORD if faults.current == "wrong" else UNCHANGED
        return self._show(visit, view, way_back, shown, status=status)

    def _show(
        self,
        visit: Visit,
        view: AccountView,
        way_back: str,
        shown: Mapping[str, object],
        *,
        status: int,
    ) -> web.Response:
        settings = visit.snapshot.settings.password
        values: dict[str, Any] = {
            "next": way_back,
            "elsewhere": way_back != START,
            "user": view.user,
            "name": view.name or view.user,
            "mobile": spoken(view.mobile, visit.region) if view.mobile else "",
            "as_in": example(visit.region).national,
            "mobile_here": view.mobile_here is Permission.YES,
            "cool_down_s": view.cool_down_s,
            "password_here": view.password_here is Permission.YES,
            "rules": password_rules(settings, visit.words),
            "hint": manager_hint(settings),
            "faults": Faults(),
            "mobile_fault": None,
            "new_faults": [],
            "updated": False,
            "ended": False,
            "sessions": [],
            **shown,
        }
        return self._desk.show(visit, "account.html", values, status)


def _with_token(response: web.Response, visit: Visit, token: str) -> web.Response:
    """Give the browser its session's new token, if there is one."""
    if token:
        cookies = visit.snapshot.cookies
        set_cookie(response, cookies.session, token, https=visit.https)
    return response
