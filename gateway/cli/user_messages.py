"""What `portvakt user show` says of the last messages to a number."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import TYPE_CHECKING

import click

from gateway.auth.deliveries import Delivery
from gateway.cli.output import No
from policies.moments import timestamp

if TYPE_CHECKING:
    from gateway.cli.reaching import Reached


@dataclass(frozen=True, slots=True)
class Messages:
    """The messages, the newest first; None when nobody can say."""

    found: Sequence[Delivery] | None

    def as_json(self) -> list[dict[str, object]] | None:
        """Return them for `--json`."""
        if self.found is None:
            return None
        return [
            {
                "sent": timestamp(one.at),
                "to": f"•••• {one.tail}",
                "provider": one.provider,
                "state": one.state,
                "after_s": None if one.after_s is None else round(one.after_s, 1),
            }
            for one in self.found
        ]

    def lines(self) -> Iterator[tuple[bool, str]]:
        """Yield a line for each, and whether it is the first."""
        if self.found is None:
            yield True, "not known: the store of sessions does not answer"
            return
        if not self.found:
            yield True, "none to this number in the last 24 hours"
        for place, one in enumerate(self.found):
            yield not place, sentence(one)


def sentence(one: Delivery) -> str:
    """Return what became of a message: "sent 12:04 to •••• 67 by 46elks, delivered in 3 s"."""
    clock = datetime.fromtimestamp(one.at, UTC).astimezone().strftime("%H:%M")
    begin = f"sent {clock} to •••• {one.tail} by {one.provider}"
    match one.state:
        case "delivered":
            return f"{begin}, delivered in {one.after_s or 0:.0f} s"
        case "failed":
            return f"{begin}, not delivered, after {one.after_s or 0:.0f} s"
        case "sent":
            return f"{begin}, nothing heard of it"


def read(ctx: click.Context, mobile: str | None) -> Messages:
    """Return the last messages to a number (E.164); whoever shows a user gets an answer anyway."""
    if mobile is None:
        return Messages(())

    async def work(reached: Reached) -> Sequence[Delivery]:
        return await reached.deliveries.of(mobile)

    # The store's client takes a while to load: only here, where it is spoken to.
    from gateway.cli.reaching import with_sessions  # noqa: PLC0415

    try:
        return Messages(with_sessions(ctx, work) or ())
    except No:
        return Messages(None)
