"""What a request is followed by: the port of tracing, and what log lines say of where they belong.

Neutral ground, like `counters.py`: the edges ask for a span around what they wait for, and who
traces (`gateway/operate/traces.py`) is put in by whoever builds the configuration. Without anybody
who traces, and in a request that is not sampled, a span costs one look at a context variable.
Attributes are ours alone: a route of gateway.toml, a method, a status. Never what a client sent.
"""

from __future__ import annotations

import enum
from collections.abc import Callable, Coroutine, Mapping
from contextvars import ContextVar, Token
from dataclasses import dataclass
from functools import wraps
from types import TracebackType
from typing import Any, Final, ParamSpec, Protocol, Self, TypeAlias, TypeVar

from policies.trace_context import TraceParent

P = ParamSpec("P")
T = TypeVar("T")
Work: TypeAlias = Coroutine[Any, Any, T]
Attributes = Mapping[str, str | int]


class Kind(enum.Enum):
    """On which side of a call a span stands (OpenTelemetry's SpanKind)."""

    SERVER = enum.auto()
    CLIENT = enum.auto()
    INTERNAL = enum.auto()


class Span(Protocol):
    """Something that takes time, in a trace that is recorded."""

    @property
    def trace_id(self) -> str:
        """32 hexadecimal digits."""
        ...

    @property
    def span_id(self) -> str:
        """16 hexadecimal digits."""
        ...

    def child(self, name: str, kind: Kind, attributes: Attributes) -> Span:
        """Begin a part of it."""
        ...

    def rename(self, name: str) -> None:
        """Call it otherwise, now that more is known."""
        ...

    def note(self, attributes: Attributes) -> None:
        """Add attributes."""
        ...

    def end(self, error: str = "") -> None:
        """Let it end now; `error` is what went wrong: a status or the name of an exception."""
        ...


class Tracer(Protocol):
    """Whoever records traces."""

    def begin(
        self,
        name: str,
        kind: Kind,
        attributes: Attributes,
        parent: TraceParent | None,
        state: str = "",
    ) -> Span:
        """Begin the first span here: of a new trace, or of that of `parent`."""
        ...

    async def close(self) -> None:
        """Hand over what was recorded, as far as that is quick."""
        ...


@dataclass(frozen=True, slots=True)
class Here:
    """The request that code works for. `span` is None where nothing is recorded."""

    request_id: str
    trace_id: str = ""
    span: Span | None = None


HERE: Final[ContextVar[Here | None]] = ContextVar("portvakt_here", default=None)


class _Part:
    """A span around a block. An exception ends it as an error, by the exception's name alone."""

    __slots__ = ("_attributes", "_kind", "_name", "_span", "_token")

    def __init__(self, name: str, kind: Kind, attributes: Attributes) -> None:
        self._name = name
        self._kind = kind
        self._attributes = attributes
        self._span: Span | None = None
        self._token: Token[Here | None] | None = None

    def __enter__(self) -> Self:
        here = HERE.get()
        if here is not None and here.span is not None:
            self._span = here.span.child(self._name, self._kind, self._attributes)
            self._token = HERE.set(Here(here.request_id, here.trace_id, self._span))
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        if self._span is not None and self._token is not None:
            HERE.reset(self._token)
            self._span.end("" if kind is None else kind.__name__)


def calling(name: str, attributes: Attributes) -> _Part:
    """Return a span around a call of a neighbour."""
    return _Part(name, Kind.CLIENT, attributes)


def working(name: str) -> _Part:
    """Return a span around work of our own."""
    return _Part(name, Kind.INTERNAL, {})


def traced(name: str) -> Callable[[Callable[P, Work[T]]], Callable[P, Work[T]]]:
    """Put a span around every call of a coroutine function."""

    def decorate(function: Callable[P, Work[T]]) -> Callable[P, Work[T]]:
        @wraps(function)
        async def call(*args: P.args, **kwargs: P.kwargs) -> T:
            with working(name):
                return await function(*args, **kwargs)

        return call

    return decorate
