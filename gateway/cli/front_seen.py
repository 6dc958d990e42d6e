"""What the gateway knew of a call of ours: who passed it on, whom it took us for, what it read.

Values only. The call wrote an address into X-Forwarded-For that nobody has (`Call.forged`): who
believes it would believe anybody.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, Final

from gateway.cli.findings import Finding, ok, problem, warning
from gateway.settings.addresses import is_loopback
from gateway.settings.model import Settings
from policies.factors import CORPORATE

_PART: Final = "trusted_proxies"
_OURSELVES: Final = (
    "right on the proxy's own machine, and nowhere else; --from ADDRESS, or a call from another "
    "machine, shows what visitors see"
)


@dataclass(frozen=True, slots=True)
class Call:
    """A call of public_url: what was asked for, what was forged, our own end of the connection."""

    path: str
    forged: str
    own: str


@dataclass(frozen=True, slots=True)
class Site:
    """What gateway.toml says of the way to it.

    `behind`: something in front must end TLS. `tls`: we do. `header`: PROXY headers are expected.
    `trusts`: somebody is in trusted_proxies. `direct`: public_url's port is one that we listen at.
    """

    behind: bool
    tls: bool
    header: bool
    trusts: bool
    direct: bool


@dataclass(frozen=True, slots=True)
class Seen:
    """A call as the gateway saw it: the ends of connections from its own on, then the client.

    `unread` are the entries of X-Forwarded-For that nobody trusted vouches for, from the right.
    """

    hops: tuple[str, ...]
    last_text: str
    last_trusted: bool
    client: str
    network: str
    unread: tuple[str, ...]
    path: str


def site_of(settings: Settings) -> Site:
    """Return what gateway.toml says of the way from public_url to us."""
    url, listen = settings.public_url, settings.listen
    return Site(
        behind=url.is_https and listen.tls is None,
        tls=listen.tls is not None,
        header=listen.proxy_protocol,
        trusts=bool(listen.trusted_proxies),
        direct=url.port in {address.port for address in listen.address},
    )


def seen_of(told: Mapping[str, Any]) -> Seen:
    """Return what the record of a refusal (`portvakt explain REF`) tells of a call."""
    client, hops = told["client"], told["client"]["hops"]
    return Seen(
        hops=tuple(hop["address"] for hop in hops),
        last_text=hops[-1]["text"],
        last_trusted=hops[-1]["role"] == "trusted-proxy",
        client=client["address"],
        network=client["network"],
        unread=tuple(client["not_believed"]),
        path=told["request"]["target"],
    )


def judge_seen(seen: Seen, call: Call, site: Site) -> list[Finding]:
    """Return whom the gateway took us for, whether that is right, and what became of the path."""
    way = [hop for hop in seen.hops if hop not in {seen.client, ""}]
    by = f", by way of {', '.join(reversed(way))}" if way else ""
    whom = f"{seen.client or 'nobody knows whom'} ({seen.network}){by}"
    return [ok("client", f"this call was taken to come from {whom}"), _trust(seen, call, site)] + (
        [] if seen.path == call.path else [_rewritten(seen, call)]
    )


def _trust(seen: Seen, call: Call, site: Site) -> Finding:
    if seen.client == call.forged:
        return _forged(seen, call, site)
    if len(seen.hops) == 1 and not seen.last_trusted:
        return _untrusted(seen, call, site)
    if not seen.client:
        return _unknown(seen, call)
    others = [entry for entry in seen.unread if entry != call.forged]
    if others:
        return problem(
            _PART,
            f"{seen.client} passes requests of others on ({others[0]}) and is not trusted: all of "
            f"them seem to come from it{_danger(seen)}",
            "write its address too, if that proxy is yours",
        )
    return ok(_PART, f"{seen.hops[0]} is trusted and says who calls")


def _forged(seen: Seen, call: Call, site: Site) -> Finding:
    teller = seen.hops[-2]
    if teller == call.own and (len(seen.hops) > 2 or site.direct or site.header):  # noqa: PLR2004
        found = f"this machine ({teller}) is trusted itself: what it writes of others is believed"
        return warning(_PART, found, _OURSELVES)
    return problem(
        _PART,
        f"{teller} passes on what a client writes into X-Forwarded-For: everybody can choose where "
        "to come from",
        "let it write the field anew, or its caller's address at the right end (deploy/)",
    )


def _untrusted(seen: Seen, call: Call, site: Site) -> Finding:
    peer = seen.client
    if not peer:
        return problem(
            _PART,
            "the PROXY header names nobody: everybody is unknown, as from the internet",
            "let the proxy in front send its caller's address (PROXY, not LOCAL or UNKNOWN)",
        )
    if _is_proxy(seen, call, site):
        known = "its address into trusted_proxies, if that proxy is yours"
        return problem(
            _PART,
            f"{peer} passes requests on and is not trusted: everybody seems to come from it"
            f"{_danger(seen)}",
            f"let it send a PROXY header, and write proxy_protocol = true and {known}"
            if site.tls
            else f"write {known}",
        )
    if site.trusts and not site.header and peer == call.own:
        found = "public_url leads here without a proxy, though trusted_proxies names one"
        return warning(_PART, found, "ask from where visitors come from, or take the proxy out")
    return ok(_PART, "nobody in between that needs to be trusted")


def _is_proxy(seen: Seen, call: Call, site: Site) -> bool:
    """Return whether something passes requests on: it ended TLS, or touched what we wrote."""
    is_touched = seen.unread != (call.forged,)
    is_local = is_loopback(seen.client) and call.own not in {"", seen.client}
    return site.behind or is_touched or is_local


def _unknown(seen: Seen, call: Call) -> Finding:
    last = seen.hops[-1]
    unknown = "everybody is unknown, as from the internet"
    if not last and not seen.last_text:
        return problem(
            _PART,
            f"{seen.hops[0]} is trusted and does not say who calls: {unknown}",
            "let it write X-Forwarded-For, with its caller's address at the right end (deploy/)",
        )
    if not last:
        return problem(
            _PART,
            f"X-Forwarded-For says {seen.last_text!r}, which is no address: {unknown}",
            "let the proxy in front write the bare address, without a port, a name or brackets",
        )
    if last == call.own:
        found = f"this machine ({last}) is trusted itself: whom else the proxy names is not seen"
        return warning(_PART, found, _OURSELVES)
    return problem(
        _PART,
        f"{last}, who called, is in trusted_proxies itself: such callers are unknown, as from the "
        "internet, and may claim any address",
        "write the proxies' own addresses only",
    )


def _rewritten(seen: Seen, call: Call) -> Finding:
    return warning(
        "path",
        f"{call.path} arrives as {seen.path}: something in front rewrites paths",
        "let it send them on as they come (nginx: no path behind the port of proxy_pass)",
    )


def _danger(seen: Seen) -> str:
    inside = seen.network == CORPORATE
    return f". It is in {CORPORATE}: nobody outside is asked for a code" if inside else ""
