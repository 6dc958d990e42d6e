"""Numbers of several workers, put together; as bytes between processes. Pure."""

from __future__ import annotations

import json
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field

from gateway.counters import Key, Number
from gateway.operate.metric_families import FAMILIES, Kind

Values = Mapping[Key, Number]


@dataclass(frozen=True, slots=True)
class Bulletin:
    """What one process tells of itself. `at` is the machine's steady clock, in seconds.

    `digest` is the configuration that it goes by, `trouble` what is wrong with it in its own view.
    """

    at: float
    digest: str = ""
    trouble: str | None = None
    values: Values = field(default_factory=dict)


def pack(bulletin: Bulletin) -> bytes:
    """Return a bulletin as bytes."""
    values = [[name, labels, number] for (name, labels), number in bulletin.values.items()]
    told = [bulletin.at, bulletin.digest, bulletin.trouble, values]
    return json.dumps(told, separators=(",", ":")).encode()


def unpack(data: bytes) -> Bulletin:
    """Return what `pack` made."""
    at, digest, trouble, values = json.loads(data)
    return Bulletin(
        at, digest, trouble, {(name, tuple(labels)): number for name, labels, number in values}
    )


def added(parts: Iterable[Values]) -> dict[Key, Number]:
    """Return the numbers of several processes as one: sums, or the most where all count alike."""
    total: dict[Key, Number] = {}
    for values in parts:
        for key, number in values.items():
            family = FAMILIES.get(key[0])
            before = total.get(key)
            if family is None:
                continue
            if before is None:
                total[key] = number
            else:
                total[key] = _both(before, number, most=family.most)
    return total


def lasting(values: Values) -> dict[Key, Number]:
    """Return the counts without the levels: what a worker hands on to the one in its place."""
    return {key: number for key, number in values.items() if _lasts(key[0])}


def _lasts(name: str) -> bool:
    family = FAMILIES.get(name)
    return family is not None and family.kind is not Kind.GAUGE


def _both(one: Number, other: Number, *, most: bool) -> Number:
    if isinstance(one, list) and isinstance(other, list):
        return [a + b for a, b in zip(one, other, strict=True)]
    if isinstance(one, list) or isinstance(other, list):
        return other  # another version's: not to be added up
    return max(one, other) if most else one + other
