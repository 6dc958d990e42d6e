"""Trace context between servers: `traceparent` and `tracestate` (W3C Trace Context, level 2).

A `traceparent` that is not to the letter is none, and `tracestate` means nothing without it
(sections 3.2.2 and 3.3.1). Pure.
"""

from __future__ import annotations

import re
from collections.abc import Sequence
from typing import Final, NamedTuple

TRACEPARENT: Final = b"traceparent"
TRACESTATE: Final = b"tracestate"

_PARENT: Final = re.compile(rb"([0-9a-f]{2})-([0-9a-f]{32})-([0-9a-f]{16})-([0-9a-f]{2})(-.*)?")
_MEMBER: Final = re.compile(
    r"[a-z0-9][a-z0-9_\-*/]{0,255}(?:@[a-z0-9][a-z0-9_\-*/]{0,13})?=[ -+\--<>-~]{0,255}[!-+\--<>-~]"
)
_MOST_MEMBERS: Final = 32
_LONGEST_STATE: Final = 4096
_SAMPLED: Final = 1


class TraceParent(NamedTuple):
    """A span of somebody else: 32 and 16 hexadecimal digits, and whether they record its trace."""

    trace_id: str
    span_id: str
    sampled: bool


def parse_traceparent(value: bytes) -> TraceParent | None:
    """Return what a `traceparent` says, None for one that must be ignored.

    A later version may have more fields behind those of 00 (section 3.2.4).
    """
    found = _PARENT.fullmatch(value)
    if found is None:
        return None
    version, trace, span, flags, more = found.groups()
    if version == b"ff" or (version == b"00" and more is not None):
        return None
    if not trace.strip(b"0") or not span.strip(b"0"):
        return None
    return TraceParent(trace.decode(), span.decode(), bool(int(flags, 16) & _SAMPLED))


def parse_tracestate(lines: Sequence[bytes]) -> str:
    """Return what field lines of `tracestate` say as one list, "" when any of it is malformed."""
    text = b",".join(lines).decode("latin-1")
    if len(text) > _LONGEST_STATE:
        return ""
    members = [member for part in text.split(",") if (member := part.strip(" \t"))]
    keys = {member.partition("=")[0] for member in members}
    if len(keys) < len(members) or len(members) > _MOST_MEMBERS:
        return ""
    return ",".join(members) if all(_MEMBER.fullmatch(one) for one in members) else ""


def well_formed(fields: Sequence[tuple[bytes, bytes]]) -> list[tuple[bytes, bytes]]:
    """Return the trace context among `fields` as it may be passed on, untouched: all or a part.

    Two parents are as good as none; a state that is malformed is left out alone (section 3.3.1).
    """
    parents = [one for one in fields if one[0].lower() == TRACEPARENT]
    if len(parents) != 1 or parse_traceparent(parents[0][1]) is None:
        return []
    states = [one for one in fields if one[0].lower() == TRACESTATE]
    return parents + (states if parse_tracestate([value for _, value in states]) else [])


def format_traceparent(trace_id: str, span_id: str, *, sampled: bool) -> bytes:
    """Return the value of `traceparent`, version 00."""
    return f"00-{trace_id}-{span_id}-{int(sampled):02x}".encode("ascii")
