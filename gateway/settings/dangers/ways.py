"""Dangers on the way to us and from us: plain text, listeners, proxies, ways to a phone."""

from __future__ import annotations

import ipaddress
from collections.abc import Iterator
from typing import Final
from urllib.parse import urlsplit

from gateway.settings.addresses import is_loopback
from gateway.settings.dangers.finding import Finding, is_local
from gateway.settings.model import Listen, Settings
from gateway.settings.phones import HttpSms, OutboxSms, SmppSms, SmtpSms, SmtpTls, Way
from gateway.settings.postgres_url import parse_postgres_url
from gateway.settings.problems import show
from policies.factors import CORPORATE, SecondFactor
from policies.networks import Network, NetworkTable, parse_network

_BROAD: Final = {4: 16, 6: 48}


def plain_text(settings: Settings) -> Iterator[Finding]:
    """Passwords and codes that travel unencrypted."""
    if not settings.public_url.is_https and not is_local(settings):
        found = f"{show(settings.public_url.origin)}: passwords travel unencrypted"
        yield Finding(("public_url",), found, "https://…")
    for index, address in enumerate(settings.listen.address):
        if settings.listen.tls is None and _is_public(address.host):
            found = f"{show(address.host)}, a public address, without TLS: passwords can be read"
            expected = "tls beside it, or an address that only the proxy in front reaches"
            yield Finding(("listen", "address", index), found, expected)
    database = settings.directory.url.reveal()
    if database.startswith("postgres"):
        url = parse_postgres_url(database)
        if not url.is_verified:
            found = f"sslmode={url.sslmode}: whoever is in between can be the database"
            yield Finding(("directory", "url"), found, "sslmode=verify-full, or none at all")
    for index, way in enumerate(settings.sms):
        key, expected = _clear_way(way)
        if key:
            found = "codes and numbers travel unencrypted"
            yield Finding(("sms", index, key), found, expected)
    if _leaves_in_clear(settings.telemetry.traces or ""):
        found = "routes, addresses of upstreams and a token of the collector travel unencrypted"
        expected = "https://…, or a collector of this machine that passes traces on"
        yield Finding(("telemetry", "traces"), found, expected)


def _clear_way(way: Way) -> tuple[str, str]:
    """Return the key by which a way to a phone is in clear text, and what to write; ("", "")."""
    match way:
        case HttpSms():
            if _leaves_in_clear(way.url):
                return "url", "https://…"
        case SmtpSms():
            if way.tls is SmtpTls.NONE and not is_loopback(way.host):
                return "tls", '"starttls" or "tls"'
        case SmppSms():
            if not way.tls and not is_loopback(way.host):
                return "tls", '"tls", or a tunnel to a loopback address'
        case OutboxSms():
            pass
    return "", ""


def _leaves_in_clear(called: str) -> bool:
    """Return whether what is sent to a URL can be read on its way to another machine."""
    url = urlsplit(called)
    return url.scheme == "http" and not is_loopback(url.hostname or "")


def listeners(settings: Settings) -> Iterator[Finding]:
    """Who can reach what, and whose word is taken."""
    if not is_loopback(settings.admin.host):
        found = f"{show(settings.admin.host)}: metrics and health are open to the network"
        expected = "a loopback address, or close the port to strangers"
        yield Finding(("admin", "address"), found, expected)
    in_front = _in_front(settings)
    if in_front and not settings.listen.trusted_proxies:
        found = f"no trusted proxy, though {in_front}"
        expected = (
            "that proxy's network: else every visitor has its address, and "
            f"{_judged_by_address(settings)} go by that"
        )
        yield Finding(("listen", "trusted_proxies"), found, expected)
    inside = _corporate_ranges(settings)
    for index, text in enumerate(settings.listen.trusted_proxies):
        network = parse_network(text)
        held = next((one.text for one in inside if _holds(network, one)), None)
        if network.prefix < _BROAD[network.version]:
            found = f"{show(text)}: each machine in it may claim any address"
        elif held is not None:
            found = f"{show(text)}, all of corporate's {held}: each employee may claim any address"
        else:
            continue
        expected = "the proxies' own addresses only"
        yield Finding(("listen", "trusted_proxies", index), found, expected)


def proxies(settings: Settings) -> Iterator[Finding]:
    """Proxies in front whose way of telling who calls does not fit where TLS ends."""
    listen, path = settings.listen, ("listen", "trusted_proxies")
    if listen.tls is not None and listen.trusted_proxies and not listen.proxy_protocol:
        found = "TLS ends here: a proxy that passes it on cannot say who calls, but each client can"
        expected = "proxy_protocol = true beside it, unless the proxy opens TLS anew"
        yield Finding(path, found, expected, is_hint=True)
    if listen.proxy_protocol and listen.tls is None and settings.public_url.is_https:
        found = "one PROXY header a connection, on which a proxy that ends TLS may send many people"
        expected = "false, and X-Forwarded-For from that proxy, unless it shares no connections"
        yield Finding(("listen", "proxy_protocol"), found, expected, is_hint=True)
    trusts_here_only = listen.trusted_proxies and all(
        is_loopback(text.partition("/")[0]) for text in listen.trusted_proxies
    )
    for index, address in enumerate(listen.address):
        if trusts_here_only and listen.tls is None and not is_loopback(address.host):
            found = f"{show(address.host)}, without TLS: others than the proxy here can connect"
            yield Finding(("listen", "address", index), found, f'"127.0.0.1:{address.port}"')


def loopback_is_corporate(settings: Settings) -> Iterator[Finding]:
    """Visitors whom a proxy on this machine would make corporate."""
    table = NetworkTable.compile(dict(settings.networks))
    inside = [name for name in ("127.0.0.1", "::1") if table.name_of(name) == CORPORATE]
    if inside and not is_local(settings):
        found = f"this machine ({inside[0]}): what a local proxy sends may pass as corporate"
        yield Finding(("networks", CORPORATE), found, "networks of people only")


def phones(settings: Settings) -> Iterator[Finding]:
    """Codes that reach nobody, or too many."""
    if not settings.sms:
        found = "no way to a phone: nobody outside corporate can log on"
        yield Finding(("sms",), found, 'a [[sms]] with kind = "http"')
    for index, way in enumerate(settings.sms):
        if isinstance(way, OutboxSms) and not is_local(settings):
            found = '"outbox": codes are written to a file and reach no phone'
            yield Finding(("sms", index, "kind"), found, '"http"')
    yield from _countries(settings)


def _countries(settings: Settings) -> Iterator[Finding]:
    """Numbers that no way is for."""
    served = [country for way in settings.sms for country in way.countries]
    if not settings.sms or not all(way.countries for way in settings.sms):
        return
    home = settings.self_service.region
    path, expected = ("sms", 0, "countries"), "one [[sms]] without countries, behind the others"
    if home not in served:
        found = f"no [[sms]] is for numbers of {home}, the region of [self_service]"
        yield Finding(path, found, expected)
    else:
        found = f"numbers of other countries than {', '.join(dict.fromkeys(served))} get no code"
        yield Finding(path, found, expected, is_hint=True)


def _in_front(settings: Settings) -> str:
    """Return how we know that something stands between browsers and us; "" when nothing says so."""
    listen, url = settings.listen, settings.public_url
    if url.is_https and listen.tls is None:
        return "something in front must end TLS"
    if is_local(settings):
        return ""
    if all(is_loopback(address.host) for address in listen.address):
        return "only this machine can reach listen.address: something in front passes requests on"
    ports = {address.port for address in listen.address}
    if _is_hidden(listen) and url.port not in ports:
        return f"browsers call port {url.port} and listen.address has another: something is between"
    return ""


def _judged_by_address(settings: Settings) -> str:
    usual = SecondFactor.OUTSIDE_CORPORATE
    by_factor = any(route.second_factor is usual and not route.public for route in settings.routes)
    by_network = any(route.networks for route in settings.routes)
    asked = (("second_factor", by_factor), ("networks", by_network), ("first_logon", True))
    return ", ".join(key for key, is_used in asked if is_used) + " and locks"


def _corporate_ranges(settings: Settings) -> list[Network]:
    texts = dict(settings.networks).get(CORPORATE, ())
    return [parse_network(text) for text in texts if not text.startswith("!")]


def _holds(outer: Network, inner: Network) -> bool:
    same = outer.version == inner.version
    return same and outer.first <= inner.first and inner.last <= outer.last


def _is_hidden(listen: Listen) -> bool:
    """Whether no address of ours can be called from the internet."""
    addresses = [_address(address.host) for address in listen.address]
    return all(one.is_private and not one.is_unspecified for one in addresses)


def _is_public(host: str) -> bool:
    return not is_loopback(host) and _address(host).is_global


def _address(host: str) -> ipaddress.IPv4Address | ipaddress.IPv6Address:
    return ipaddress.ip_address("127.0.0.1" if host == "localhost" else host)
