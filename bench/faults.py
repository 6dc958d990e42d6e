"""`python -m bench faults`: every fault under load for half a minute, and the table.

The faults stand in tests/faults, where the suite runs their short form; this wants what tests want.
"""

from __future__ import annotations

import importlib

from bench.results import RESULTS


def main(words: list[str]) -> int:
    """Run the part; 0 when nothing happened that must not."""
    RESULTS.mkdir(exist_ok=True)
    try:
        faults = importlib.import_module("tests.faults.__main__")
    except ModuleNotFoundError as missing:
        print(f"The faults need {missing.name}: make faults installs what tests need")
        return 1
    return int(faults.main([*words, "--json", str(RESULTS / "faults.json")]))
