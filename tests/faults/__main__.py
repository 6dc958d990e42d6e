"""`python -m tests.faults [--hold S] [--json FILE] [NAME…]`: every fault in turn, and the table.

`python -m tests.faults mixups` takes 100 000 answers and looks for one that is somebody else's.
"""

from __future__ import annotations

import argparse
import contextlib
import json
import sys
import tempfile
from collections.abc import Iterator
from functools import partial
from pathlib import Path

from tests.faults.balanced import balanced
from tests.faults.house import family_house, house
from tests.faults.mixups import MIXED, mixups
from tests.faults.rolling import rolling
from tests.faults.tally import BAD, FORCED, Row, table
from tests.faults.troubles import FAMILIES, TROUBLES, once

LOSING = {trouble.name for trouble in TROUBLES if trouble.loses_sessions}


def rows(hold_s: float, words: list[str]) -> Iterator[Row]:
    """Yield the row of each fault that the words name, all of them without a word."""

    def wanted(name: str) -> bool:
        return not words or any(word.lower() in name.lower() for word in words)

    chosen = [trouble for trouble in TROUBLES if wanted(trouble.name)]
    if chosen:
        with _directory() as place, house(place) as one:
            for trouble in chosen:
                yield one.suffer(trouble, hold_s)
    for name, family, befall in FAMILIES:
        if wanted(name):
            with (
                family() as servers,
                _directory() as place,
                family_house(place, servers.url) as one,
            ):
                yield one.suffer(once(name, partial(befall, servers)), 1.0)
    if wanted("rolling restart"):
        with _directory() as place, balanced(place) as both:
            yield rolling(both, 3)


@contextlib.contextmanager
def _directory() -> Iterator[Path]:
    with tempfile.TemporaryDirectory(prefix="portvakt-faults-") as directory:
        yield Path(directory)


def main(words: list[str]) -> int:
    """Run, print and keep the table; 1 when anything happened that must not."""
    parser = argparse.ArgumentParser(prog="python -m tests.faults", description=__doc__)
    parser.add_argument("--hold", type=float, default=30.0, help="seconds that a fault lasts")
    parser.add_argument("--json", type=Path, help="where the rows go too")
    parser.add_argument("names", nargs="*", help="words of the faults' names")
    options = parser.parse_args(words)
    if options.names == ["mixups"]:
        return look_for_mixups()
    found = []
    for row in rows(options.hold, options.names):
        found.append(row)
        print(row.fault, row.counts, row.recovery_s, *row.told[:5], sep="\n  ", flush=True)
    print("\n" + table(found))
    if options.json is not None:
        options.json.write_text(json.dumps([row.as_json() for row in found], indent=2) + "\n")
    return int(any(map(is_bad, found)))


def look_for_mixups() -> int:
    """Take 100 000 answers and print what they were; 1 when one was somebody else's."""
    with _directory() as place:
        run = mixups(place, answers=100_000, users=40, every_s=20.0)
    for kind, number in sorted(run.counts.items()):
        print(f"{number:7} {kind}")
    print(f"{run.answers:7} answers, {run.counts[MIXED]} mix-ups", *run.told[:20], sep="\n")
    return int(run.counts[MIXED] > 0)


def is_bad(row: Row) -> bool:
    """Whether anything happened that must not. An empty store knows nobody: that is no mistake."""
    forgiven = {FORCED} if row.fault in LOSING else set()
    return any(row.counts.get(verdict) for verdict in BAD if verdict not in forgiven)


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
