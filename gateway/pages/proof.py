"""`/.gateway/account/code` and `account/resend`: the code that proves a new number.

Used where `[self_service] prove_mobile` is on; the number counts once its code has been typed.
"""

from __future__ import annotations

from collections.abc import Mapping

from aiohttp import web

from gateway.auth.model import SessionRecord
from gateway.auth.outcomes import (
    ChallengeOver,
    ChallengeView,
    Changed,
    LockedOut,
    NoMoreResends,
    Resent,
    TooSoon,
    WrongCode,
)
from gateway.auth.self_service import Presence
from gateway.pages.cookies import delete_cookie
from gateway.pages.desk import ACCOUNT, LOGON, PROOF, PROOF_RESEND, Desk, link, wait_field
from gateway.pages.forms import read_query, required
from gateway.pages.visit import Visit
from policies.decision import Reason


class ProofPage:
    """GET shows the code field, POST judges the code, `resend` sends it again."""

    def __init__(self, desk: Desk) -> None:
        self._desk = desk

    def routes(self) -> list[web.RouteDef]:
        """Return the routes of this page."""
        return [
            web.get(PROOF, self.get),
            web.post(PROOF, self.post),
            web.get(PROOF_RESEND, self.get_resend),
            web.post(PROOF_RESEND, self.post_resend),
        ]

    async def get(self, request: web.Request) -> web.Response:
        """Show the page; without a number to be proven, the account."""
        visit = self._desk.visit(request)
        query = read_query(request)
        resent = {"resent": query.get("notice") == "resent"}
        return await self._page(visit, visit.way_back(query), resent, status=200)

    async def post(self, request: web.Request) -> web.Response:
        """Judge a code."""
        desk, visit = self._desk, self._desk.visit(request)
        form = await desk.posted(request, visit, PROOF)
        way_back, code = visit.way_back(form), required(form, "code")
        session = await desk.who(visit)
        if session is None or visit.session is None:
            desk.deny(visit, PROOF, Reason.NO_SESSION.value)
            return self._elsewhere(session, way_back)
        presence = Presence(session, visit.session, visit.client, visit.mark)
        outcome = await visit.services.account.submit_proof(visit.errand or "", code, presence)
        match outcome:
            case Changed():
                response = desk.onward(link(ACCOUNT, way_back, notice="updated"))
                delete_cookie(response, visit.snapshot.cookies.errand, https=visit.https)
                return response
            case WrongCode():
                wrong = {"wrong": True, "tries_left": outcome.tries_left}
                return await self._page(visit, way_back, wrong, status=401)
            case ChallengeOver():
                return self._elsewhere(session, way_back)
            case LockedOut():
                return self._locked(visit, way_back, outcome)

    async def get_resend(self, request: web.Request) -> web.Response:
        """Lead a reload of an answer to a resend back to the page."""
        way_back = self._desk.visit(request).way_back(read_query(request))
        return self._desk.onward(link(PROOF, way_back))

    async def post_resend(self, request: web.Request) -> web.Response:
        """Send the same code again."""
        desk, visit = self._desk, self._desk.visit(request)
        form = await desk.posted(request, visit, PROOF_RESEND)
        way_back = visit.way_back(form)
        session = await desk.who(visit)
        if session is None:
            desk.deny(visit, PROOF_RESEND, Reason.NO_SESSION.value)
            return self._elsewhere(session, way_back)
        errand = visit.errand or ""
        outcome = await visit.services.account.resend_proof(session, errand, visit.client)
        match outcome:
            case Resent():
                return desk.onward(link(PROOF, way_back, notice="resent"))
            case TooSoon():
                page = await self._page(visit, way_back, {"not_sent": True}, status=429)
                return wait_field(page, outcome.wait_s)
            case NoMoreResends():
                return await self._page(visit, way_back, {"not_sent": True}, status=409)
            case ChallengeOver():
                return self._elsewhere(session, way_back)
            case LockedOut():
                return self._locked(visit, way_back, outcome)

    async def _page(
        self, visit: Visit, way_back: str, shown: Mapping[str, object], *, status: int
    ) -> web.Response:
        session = await self._desk.who(visit)
        view = await self._view(visit, session)
        if view is None:
            return self._elsewhere(session, way_back)
        nothing = {"wrong": False, "tries_left": None, "resent": False, "not_sent": False}
        values = {"view": view, "next": way_back, **nothing, **shown}
        return self._desk.show(visit, "proof.html", values, status)

    async def _view(self, visit: Visit, session: SessionRecord | None) -> ChallengeView | None:
        if session is None or visit.errand is None:
            return None
        return await visit.services.account.view_proof(session, visit.errand)

    def _elsewhere(self, session: SessionRecord | None, way_back: str) -> web.Response:
        account = link(ACCOUNT, way_back)
        return self._desk.onward(link(LOGON, account) if session is None else account)

    def _locked(self, visit: Visit, way_back: str, outcome: LockedOut) -> web.Response:
        values = {"next": way_back, "wait_s": outcome.wait_s, "of": outcome.of}
        return wait_field(self._desk.show(visit, "locked.html", values, 429), outcome.wait_s)
