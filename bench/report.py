"""An outcome as text: a line a peer, then a line a bound."""

from __future__ import annotations

from bench.claims import Claim, Outcome


def text(outcome: Outcome) -> str:
    """Return the tables of one part."""
    lines = [outcome.caption]
    if outcome.summaries:
        lines += ["", *_table(outcome)]
    if outcome.claims:
        width = max(len(one.what) for one in outcome.claims)
        lines += ["", *(_claim(one, width) for one in outcome.claims)]
    lines += [f"({note})" for note in outcome.notes]
    return "\n".join(lines)


def _table(outcome: Outcome) -> list[str]:
    costs = [f"µs/{outcome.work}", "(min … max)", f"{outcome.work}s/s", "p50 ms", "p99 ms", "MiB"]
    more = list(dict.fromkeys(name for one in outcome.summaries for name in one.more))
    rows = [["", *costs, *more]]
    for one in outcome.summaries:
        least, most = one.spread_us
        rows.append(
            [
                one.name,
                *((f"{one.us_per_request:.1f}", f"{least:.1f} … {most:.1f}") if most else "--"),
                f"{one.rate:.0f}", f"{one.p50_us / 1e3:.2f}", f"{one.p99_us / 1e3:.2f}",
                f"{one.resident_mib:.1f}",
                *(f"{one.more[name]:.2f}" if name in one.more else "" for name in more),
            ]
        )  # fmt: skip
    widths = [max(len(row[place]) for row in rows) for place in range(len(rows[0]))]
    return [
        "  ".join(
            cell.ljust(width) if place == 0 else cell.rjust(width)
            for place, (cell, width) in enumerate(zip(row, widths, strict=True))
        )
        for row in rows
    ]


def _claim(claim: Claim, width: int) -> str:
    return (
        f"{claim.word:6}  {claim.what:{width}}  {figure(claim.median, claim.unit)}  "
        f"({min(claim.measured):.2f} … {max(claim.measured):.2f}), "
        f"at most {figure(claim.at_most, claim.unit)}"
    )


def figure(value: float, unit: str) -> str:
    """Return a figure with its unit."""
    number = f"{value:.2f}" if unit == "x" or value < 10 else f"{value:.0f}"
    return f"{number} x" if unit == "x" else f"{number} {unit}"
