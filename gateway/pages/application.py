"""The aiohttp application of all pages, and the one place where surprises become answers."""

from __future__ import annotations

import logging
from collections.abc import Callable
from typing import Final

from aiohttp import web
from aiohttp.typedefs import Handler, Middleware

from gateway.auth.ports import Unavailable
from gateway.pages.account import AccountPage
from gateway.pages.apps import AppsPage
from gateway.pages.cookies import set_cookie
from gateway.pages.desk import Desk
from gateway.pages.files import FilesPage
from gateway.pages.forms import MAX_BODY, FormRefused
from gateway.pages.help import HelpPage
from gateway.pages.interfaces import Interfaces
from gateway.pages.language import LanguagePage
from gateway.pages.logon import LogonPage
from gateway.pages.logout import LogoutPage
from gateway.pages.loop import stop_at_form
from gateway.pages.otp import OtpPage
from gateway.pages.own_sessions import OwnSessionsPage
from gateway.pages.proof import ProofPage
from gateway.pages.receipts import ReceiptsPage
from gateway.pages.reset import ResetPage
from gateway.pages.services import PageServices
from gateway.pages.tracing import following
from gateway.pages.trails import TRIED, tried
from gateway.pages.trickle import TricklePage
from gateway.pages.turns import in_turn
from gateway.pages.visit import Visit
from gateway.tasks import told_of
from policies.answer_fields import NO_STORE, page_fields, security_fields

_log: Final = logging.getLogger("portvakt.pages")
_RETRY_AFTER_S: Final = 5
_PAGES: Final = (
    LogonPage,
    OtpPage,
    LogoutPage,
    AppsPage,
    HelpPage,
    LanguagePage,
    AccountPage,
    OwnSessionsPage,
    ProofPage,
    ResetPage,
    ReceiptsPage,
    TricklePage,
    Interfaces,
    FilesPage,
)


def make_pages(current: Callable[[], PageServices]) -> web.Application:
    """Return the application: run it on the private unix socket, behind the front door.

    `current` returns what a request that begins now is served with.
    """
    desk = Desk(current)
    app = web.Application(
        client_max_size=MAX_BODY,
        middlewares=[in_turn(), following(current), _answering_surprises(desk)],
    )
    for kind in _PAGES:
        app.router.add_routes(kind(desk).routes())

    async def complete(_: web.Request, response: web.StreamResponse) -> None:
        """Put the security fields on every answer, whoever made it; say nothing of versions."""
        https = current().snapshot.settings.public_url.is_https
        for name, value in (*security_fields(https=https), NO_STORE):
            response.headers.setdefault(name, value)
        response.headers.popall("Server", None)

    app.on_response_prepare.append(complete)
    return app


def _answering_surprises(desk: Desk) -> Middleware:
    """Return the middleware that turns every exception into a page. No cookie is ever cleared."""

    @web.middleware
    async def answer(request: web.Request, handler: Handler) -> web.StreamResponse:
        try:
            return await handler(request)
        except FormRefused as refused:
            return _form_refused(desk, request, refused)
        except Unavailable as unavailable:
            _log.warning("%s is unavailable", unavailable.what)
            return _error(desk.visit(request), 503, retry_after=_RETRY_AFTER_S)
        except web.HTTPException as problem:
            response = _error(desk.visit(request), problem.status)
            if "Allow" in problem.headers:  # RFC 9110 section 15.5.6
                response.headers["Allow"] = problem.headers["Allow"]
            return response
        except Exception as crash:  # noqa: BLE001 - the last resort of this edge (ASVS 16.5.4)
            _log.error("a page crashed: %s", told_of(crash))
            return _error(desk.visit(request), 500)

    return answer


def _error(visit: Visit, status: int, *, retry_after: int | None = None) -> web.Response:
    body = visit.look.errors.render(
        status,
        language=visit.language,
        reference=visit.client.request_id,
        here=visit.address,
        reason=None,
        retry_after=retry_after,
    )
    response = _html(visit, body, status)
    if retry_after is not None:
        response.headers["Retry-After"] = str(retry_after)
    return response


def _form_refused(desk: Desk, request: web.Request, refused: FormRefused) -> web.Response:
    """Say why when that can be told; else give the browser a mark, and see whether it keeps it."""
    visit = desk.visit(request)
    stopped = stop_at_form(desk, request, visit, refused.again)
    if stopped is not None:
        return stopped
    again = refused.again
    if refused.without_mark:
        again += ("&" if "?" in again else "?") + f"{TRIED}={_tried(visit)}"
    body = visit.look.errors.form_refused(
        language=visit.language,
        reference=visit.client.request_id,
        here=visit.address,
        again=again,
    )
    response = _html(visit, body, 403)
    if refused.without_mark:
        set_cookie(response, visit.snapshot.cookies.form, visit.mark, https=visit.https)
    return response


def _tried(visit: Visit) -> str:
    return tried(visit.services.clock.now(), visit.services.secret)


def _html(visit: Visit, body: bytes, status: int) -> web.Response:
    response = web.Response(body=body, status=status, headers=dict(page_fields(https=visit.https)))
    response.headers["Content-Language"] = visit.language
    return response
