"""The gateways that share one Redis: what each tells of itself, who may serve, who differs.

Each tells of its secret only a mark, a keyed hash of a fixed text: equal marks, equal secrets.
"""

from __future__ import annotations

import enum
import json
import re
from collections import Counter
from collections.abc import Sequence
from dataclasses import asdict, dataclass
from typing import Final

LONGEST: Final = 4096
"""Bytes of a record: a true one has some 600."""

_ID: Final = re.compile(r"[A-Za-z0-9_-]{1,64}")
_WORD: Final = re.compile(r"[A-Za-z0-9._+:-]{1,255}")
_FORM: Final = 1
_MOST_KEYS: Final = 30
_LASTING_KEYS: Final = 2
"""The key that signs and the next one; the others go by themselves within minutes."""


class Trait(enum.Enum):
    """In what two gateways can differ. Only the secret keeps one of them from serving."""

    SECRET = "secret"  # noqa: S105 - the name of a trait
    KEYS = "keys"
    VERSION = "version"
    CONFIGURATION = "configuration"


@dataclass(frozen=True, slots=True)
class Peer:
    """A gateway as it tells of itself.

    `id` is drawn at its start, `host` for people; `mark` stands for its secret. `kids` are its
    published signing keys: the one that signs, the next, old ones. `serving`: it was let in.
    """

    id: str
    host: str
    mark: str
    kids: tuple[str, ...]
    version: str
    configuration: str
    serving: bool = False

    def name(self) -> str:
        """Return what people call it: hosts may be alike, the id tells them apart."""
        return f"{self.host} ({self.id[:8]})"

    def trait(self, trait: Trait) -> object:
        """Return what is compared."""
        match trait:
            case Trait.SECRET:
                return self.mark
            case Trait.KEYS:
                return self.kids[:_LASTING_KEYS]
            case Trait.VERSION:
                return self.version
            case Trait.CONFIGURATION:
                return self.configuration


def host_word(name: str) -> str:
    """Return a host's name as `parse` takes it back, whatever somebody called the machine."""
    return re.sub(r"[^A-Za-z0-9._+:-]", "-", name)[:255] or "unnamed"


def dump(peer: Peer) -> bytes:
    """Return a gateway's record."""
    return json.dumps({"form": _FORM, **asdict(peer)}, separators=(",", ":")).encode()


def parse(peer_id: str, data: bytes) -> Peer | None:
    """Return what `dump` wrote under this id; None for anything else. Anyone may have written it.

    Fields that this version does not know are passed over, so a newer one is understood.
    """
    if len(data) > LONGEST or not _ID.fullmatch(peer_id):
        return None
    try:
        told = json.loads(data)
    except (ValueError, RecursionError):
        return None
    if not isinstance(told, dict) or told.get("form") != _FORM or told.get("id") != peer_id:
        return None
    kids, serving = told.get("kids"), told.get("serving")
    words = [told.get(name) for name in ("host", "mark", "version", "configuration")]
    if not isinstance(kids, list) or not 0 < len(kids) <= _MOST_KEYS or type(serving) is not bool:
        return None
    known = [word for word in (*words, *kids) if isinstance(word, str) and _WORD.fullmatch(word)]
    if len(known) != len(words) + len(kids):
        return None
    host, mark, version, configuration, *names = known
    return Peer(peer_id, host, mark, tuple(names), version, configuration, serving)


def may_serve(me: Peer, seen: Sequence[Peer]) -> bool:
    """Whether a gateway may be sent anybody, by its secret. `seen`: oldest first, perhaps me too.

    Who was let in stays, whoever comes later: a wrong newcomer must never take the site down. A
    newcomer goes by the secret of most who serve, in a tie by the oldest of them; before anybody
    serves, by the one that came first.
    """
    if me.serving or any(one.id == me.id and one.serving and one.mark == me.mark for one in seen):
        return True
    voters = [one for one in seen if one.serving] or seen[:1]
    if not voters:
        return True
    # Of equal counts the one met first comes first.
    ((mark, _),) = Counter(one.mark for one in voters).most_common(1)
    return mark == me.mark


def differing(me: Peer, seen: Sequence[Peer], trait: Trait) -> tuple[Peer, ...]:
    """Return the others that differ in something, oldest first."""
    return tuple(one for one in seen if one.id != me.id and one.trait(trait) != me.trait(trait))
