"""Whether two sets of times can be told apart: Mann-Whitney U, corrected after Holm (1979).

The U test asks for no shape of distribution. Its effect is the AUC: how often a time of the one
set is longer than a time of the other, ties half; one half is no difference at all.
"""

from __future__ import annotations

import statistics
from collections.abc import Sequence
from dataclasses import dataclass

ALPHA = 0.01
"""The chance that a run with no difference anywhere says that there is one."""
LEAST_EFFECT = 0.05
"""|AUC - 1/2| below this is of no use: it would take hundreds of tries for each name."""


@dataclass(frozen=True)
class Comparison:
    """Two sets of times side by side; medians in seconds, `p` as it is and corrected."""

    step: str
    one: str
    other: str
    medians: tuple[float, float]
    auc: float
    p: float
    p_corrected: float

    @property
    def told_apart(self) -> bool:
        """Whether the difference is both there and large enough to be used."""
        return self.p_corrected < ALPHA and abs(self.auc - 0.5) >= LEAST_EFFECT


def compare(
    step: str, pairs: Sequence[tuple[str, str]], times: dict[str, list[float]]
) -> list[Comparison]:
    """Compare pairs of kinds by their times in one step; nothing is corrected yet."""
    found = []
    for one, other in pairs:
        auc, p = mann_whitney(times[one], times[other])
        medians = (statistics.median(times[one]), statistics.median(times[other]))
        found.append(Comparison(step, one, other, medians, auc, p, p))
    return found


def mann_whitney(one: Sequence[float], other: Sequence[float]) -> tuple[float, float]:
    """Return (AUC, two-sided p) of two samples."""
    # Only here: the arithmetic around it is tested without scipy, which is 40 MB.
    from scipy.stats import mannwhitneyu  # noqa: PLC0415

    result = mannwhitneyu(one, other, alternative="two-sided", method="asymptotic")
    return float(result.statistic) / (len(one) * len(other)), float(result.pvalue)


def holm(values: Sequence[float]) -> list[float]:
    """Return the p-values corrected for their number, in their order (step down, at most 1)."""
    corrected = [0.0] * len(values)
    so_far = 0.0
    for rank, index in enumerate(sorted(range(len(values)), key=values.__getitem__)):
        so_far = max(so_far, min(1.0, (len(values) - rank) * values[index]))
        corrected[index] = so_far
    return corrected
