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
from gateway.pages.services import PageServices, Snapshot
from gateway.pages.texts import LANGUAGES
from policies.access import same_origin
from policies.devices import describe
from policies.factors import SecondFactor
from policies.languages import choose
from policies.return_paths import safe_return_path

_ELSEWHERE: Final = "internet"


@dataclass(frozen=True, slots=True)
class Visit:
    """One request, under one configuration. Cookie values are None when absent, `asked` is "".

    `host` is the canonical host, `here` the origin of pages on it.
    """

    services: PageServices
    client: Client
    host: str
    here: str
    session: str | None
    challenge: str | None
    errand: str | None
    asked: str
    mark: str
    mark_is_new: bool

    @property
    def snapshot(self) -> Snapshot:
        """The compiled configuration."""
        return self.services.snapshot

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


def read_visit(headers: Mapping[str, str], services: PageServices) -> Visit:
    """Return what the request fields say; a browser without a mark gets a new one."""
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
            language=choose(
                headers.get("Accept-Language", ""),
                LANGUAGES,
                snapshot.settings.branding.default_language,
            ),
            device=describe(headers.get("User-Agent", "")),
        ),
        host=headers.get("X-Gateway-Host", ""),
        here=same_origin(snapshot.settings.public_url.scheme, headers.get("Host", "")),
        session=read_cookie(cookies, snapshot.cookies.session),
        challenge=read_cookie(cookies, snapshot.cookies.challenge),
        errand=read_cookie(cookies, snapshot.cookies.errand),
        asked=read_cookie(cookies, snapshot.cookies.asked) or "",
        mark=known or services.entropy.token(MARK_BYTES).hex(),
        mark_is_new=known is None,
    )
