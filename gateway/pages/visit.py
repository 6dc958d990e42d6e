"""What one request to a page says, read once: who asks, from where, with which cookies.

The front door wrote the `X-Gateway-*` fields; nobody else can reach the private socket. Reading
never fails: what is missing or odd counts as absent, and an unknown network is the internet.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Final

from gateway.auth.model import Client
from gateway.pages.cookies import read_cookie
from gateway.pages.form_tokens import MARK_BYTES, is_mark
from gateway.pages.look import Look
from gateway.pages.services import PageServices, Snapshot
from gateway.texts.catalog import Words
from policies.access import same_origin
from policies.devices import describe
from policies.factors import SecondFactor
from policies.languages import language_of
from policies.return_paths import carried, safe_return_path

_ELSEWHERE: Final = "internet"


@dataclass(frozen=True, slots=True)
class Visit:
    """One request, under one configuration. Cookie values are None when absent.

    `host` is the canonical host, `here` the origin of pages on it. `address` is the path of the
    page that answers, as a query carries it: where a form was posted, its page is got. `asked` and
    `trail` are "" when absent.
    """

    services: PageServices
    client: Client
    host: str
    here: str
    address: str
    session: str | None
    challenge: str | None
    errand: str | None
    asked: str
    trail: str
    mark: str
    mark_is_new: bool

    @property
    def snapshot(self) -> Snapshot:
        """The compiled configuration."""
        return self.services.snapshot

    @property
    def look(self) -> Look:
        """What the answer looks like."""
        return self.services.look

    @property
    def https(self) -> bool:
        """Whether browsers reach us by https."""
        return self.snapshot.settings.public_url.is_https

    @property
    def origins(self) -> frozenset[str]:
        """The origins whose forms are ours: the public URL's, and this host's own."""
        return self.snapshot.own_origins | {self.here}

    @property
    def language(self) -> str:
        """The language of the answer."""
        return self.client.language

    @property
    def has_apps(self) -> bool:
        """Whether any system has a title, for whomever."""
        return any(route.title is not None for route in self.snapshot.settings.routes)

    @property
    def words(self) -> Words:
        """The words of the answer's language."""
        return self.look.words(self.language)

    @property
    def region(self) -> str:
        """Where a mobile number without a country code belongs (ISO 3166-1)."""
        return self.snapshot.settings.self_service.region

    def way_back(self, fields: Mapping[str, str]) -> str:
        """Return where `next` of a form or query leads: always a path on our origin."""
        return safe_return_path(fields.get("next", ""), self.snapshot.own_origins)

    def second_factor(self, target: str) -> SecondFactor:
        """Return what the route of a return path asks for."""
        route = self.snapshot.routes.route_for(self.host.encode(), target.encode())
        return SecondFactor.OUTSIDE_CORPORATE if route is None else route.second_factor


def chosen_language(cookies: str, accept_language: str, snapshot: Snapshot) -> str:
    """Return the language that the values of Cookie and Accept-Language ask for."""
    remembered = read_cookie(cookies, snapshot.cookies.language)
    return language_of(remembered, accept_language, snapshot.settings.branding.default_language)


def read_visit(target: str, headers: Mapping[str, str], services: PageServices) -> Visit:
    """Return what the request's target and fields say; a browser without a mark gets a new one."""
    snapshot = services.snapshot
    cookies = headers.get("Cookie", "")
    mark = read_cookie(cookies, snapshot.cookies.form)
    known = mark if mark is not None and is_mark(mark) else None
    return Visit(
        services=services,
        client=Client(
            address=headers.get("X-Gateway-Client", ""),
            network=headers.get("X-Gateway-Network", "") or _ELSEWHERE,
            request_id=headers.get("X-Gateway-Request-Id", ""),
            language=chosen_language(cookies, headers.get("Accept-Language", ""), snapshot),
            device=describe(headers.get("User-Agent", "")),
            known=read_cookie(cookies, snapshot.cookies.known) or "",
        ),
        host=headers.get("X-Gateway-Host", ""),
        here=same_origin(snapshot.settings.public_url.scheme, headers.get("Host", "")),
        address=carried(target.encode("utf-8", "surrogateescape")),
        session=read_cookie(cookies, snapshot.cookies.session),
        challenge=read_cookie(cookies, snapshot.cookies.challenge),
        errand=read_cookie(cookies, snapshot.cookies.errand),
        asked=read_cookie(cookies, snapshot.cookies.asked) or "",
        trail=read_cookie(cookies, snapshot.cookies.trail) or "",
        mark=known or services.entropy.token(MARK_BYTES).hex(),
        mark_is_new=known is None,
    )
