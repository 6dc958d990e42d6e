"""The loop breaker: stops a browser that comes back to the logon again and again, and says why.

Counts what the browser itself carries (`gateway/pages/trails.py`), so that a good logon has no step
more and strangers cause no write. The page needs no cookie and no script.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Final, NamedTuple
from urllib.parse import urlsplit

from aiohttp import web

from gateway.auth.audit import note_done
from gateway.auth.model import SessionRecord
from gateway.pages.cookies import delete_cookie, read_cookie, set_cookie
from gateway.pages.desk import LOGON, Desk, link
from gateway.pages.trails import LIFETIME, TRIED, dump_trail, load_trail, was_tried
from gateway.pages.visit import Visit
from gateway.texts.catalog import N_
from policies.bounces import Cause, Signs, Trail, diagnose, evident
from policies.fields import own_cookie_values

_STATUS: Final = 403
_FRAMES: Final = frozenset({"iframe", "frame", "embed", "object"})


class Words(NamedTuple):
    """What the page says of a cause, and what to do about it."""

    text: str
    advice: str


_BY_CAUSE: Final = {
    Cause.HTTP: Words(
        N_("You came by http, but the logon is kept over https only."),
        N_("Open the page by https: its address begins with https://."),
    ),
    Cause.HOST: Words(
        N_("You came under another name than the one that the logon is kept for."),
        N_("Open the page under its own address."),
    ),
    Cause.FRAME: Words(
        N_("This page is shown inside a page of another site, and there no logon is kept."),
        N_("Open it in a window of its own."),
    ),
    Cause.COOKIES: Words(
        N_("Your browser does not keep the cookies of this site, and without them no logon lasts."),
        N_("Allow cookies for this site, or use another browser, and try again."),
    ),
    Cause.TWO_COOKIES: Words(
        N_("Your browser sends two logons at once, and we cannot know which one is yours."),
        N_("Clear the cookies of this site in your browser and try again."),
    ),
    Cause.CLOCK: Words(
        N_("A clock of ours is wrong, so your logon counts as over before it began."),
        N_("You have done nothing wrong. Tell the support, and try again later."),
    ),
    Cause.SESSION: Words(
        N_("Your browser keeps the logon, but the part of the system that answered knows none."),
        N_("You have done nothing wrong. Tell the support, and try again later."),
    ),
    Cause.PASSAGE: Words(
        N_("You are logged on, but the page that you want to open is not told so."),
        N_("You have done nothing wrong. Tell the support, and try again later."),
    ),
}
"""In words an employee understands; `portvakt doctor` speaks to operations."""


def remember(response: web.Response, visit: Visit, target: str) -> None:
    """Have the browser remember that the logon sends it to `target` now."""
    services = visit.services
    trail = _trail(visit, target).sent(target, services.clock.now())
    name, value = visit.snapshot.cookies.trail, dump_trail(trail, services.secret)
    set_cookie(response, name, value, https=visit.https, lifetime=LIFETIME)


def stop_at_logon(
    desk: Desk,
    request: web.Request,
    visit: Visit,
    session: SessionRecord | None,
    query: Mapping[str, str],
    target: str,
) -> web.Response | None:
    """Return the page for who comes to the logon and need not try again; None for all others."""
    now, secret = visit.services.clock.now(), visit.services.secret
    trail = _trail(visit, target)
    signs = _signs(request, visit, trail, is_live=session is not None)
    cause = evident(signs)
    if cause is None and trail.is_loop(target, now):
        cause = diagnose(signs)
    if cause is None and not signs.has_cookies and was_tried(query.get(TRIED, ""), now, secret):
        cause = Cause.COOKIES
    return None if cause is None else _stopped(desk, visit, cause, session, target)


def stop_at_form(desk: Desk, request: web.Request, visit: Visit, again: str) -> web.Response | None:
    """Return the page for a refused form when the request shows why; None where it does not."""
    cause = evident(_signs(request, visit, Trail(), is_live=False))
    return None if cause is None else _stopped(desk, visit, cause, None, again)


def _stopped(
    desk: Desk, visit: Visit, cause: Cause, session: SessionRecord | None, target: str
) -> web.Response:
    user = "" if session is None else session.user
    note_done(visit.services.audit, "logon.loop", visit.client, "stopped", user, cause.value)
    words = _BY_CAUSE[cause]
    again = target if target.startswith(LOGON) else link(LOGON, target)
    elsewhere = cause in {Cause.HTTP, Cause.HOST, Cause.FRAME}
    shown = {
        "text": visit.words.gettext(words.text),
        "advice": visit.words.gettext(words.advice),
        "own_window": cause is Cause.FRAME,
        "again": visit.snapshot.settings.public_url.origin + again if elsewhere else again,
        "cause": cause.value,
    }
    response = desk.show(visit, "loop.html", shown, _STATUS)
    delete_cookie(response, visit.snapshot.cookies.trail, https=visit.https)
    return response


def _trail(visit: Visit, target: str) -> Trail:
    return load_trail(visit.trail, target, visit.services.secret)


def _signs(request: web.Request, visit: Visit, trail: Trail, *, is_live: bool) -> Signs:
    headers, cookies = request.headers, visit.snapshot.cookies
    site = headers.get("Sec-Fetch-Site", "").lower()
    # Only a form's: a link from http to https tells nothing of how the logon is reached.
    page, referer = _parts(headers.get("Origin", "")), _parts(headers.get("Referer", ""))
    posted_by_us = referer.path.startswith(LOGON) and referer.netloc == page.netloc
    raw = headers.get("Cookie", "").encode("utf-8", "surrogateescape")
    return Signs(
        https=visit.https,
        asked=headers.get("Host", "").lower(),
        scheme=page.scheme,
        host=page.netloc.lower(),
        is_own_page=posted_by_us or site == "same-origin",
        in_foreign_frame=site == "cross-site" and headers.get("Sec-Fetch-Dest", "") in _FRAMES,
        has_cookies=any(read_cookie(headers.get("Cookie", ""), name) for name in cookies),
        sessions=len(list(own_cookie_values(raw, cookies.session.encode()))),
        is_live=is_live,
        clock_ran_back=trail.ran_back(visit.services.clock.now()),
    )


class _Parts(NamedTuple):
    scheme: str
    netloc: str
    path: str


def _parts(url: str) -> _Parts:
    """Return the parts of what a browser says of its page; nothing for what is no address."""
    try:
        found = urlsplit(url)
    except ValueError:
        return _Parts("", "", "")
    return _Parts(found.scheme, found.netloc, found.path)
