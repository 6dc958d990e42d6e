"""What every page does alike: judge a posted form, show a template, send the browser on."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any, Final
from urllib.parse import quote, urlencode

from aiohttp import web

from gateway.auth.model import SessionRecord
from gateway.auth.ports import AuditEvent
from gateway.pages.cookies import set_cookie
from gateway.pages.form_tokens import FormTokens
from gateway.pages.forms import TOKEN_FIELD, FormRefused, is_cross_site, read_form
from gateway.pages.services import PageServices
from gateway.pages.visit import Visit, read_visit
from policies.answer_fields import NO_STORE, page_fields
from policies.return_paths import START

LOGON: Final = "/.gateway/logon"
OTP: Final = "/.gateway/otp"
RESEND: Final = "/.gateway/otp/resend"
LOGOUT: Final = "/.gateway/logout"
HELP: Final = "/.gateway/help"
LANGUAGE: Final = "/.gateway/language"
ACCOUNT: Final = "/.gateway/account"
NUMBER: Final = "/.gateway/account/number"
OWN_SESSIONS: Final = "/.gateway/account/sessions"
PROOF: Final = "/.gateway/account/code"
PROOF_RESEND: Final = "/.gateway/account/resend"
RESET: Final = "/.gateway/reset"
RESET_CODE: Final = "/.gateway/reset/code"
RESET_PASSWORD: Final = "/.gateway/reset/password"  # noqa: S105 - an address
_TOLD_OF: Final = frozenset({401, 403, 429})
"""Statuses of pages that carry a reference, for `portvakt explain`."""
_ON_A_SESSION: Final = frozenset({RESEND, LOGOUT, ACCOUNT, OWN_SESSIONS, PROOF, PROOF_RESEND})


def link(page: str, way_back: str = START, **fields: str) -> str:
    """Return the address of one of our pages that carries the way back."""
    query = {"next": way_back} if way_back != START else {}
    query |= fields
    return f"{page}?{urlencode(query, quote_via=quote, safe='/')}" if query else page


class Desk:
    """The shared part of the pages. One for the application; holds no state of a request."""

    def __init__(self, current: Callable[[], PageServices]) -> None:
        self._current = current
        self._tokens = FormTokens(current().secret)

    def visit(self, request: web.Request) -> Visit:
        """Return what the request says, under the configuration of this moment."""
        return read_visit(request.raw_path, request.headers, self._current())

    async def who(self, visit: Visit) -> SessionRecord | None:
        """Return the live session of the visit, or None. Raises Unavailable."""
        return None if visit.session is None else await visit.services.who(visit.session)

    async def posted(self, request: web.Request, visit: Visit, page: str) -> dict[str, str]:
        """Return the fields of a form that this browser got from us, posted to `page`.

        Raises FormRefused for a forged or stale one, else as `read_form`; either is audited.
        """
        if is_cross_site(request.headers, visit.origins):
            self.deny(visit, page, "cross-site")
            raise FormRefused(page)
        try:
            fields = await read_form(request)
        except web.HTTPException:
            self.deny(visit, page, "unreadable-form")
            raise
        genuine = not visit.mark_is_new and self._tokens.is_valid(
            fields.get(TOKEN_FIELD, ""),
            visit.mark,
            _acts_on(visit, page),
            page,
            visit.services.clock.now(),
        )
        if not genuine:
            self.deny(visit, page, "stale-form")
            raise FormRefused(link(page, visit.way_back(fields)), without_mark=visit.mark_is_new)
        return fields

    def deny(self, visit: Visit, page: str, reason: str) -> None:
        """Write down that a post to `page` was turned away before anything was judged.

        Raises Unavailable when it cannot be kept.
        """
        client = visit.client
        visit.services.audit.write(
            AuditEvent(
                event="access.denied",
                client=client.address,
                network=client.network,
                outcome="denied",
                route=page,
                reason=reason,
                ref=client.request_id,
                request_id=client.request_id,
            )
        )

    def show(
        self, visit: Visit, template: str, values: dict[str, Any], status: int = 200
    ) -> web.Response:
        """Return a page; a browser without a mark is given one with it."""
        text = visit.look.render(
            template,
            visit.language,
            {
                "here": visit.address,
                "logged_on": visit.session is not None,
                "has_apps": visit.has_apps,
                "reference": visit.client.request_id if status in _TOLD_OF else "",
                "token": lambda page: self._token(visit, page),
                "link": link,
                **values,
            },
        )
        response = web.Response(
            body=text.encode(), status=status, headers=dict(page_fields(https=visit.https))
        )
        response.headers["Content-Language"] = visit.language
        if visit.mark_is_new:
            cookie = visit.snapshot.cookies.form
            set_cookie(response, cookie, visit.mark, https=visit.https)
        return response

    def onward(self, location: str) -> web.Response:
        """Return 303 See Other to a path of ours."""
        return web.Response(status=303, headers=dict((("Location", location), NO_STORE)))

    def _token(self, visit: Visit, page: str) -> str:
        return self._tokens.issue(
            visit.mark, _acts_on(visit, page), page, visit.services.clock.now()
        )


def _acts_on(visit: Visit, page: str) -> str:
    """Return the session a form is bound to.

    Those of logon, code and reset act on none: they stay good in other tabs after a logon in one.
    """
    return (visit.session or "") if page in _ON_A_SESSION else ""


def wait_field(response: web.Response, seconds: int) -> web.Response:
    """Add Retry-After (RFC 9110 section 10.2.3) and return the response."""
    response.headers["Retry-After"] = str(max(seconds, 1))
    return response
