"""What `portvakt doctor` says of the gateways that share one Redis: whether they can be one."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Final

from gateway.auth.ports import Unavailable
from gateway.auth.sealing import Sealer, mark_of
from gateway.cli.findings import Finding, ok, problem, warning
from gateway.operate.peers import MEANS, WAY_OUT
from gateway.settings.model import Settings
from gateway.store.store import open_store
from gateway.system import SystemEntropy
from policies.peers import Peer, differing, parse

_PART: Final = "gateways"


async def look_at_peers(settings: Settings) -> list[Finding]:
    """Return how those that run agree; nothing is written. Nothing to say of the embedded Redis.

    Nor of one that is away: it is a finding of its own.
    """
    url, secret = settings.redis_url.reveal(), settings.secret_key.reveal()
    if url == "embedded" or not secret:
        return []
    try:
        store = open_store(url)
    except ValueError:
        return []
    try:
        found = await store.peers.read()
    except Unavailable:
        return []
    finally:
        await store.close()
    read = [parse(name, record) for name, record in found]
    known = [one for one in read if one is not None]
    findings = judge(mark_of(Sealer(secret.encode(), SystemEntropy())), known)
    if len(known) < len(read):
        strange = f"{len(read) - len(known)} records of gateways in Redis are none"
        findings.append(warning(_PART, strange, "who else may write there?"))
    return findings


def judge(mark: str, seen: Sequence[Peer]) -> list[Finding]:
    """Return what is to be said of gateways, oldest first, where `mark` is this secret's."""
    findings = []
    if foreign := [one for one in seen if one.mark != mark]:
        findings.append(_of_secrets(foreign, [one for one in seen if one.mark == mark]))
    for trait, means in MEANS.items():
        if others := differing(seen[0], seen, trait) if seen else ():
            names = ", ".join(one.name() for one in others)
            what, _, way_out = means.partition(": ")
            findings.append(warning(_PART, f"{names} and {seen[0].name()}: {what}", way_out))
    if findings or not seen:
        return findings
    count = "1 gateway runs" if len(seen) == 1 else f"{len(seen)} gateways run, and agree"
    return [ok(_PART, f"{count}, with this secret")]


def _of_secrets(foreign: Sequence[Peer], ours: Sequence[Peer]) -> Finding:
    names = ", ".join(one.name() for one in foreign)
    if any(one.serving for one in foreign) and not any(one.serving for one in ours):
        found = f"the secret here is not that of {names}, which serves: no gateway here gets ready"
        return problem(_PART, found, f"{WAY_OUT} and restart this one")
    found = f"another secret than the one here: {names}"
    return problem(_PART, found, f"{WAY_OUT} and restart that one")
