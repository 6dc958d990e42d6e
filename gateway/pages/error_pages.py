"""Calm pages for what went wrong, for the pages themselves and for the front door.

Pure rendering: a page is rendered once for its status, language and reason, and kept; reference,
wait and its own address are filled in, so an attack that provokes errors does not cost a template
each.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Final, NamedTuple

from markupsafe import escape

from gateway.pages.templating import Templates
from gateway.pages.texts import duration
from gateway.settings.model import PublicUrl
from gateway.texts.catalog import N_, Texts
from policies.answer_fields import page_fields
from policies.decision import Reason

_ALONE: Final = "unknown_host.html"
_REFERENCE: Final = "\ue000"
_WAIT: Final = "\ue001"
_HERE: Final = "\ue002"
"""Private-use characters stand where something is filled in; no text of ours holds them."""


class Words(NamedTuple):
    """What an error page says: heading, explanation, and whether trying again may help."""

    title: str
    text: str
    again: bool = False


_BY_STATUS: Final = {
    400: Words(
        N_("We did not understand that"),
        N_("Your browser sent something that we could not read. Go back and try once more."),
    ),
    403: Words(
        N_("You do not have access to this"),
        N_("This page is not open to you. If you need it in your work, ask the support."),
    ),
    404: Words(
        N_("There is no such page"),
        N_("The address may be misspelt, or the page may have moved."),
    ),
    405: Words(
        N_("That cannot be done here"),
        N_("This address does not take that kind of request. Go back and try once more."),
    ),
    408: Words(
        N_("That took too long"),
        N_("Your request did not arrive in time. The connection may be slow right now."),
        again=True,
    ),
    413: Words(
        N_("That is too large"),
        N_("What you tried to send is larger than we may take. Make it smaller and try again."),
    ),
    414: Words(
        N_("The address is too long"),
        N_("Open the page from its menu or from the start page instead."),
    ),
    415: Words(
        N_("We did not understand that"),
        N_("The form came in a way that we do not read. Open the page again and try once more."),
    ),
    429: Words(
        N_("Please wait a moment"),
        N_("There have been too many tries in a short time."),
        again=True,
    ),
    431: Words(
        N_("Your browser sent too much"),
        N_("Clear the cookies of this site in your browser and try again."),
    ),
    500: Words(
        N_("Something went wrong"),
        N_("The fault is ours, and it has been noted. Try again in a moment."),
        again=True,
    ),
    502: Words(
        N_("The system gave no proper answer"),
        N_("You have done nothing wrong. Try again in a moment."),
        again=True,
    ),
    503: Words(
        N_("Not available right now"),
        N_("You have done nothing wrong, and you need not log on anew."),
        again=True,
    ),
    504: Words(
        N_("The system took too long to answer"),
        N_("You have done nothing wrong. Try again in a moment."),
        again=True,
    ),
}
"""Headings and explanations in words an employee understands."""

_BY_REASON: Final = {
    Reason.USER_NOT_LISTED: N_(
        "You are logged on, but your account is not among those that may open this page. "
        "If you need it in your work, ask the support."
    ),
    Reason.NETWORK_NOT_ALLOWED: N_(
        "This page cannot be opened from where you are. "
        "Try again from the network of your workplace, or ask the support."
    ),
    Reason.OUTSIDE_HOURS: N_(
        "This page is closed at this hour. Come back later, or ask the support when it is open."
    ),
    Reason.METHOD_NOT_ALLOWED: N_(
        "This page does not take what you tried to send or do. "
        "If you need to do so in your work, ask the support."
    ),
    Reason.SESSION_TOO_OLD: N_(
        "You logged on some time ago. For your safety this page asks you to log on again."
    ),
    Reason.SESSION_IDLE: N_(
        "You have been away for a while. For your safety this page asks you to log on again."
    ),
    Reason.GROUP_MISSING: N_(
        "You are logged on, but your account is in no group that may open this page. "
        "If you need it in your work, ask the support."
    ),
    Reason.AMBIGUOUS_PATH: N_(
        "The address can be read in more than one way, so we did not pass it on. "
        "Open the page from its menu or from the start page instead."
    ),
    Reason.UNKNOWN_HOST: N_("We do not know this address. Check how it is spelt."),
    Reason.ORIGIN_NOT_ALLOWED: N_(
        "Another site tried to open a connection here in your name. We refused it."
    ),
    Reason.CODE_NEEDED: N_(
        "This page needs a one-time password. Open it in your browser and follow the steps."
    ),
    Reason.NO_SESSION: N_("This page is for those who are logged on. Log on and try again."),
}

_FORM_REFUSED: Final = Words(
    N_("This form is no longer valid"),
    N_(
        "For your safety nothing was done. The page may have been open too long, or your browser "
        "keeps no cookies. Open it again and try once more."
    ),
)


class ErrorPages:
    """The error pages of one look."""

    def __init__(self, public_url: PublicUrl, texts: Texts, templates: Templates) -> None:
        self.fields: Final = page_fields(https=public_url.is_https)
        self._texts = texts
        self._templates = templates
        self._start = public_url.origin + "/"
        self._kept: dict[tuple[int, str, Reason | None, bool, bool], str] = {}

    def render(
        self,
        status: int,
        *,
        language: str,
        reference: str,
        here: str,
        reason: Reason | None,
        retry_after: int | None,
    ) -> bytes:
        """Return the page for an error status as UTF-8 HTML, to be sent with `fields`.

        A status that has no words of its own speaks as 400 or 500. `reference` is what the
        employee reads to the support; `retry_after` (seconds) adds when to try again; `here` is
        the page's own address, as a query carries it, for whoever switches the language.
        """
        words = _BY_STATUS.get(status) or _BY_STATUS[500 if status >= 500 else 400]  # noqa: PLR2004
        key = (status, language, reason, retry_after is not None, reference != "")
        page = self._kept.get(key)
        if page is None:
            if reason in _BY_REASON:
                words = words._replace(text=_BY_REASON[reason])
            again, wait = "" if words.again else None, None if retry_after is None else _WAIT
            values = {"again": again, "wait": wait, "reference": reference and _REFERENCE}
            values["here"] = _HERE
            if reason is Reason.UNKNOWN_HOST:
                page = self._page(words, language, values | {"start": self._start}, _ALONE)
            else:
                page = self._page(words, language, values)
            self._kept[key] = page
        if retry_after is not None:
            page = page.replace(_WAIT, duration(retry_after, self._texts.of(language)))
        page = page.replace(_HERE, escape(here))
        return page.replace(_REFERENCE, escape(reference)).encode("utf-8", "replace")

    def form_refused(self, *, language: str, reference: str, here: str, again: str) -> bytes:
        """Return the page for a forged or stale form; `again` is the page to start from."""
        values = {"again": again, "wait": None, "reference": reference, "here": here}
        page = self._page(_FORM_REFUSED, language, values)
        return page.encode("utf-8", "replace")

    def _page(
        self,
        words: Words,
        language: str,
        values: Mapping[str, str | None],
        template: str = "error.html",
    ) -> str:
        """Render; `values` are again (where to), wait (words or None), reference ("" for none)."""
        say = self._texts.of(language).gettext
        shown = {
            "logged_on": False,
            "title": say(words.title),
            "text": say(words.text),
            "start": "/",
            **values,
        }
        return self._templates.render(template, language, shown)
