"""`python -m bench publish`: what the parts found when they last ran, into docs/.

Writes the picture `docs/bench.svg` and, between its marks, the table of `docs/performance.md`.
"""

from __future__ import annotations

import os
import platform
import re
from collections.abc import Sequence
from pathlib import Path

from bench import results
from bench.claims import Claim, Outcome
from bench.plot import svg
from bench.report import figure

_DOCS = Path(__file__).resolve().parents[1] / "docs"
_PICTURE, _PAGE = _DOCS / "bench.svg", _DOCS / "performance.md"
BEGIN, END = "<!-- measured: begin -->", "<!-- measured: end -->"
_MODEL = re.compile(r"^model name\s*: (.+)$", re.MULTILINE)


def publish(parts: Sequence[str]) -> int:
    """Write both. Returns 1, with words, when there is nothing to write."""
    outcomes = [one for one in map(results.kept, parts) if one is not None and one.claims]
    if not outcomes:
        print("Nothing was measured yet: python -m bench")
        return 1
    claims = [claim for one in outcomes for claim in one.claims]
    _PICTURE.write_text(svg(claims, "Portvakt: what was measured, as a share of what it may cost"))
    page = _PAGE.read_text("utf-8")
    _PAGE.write_text(filled(page, table(outcomes, machine())), "utf-8")
    over = sum(not one.within for one in claims)
    print(f"{_PICTURE.name} and {_PAGE.name}: {len(claims)} bounds, {over} over")
    return 0


def table(outcomes: Sequence[Outcome], where: str) -> str:
    """Return the claims as a table of Markdown, with what each part measured in full below."""
    lines = [
        f"Measured on {where}.",
        "",
        "| part | what | measured | at most | |",
        "|---|---|---|---|---|",
    ]
    for outcome in outcomes:
        lines += [_line(outcome.part, claim) for claim in outcome.claims]
    lines += [
        "",
        "| part | peer | µs each | a second | p50 ms | p99 ms | MiB |",
        "|---|---|---|---|---|---|---|",
    ]
    for outcome in outcomes:
        for one in outcome.summaries:
            cost = f"{one.us_per_request:.1f}" if one.us_per_request else ""
            lines.append(
                f"| `{outcome.part}` | {one.name.strip()} | {cost} | {one.rate:.0f} | "
                f"{one.p50_us / 1e3:.2f} | {one.p99_us / 1e3:.2f} | {one.resident_mib:.0f} |"
            )
    return "\n".join(lines)


def _line(part: str, claim: Claim) -> str:
    spread = f"({min(claim.measured):.2f} … {max(claim.measured):.2f})"
    verdict = "within" if claim.within else "**over**"
    return (
        f"| `{part}` | {claim.what} | {figure(claim.median, claim.unit)} {spread} | "
        f"{figure(claim.at_most, claim.unit)} | {verdict} |"
    )


def filled(page: str, what: str) -> str:
    """Return a page with `what` between its marks. Raises ValueError when it lacks them."""
    front, begin, rest = page.partition(BEGIN)
    _, end, back = rest.partition(END)
    if not begin or not end:
        raise ValueError(f"the page lacks {BEGIN} or {END}")
    return f"{front}{begin}\n{what}\n{end}{back}"


def machine() -> str:
    """Return what this machine is, as far as figures depend on it."""
    found = _MODEL.search(Path("/proc/cpuinfo").read_text())
    model = found[1] if found else platform.machine()
    return f"{os.cpu_count()} cores ({model}), Linux, Python {platform.python_version()}"
