"""Where the parts of the bench leave their figures, as JSON."""

from __future__ import annotations

import json
from pathlib import Path

RESULTS = Path(__file__).parent / "results"


def keep(part: str, result: object) -> Path:
    """Write the result of a part in place of the last one; return its file."""
    RESULTS.mkdir(exist_ok=True)
    file = RESULTS / f"{part}.json"
    file.write_text(json.dumps(result, indent=2) + "\n")
    return file
