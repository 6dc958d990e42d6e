"""What must be reached, and whether it was: a bound, what was measured, within or over. Pure."""

from __future__ import annotations

import statistics
from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass, field
from typing import Any

from bench.figures import Round, Summary, summarise
from bench.peers import Peer


@dataclass(frozen=True)
class Claim:
    """One bound: the median of what was measured must not be above it. `unit` is "x" for ratios."""

    what: str
    at_most: float
    measured: tuple[float, ...]
    unit: str = "x"

    @property
    def median(self) -> float:
        """The figure that counts."""
        return statistics.median(self.measured)

    @property
    def within(self) -> bool:
        """Whether the bound was kept."""
        return self.median <= self.at_most

    @property
    def word(self) -> str:
        """The verdict as it is printed."""
        return "within" if self.within else "over"


@dataclass
class Outcome:
    """All that one part found. `columns` name what `Summary.more` holds, with the unit.

    `work` is what a request is called here. `notes` are for the reader: what was left out, and why.
    """

    part: str
    caption: str
    summaries: list[Summary] = field(default_factory=list)
    claims: list[Claim] = field(default_factory=list)
    notes: list[str] = field(default_factory=list)
    work: str = "request"

    def claim(self, what: str, at_most: float, measured: Sequence[float], unit: str = "x") -> None:
        """Hold what was measured to a bound."""
        self.claims.append(Claim(what, at_most, tuple(measured), unit))

    def tell(self, rounds: Mapping[Peer, Sequence[Round]]) -> None:
        """Add a line for each peer."""
        self.summaries += [summarise(peer.name, found) for peer, found in rounds.items()]

    @property
    def within(self) -> bool:
        """Whether every bound was kept."""
        return all(one.within for one in self.claims)

    def written(self) -> dict[str, Any]:
        """Return the outcome as it is kept in a file."""
        return {
            **asdict(self),
            "claims": [
                {**asdict(one), "median": one.median, "verdict": one.word} for one in self.claims
            ],
        }


def read(written: dict[str, Any]) -> Outcome:
    """Return the outcome that was kept. Raises KeyError or TypeError for anything else."""
    claims = [
        Claim(one["what"], one["at_most"], tuple(one["measured"]), one["unit"])
        for one in written["claims"]
    ]
    summaries = [
        Summary(**{**one, "spread_us": tuple(one["spread_us"])}) for one in written["summaries"]
    ]
    return Outcome(
        written["part"], written["caption"], summaries, claims, written["notes"], written["work"]
    )
