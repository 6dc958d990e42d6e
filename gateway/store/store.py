"""All of the store on one Redis, as app.py hands it out."""

from __future__ import annotations

from dataclasses import dataclass

from gateway.store.challenges import RedisChallenges
from gateway.store.deliveries import RedisDeliveries
from gateway.store.failures import RedisFailures
from gateway.store.left_counts import LeftCounts
from gateway.store.link import Link
from gateway.store.peers import RedisPeers
from gateway.store.refusals import RedisRefusals
from gateway.store.sessions import RedisSessions


@dataclass(frozen=True, slots=True)
class Store:
    """The stores of the logon domain; they share one pool of connections."""

    link: Link
    sessions: RedisSessions
    failures: RedisFailures
    challenges: RedisChallenges
    refusals: RedisRefusals
    deliveries: RedisDeliveries
    left_counts: LeftCounts
    peers: RedisPeers

    async def ping(self) -> None:
        """Raise Unavailable when Redis does not answer."""
        await self.sessions.ping()

    async def close(self) -> None:
        """Close every connection."""
        await self.link.close()


def open_store(url: str, connections: int = 32) -> Store:
    """Return the store on `redis://`, `rediss://` or `unix://`; it connects on first use.

    To be called, used and closed in one event loop. Raises ValueError for another kind of URL.
    """
    link = Link(url, connections)
    return Store(
        link=link,
        sessions=RedisSessions(link),
        failures=RedisFailures(link),
        challenges=RedisChallenges(link),
        refusals=RedisRefusals(link),
        deliveries=RedisDeliveries(link),
        left_counts=LeftCounts(link),
        peers=RedisPeers(link),
    )
