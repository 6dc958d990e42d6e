"""Everything a request needs of the configuration, compiled once a reload for the front door.

A request takes one `Plan` at its head and keeps it to its end; putting another one in the door's
place is all that it takes to go by another configuration.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import TYPE_CHECKING, Final

from gateway.auth.identity import IdentityFields
from gateway.proxy.cookies import CookieReader
from gateway.proxy.introduction import Introductions
from gateway.proxy.pool import Pool
from gateway.proxy.replies import Replies
from gateway.proxy.tally import Tally
from gateway.settings.model import Upstream
from gateway.settings.snapshot import Snapshot
from gateway.wire.request import HeadReader
from policies.fields import FieldRules, own_cookies

if TYPE_CHECKING:
    from gateway.proxy.tracing import Traces

PAGES_POOL: Final = ""
"""The name that no upstream can have."""
FORMS_POOL: Final = "/"
"""Neither can one have this: it is for what is sent to the pages, which may wait for neighbours."""


@dataclass(frozen=True, slots=True, eq=False)
class Plan:
    """One compiled configuration as the front door reads it. Times in seconds, sizes in bytes.

    `pools` are by the upstream's name, our own pages' under PAGES_POOL and FORMS_POOL.
    What is counted in `tally` outlives the plan.
    """

    snapshot: Snapshot
    replies: Replies
    pools: Mapping[str, Pool]
    introductions: Introductions
    tally: Tally
    reader: HeadReader
    rules: FieldRules
    cookies: CookieReader
    own_cookies: frozenset[bytes]
    scheme: bytes
    public_host: bytes
    public_authority: bytes
    upstreams: dict[str, Upstream]
    identity: dict[str, IdentityFields]
    peer_decides: bool  # no proxy is trusted: the socket's address is the client's
    max_head: int
    max_body: int
    head_timeout_s: float
    idle_timeout_s: float
    connections_per_address: int
    debug_networks: frozenset[str]
    stamp: bytes  # the field line that tells whoever may ask which configuration this is
    traces: Traces | None = None  # what follows requests, where they are followed at all


def compile_plan(
    snapshot: Snapshot,
    replies: Replies,
    pools: Mapping[str, Pool],
    introductions: Introductions,
    tally: Tally,
) -> Plan:
    """Return the plan of a snapshot. Every upstream has its pool, and so have the pages."""
    settings = snapshot.settings
    limits = settings.limits
    tally.expect(settings.routes)
    url = settings.public_url
    default_port = 443 if url.is_https else 80
    host = url.host.encode()
    authority = host if url.port == default_port else b"%b:%d" % (host, url.port)
    # Of both schemes: what was left behind when the address changed is a secret all the same.
    ours = frozenset(name.encode() for https in (True, False) for name in own_cookies(https=https))
    names = [name for upstream in settings.upstreams for name, _ in upstream.identity]
    return Plan(
        snapshot=snapshot,
        replies=replies,
        pools=pools,
        introductions=introductions,
        tally=tally,
        reader=HeadReader(limits.fields, limits.url),
        rules=FieldRules(names),
        cookies=CookieReader(snapshot.cookies.session.encode(), ours),
        own_cookies=ours,
        scheme=url.scheme.encode(),
        public_host=host,
        public_authority=authority,
        upstreams={upstream.name: upstream for upstream in settings.upstreams},
        identity={
            upstream.name: IdentityFields(upstream.identity) for upstream in settings.upstreams
        },
        peer_decides=not settings.listen.trusted_proxies,
        max_head=limits.head,
        max_body=limits.body,
        head_timeout_s=limits.head_timeout.total_seconds(),
        idle_timeout_s=limits.idle_timeout.total_seconds(),
        connections_per_address=limits.connections_per_address,
        debug_networks=frozenset(settings.debug.networks),
        stamp=b"X-Portvakt-Config: %b\r\n" % snapshot.digest.encode(),
    )
