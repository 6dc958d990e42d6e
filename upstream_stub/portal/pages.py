"""The portal's pages. Each shows its own address, so that a deep link can be checked by eye."""

from __future__ import annotations

from datetime import UTC, date, datetime, timedelta
from typing import Any, Final

from aiohttp import web

from upstream_stub.clock import now
from upstream_stub.portal import content
from upstream_stub.portal.visitor import fields_shown, visitor_of
from upstream_stub.rendering import page

ROUTES: Final = web.RouteTableDef()


def show(request: web.Request, template: str, *, status: int = 200, **values: Any) -> web.Response:
    """Return a page of the portal for whoever is asking."""
    return page(
        f"portal/{template}.html",
        status=status,
        visitor=visitor_of(request),
        address=request.raw_path,
        path=request.path,
        query=list(request.query.items()),
        **values,
    )


@ROUTES.get("/")
async def start(request: web.Request) -> web.Response:
    """Show the start page: news, short cuts and the next shifts."""
    shifts = [(content.DAYS[shift.day], shift) for shift in content.SHIFTS[:3]]
    return show(request, "start", news=content.NEWS, shifts=shifts)


@ROUTES.get("/nyheter/{slug}")
async def news(request: web.Request) -> web.Response:
    """Show one item of news; 404 for one that is not there."""
    for item in content.NEWS:
        if item.slug == request.match_info["slug"]:
            others = [other for other in content.NEWS if other is not item]
            return show(request, "news", item=item, others=others)
    raise web.HTTPNotFound


@ROUTES.get("/mitt-securitas")
async def mine(request: web.Request) -> web.Response:
    """Show what is the employee's own: details, shifts, pay, documents."""
    return show(request, "mine")


@ROUTES.get("/mitt-securitas/vem-ar-jag")
async def who_am_i(request: web.Request) -> web.Response:
    """Show who the portal thinks is asking, and the fields it concludes that from."""
    return show(request, "who", fields=fields_shown(request))


@ROUTES.get("/schema")
async def schedule(request: web.Request) -> web.Response:
    """Show the shifts of a week: `ar` and `vecka` (ISO 8601), this week by default."""
    today = datetime.fromtimestamp(now(), UTC).date()
    try:
        monday = date.fromisocalendar(
            int(request.query.get("ar", today.isocalendar().year)),
            int(request.query.get("vecka", today.isocalendar().week)),
            1,
        )
        before, after = monday - timedelta(weeks=1), monday + timedelta(weeks=1)
    except (ValueError, OverflowError):
        raise web.HTTPNotFound from None
    days = [
        (name, monday + timedelta(n), [shift for shift in content.SHIFTS if shift.day == n])
        for n, name in enumerate(content.DAYS)
    ]
    weeks = [moment.isocalendar() for moment in (before, monday, after)]
    return show(request, "schedule", days=days, weeks=weeks, months=content.MONTHS)


@ROUTES.get("/lon")
async def pay(request: web.Request) -> web.Response:
    """Show the pay slips of a year (`ar`), or one of them (`manad`, 1 to 12)."""
    today = datetime.fromtimestamp(now(), UTC).date()
    try:
        year = int(request.query.get("ar", today.year))
        chosen = int(request.query["manad"]) if "manad" in request.query else None
    except ValueError:
        raise web.HTTPNotFound from None
    if chosen is not None and not 1 <= chosen <= len(content.MONTHS):
        raise web.HTTPNotFound
    return show(request, "pay", year=year, chosen=chosen, months=content.MONTHS)


@ROUTES.get("/dokument")
async def documents(request: web.Request) -> web.Response:
    """Show the documents whose title holds `sok`, of the kind `typ`."""
    words, kind = request.query.get("sok", "").strip(), request.query.get("typ", "")
    found = [
        document
        for document in content.DOCUMENTS
        if words.casefold() in document.title.casefold() and kind in {"", document.kind}
    ]
    return show(request, "documents", found=found, words=words, kind=kind, kinds=content.KINDS)


@ROUTES.get("/hjalp")
async def handbook(request: web.Request) -> web.Response:
    """Show the handbook with its frequently asked questions."""
    return show(request, "help", answers=content.ANSWERS)
