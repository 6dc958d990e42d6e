"""The words after a part's name, the same for every part."""

from __future__ import annotations

import argparse
from dataclasses import asdict, dataclass
from typing import Any


@dataclass(frozen=True)
class Options:
    """How long and how often; seconds of one round of one peer."""

    rounds: int = 5
    seconds: float = 2.0
    quick: bool = False
    strict: bool = False

    def written(self) -> dict[str, Any]:
        """Return them as they are kept with the figures."""
        return asdict(self)


def parse(words: list[str], prog: str, description: str | None) -> Options:
    """Read the words; ends the program with usage when they are wrong."""
    parser = argparse.ArgumentParser(prog=prog, description=description)
    parser.add_argument("--rounds", type=int, help="that count (5, quick: 3)")
    parser.add_argument("--seconds", type=float, help="of one round of one peer (2, quick: 1)")
    parser.add_argument("--quick", action="store_true", help="less of everything")
    parser.add_argument("--strict", action="store_true", help="exit 1 when a bound is not kept")
    given = parser.parse_args(words)
    rounds = given.rounds or (3 if given.quick else 5)
    seconds = given.seconds or (1.0 if given.quick else 2.0)
    if rounds < 1 or seconds < 1:
        parser.error("at least one round of one second")
    return Options(rounds, seconds, given.quick, given.strict)
