"""The table of docs/security.md, made of the data file: `python -m tests.security.advisories.table`."""

from __future__ import annotations

import re
from pathlib import Path

from tests.security.advisories import ATTACKS
from tests.security.advisories.replay import rows

PAGE = Path(__file__).parents[3] / "docs" / "security.md"
BEGIN = "<!-- advisories: written by python -m tests.security.advisories.table -->"
END = "<!-- end of advisories -->"


def table() -> str:
    """Return id, class and test of every row as Markdown, in the order of the file."""
    lines = ["| id | class | test |", "|---|---|---|"]
    for row in rows():
        function = ATTACKS[row.attack]
        where = function.__module__.rpartition(".")[2]
        lines.append(f"| {row.id} | {row.kind} | {where}: {row.attack} |")
    return "\n".join(lines)


def written(page: str) -> str:
    """Return the page with the table of now in it. Raises ValueError without its marks."""
    if BEGIN not in page or END not in page:
        raise ValueError(f"{PAGE.name} lacks {BEGIN} or {END}")
    found = re.escape(BEGIN) + ".*?" + re.escape(END)
    fresh = f"{BEGIN}\n\n{table()}\n\n{END}"
    return re.sub(found, lambda _: fresh, page, flags=re.DOTALL)


if __name__ == "__main__":
    PAGE.write_text(written(PAGE.read_text("utf-8")), "utf-8")
