"""Where the parts of the bench leave their figures, as JSON."""

from __future__ import annotations

import json
from pathlib import Path

from bench.claims import Outcome, read

RESULTS = Path(__file__).parent / "results"


def keep(part: str, result: object) -> Path:
    """Write the result of a part in place of the last one; return its file."""
    RESULTS.mkdir(exist_ok=True)
    file = RESULTS / f"{part}.json"
    file.write_text(json.dumps(result, indent=2) + "\n")
    return file


def kept(part: str) -> Outcome | None:
    """Return what a part found when it last ran, or None when it never did."""
    file = RESULTS / f"{part}.json"
    return read(json.loads(file.read_text())["outcome"]) if file.exists() else None
