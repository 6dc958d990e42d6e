"""Kontakta oss: a form that posts, and the receipt that only its sender may read."""

from __future__ import annotations

from collections import OrderedDict
from dataclasses import dataclass
from typing import Final

from aiohttp import web

from upstream_stub.portal.content import SUBJECTS
from upstream_stub.portal.pages import show
from upstream_stub.portal.visitor import visitor_of

_KEPT: Final = 1000
_LONGEST: Final = 4000

ROUTES: Final = web.RouteTableDef()


@dataclass(frozen=True, slots=True)
class Case:
    """One message to the support desk."""

    user: str
    subject: str
    message: str


class Cases:
    """The last messages, by number."""

    def __init__(self) -> None:
        self._cases: OrderedDict[str, Case] = OrderedDict()
        self._last = 41_000

    def file(self, case: Case) -> str:
        """Keep a message and return its number."""
        self._last += 1
        number = f"MP-{self._last}"
        self._cases[number] = case
        if len(self._cases) > _KEPT:
            self._cases.popitem(last=False)
        return number

    def of(self, number: str, user: str) -> Case | None:
        """Return the message with this number if this user sent it."""
        case = self._cases.get(number)
        return case if case is not None and case.user == user else None


CASES: Final = web.AppKey("CASES", Cases)


@ROUTES.get("/kontakta-oss")
async def form(request: web.Request) -> web.Response:
    """Show the empty form."""
    return show(request, "contact", subjects=SUBJECTS, subject="", message="", missing=False)


@ROUTES.post("/kontakta-oss")
async def send(request: web.Request) -> web.Response:
    """Keep the message and lead to its receipt (303); without a message the form again (422)."""
    fields = await request.post()
    subject, message = str(fields.get("amne", "")), str(fields.get("meddelande", "")).strip()
    if subject not in SUBJECTS or not 0 < len(message) <= _LONGEST:
        return show(
            request,
            "contact",
            status=422,
            subjects=SUBJECTS,
            subject=subject,
            message=message,
            missing=True,
        )
    number = request.app[CASES].file(Case(visitor_of(request).user, subject, message))
    raise web.HTTPSeeOther(f"/kontakta-oss/kvitto?nr={number}")


@ROUTES.get("/kontakta-oss/kvitto")
async def receipt(request: web.Request) -> web.Response:
    """Show the receipt of a message; 404 for anybody but its sender."""
    number = request.query.get("nr", "")
    case = request.app[CASES].of(number, visitor_of(request).user)
    if case is None:
        raise web.HTTPNotFound
    return show(request, "receipt", number=number, case=case)
