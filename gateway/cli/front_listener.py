"""The gateway called at its own address, around whatever is in front: whose fault it is.

Asked only when public_url leads nowhere or elsewhere.
"""

from __future__ import annotations

import ipaddress
import ssl
from dataclasses import replace
from typing import Final

import httptools

from gateway.cli.findings import Finding, problem, warning
from gateway.cli.front_call import Reached, ask
from gateway.settings.model import HostPort, Listen, Settings
from policies.fields import own_cookies
from policies.networks import AddressSet

_PART: Final = "listen"
_LOGON: Final = "/.gateway/logon"


async def look_at_listener(settings: Settings) -> Finding:
    """Return whether the gateway answers where [listen] says, and how it wants to be called."""
    listen = settings.listen
    trusted = AddressSet.compile(listen.trusted_proxies)
    way = Reached(
        settings.public_url,
        None if listen.tls is None else _any_certificate(),
        header=lambda own: listen.proxy_protocol and trusted.contains(own),
    )
    failures = []
    for address in listen.address:
        there = _reachable(address)
        place = f"{there.host}:{there.port}"
        try:
            reply = await ask(replace(way, at=there), "GET", _LOGON, [("Accept", "text/html")])
        except (OSError, TimeoutError, httptools.HttpParserError) as error:
            failures.append(f"{place}: {str(error) or type(error).__name__}")
            continue
        form = own_cookies(https=settings.public_url.is_https).form
        if any(line.startswith(f"{form}=") for line in reply.values("set-cookie")):
            found = f"the gateway itself answers at {place}: what is in front does not get through"
            return warning(_PART, found, _how(listen))
        failures.append(f"{place}: status {reply.status}, not as this gateway.toml would")
    return problem(
        _PART,
        f"the gateway itself does not answer either ({'; '.join(failures)})",
        "start it with this gateway.toml, and look at its log",
    )


def _how(listen: Listen) -> str:
    """Return how a proxy is to call, which is what it may do otherwise."""
    means = "TLS, passed on or opened anew" if listen.tls is not None else "plain HTTP"
    if listen.proxy_protocol:
        return (
            f"it wants {means} after a PROXY header (proxy_protocol = true): let the proxy send "
            "one, from an address in trusted_proxies"
        )
    return f"it wants {means}, without a PROXY header (proxy_protocol = false)"


def _any_certificate() -> ssl.SSLContext:
    """Return TLS that looks at no certificate: it is judged where browsers see it."""
    context = ssl.create_default_context()
    context.check_hostname, context.verify_mode = False, ssl.CERT_NONE
    return context


def _reachable(address: HostPort) -> HostPort:
    """Return where an address of ours can be called: loopback for "any address"."""
    if address.host == "localhost" or not ipaddress.ip_address(address.host).is_unspecified:
        return address
    return HostPort("::1" if ":" in address.host else "127.0.0.1", address.port)
