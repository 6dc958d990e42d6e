"""What the times of the oracle say: controls first, then every pair of kinds in every step."""

from __future__ import annotations

import argparse
import dataclasses
import itertools
import statistics

from bench.oracle.distributions import ALPHA, LEAST_EFFECT, Comparison, compare, holm
from bench.oracle.people import KINDS, MADE_UP
from bench.results import keep

NOTHING = "nothing typed"
"""The control that must be told apart: an answer that nobody was looked up for."""

Times = dict[str, dict[str, list[float]]]
"""Seconds by step and kind, in the order of the tries."""


@dataclasses.dataclass(frozen=True)
class Verdict:
    """Every comparison of a run; each family is corrected for its own number."""

    pairs: list[Comparison]
    alike: list[Comparison]
    unlike: list[Comparison]

    @classmethod
    def of(cls, times: Times) -> Verdict:
        """Judge the times of a run."""
        two = list(itertools.combinations(KINDS, 2))
        controls = [step for step in times if NOTHING in times[step]]
        pairs = [c for step in times for c in compare(step, two, times[step])]
        unlike = [c for step in controls for c in compare(step, [(MADE_UP, NOTHING)], times[step])]
        alike = [_halves(step, times[step][MADE_UP]) for step in times]
        return cls(_corrected(pairs), _corrected(alike), _corrected(unlike))

    @property
    def failed_controls(self) -> list[Comparison]:
        """What the instrument got wrong."""
        return [c for c in self.alike if c.told_apart] + [
            c for c in self.unlike if not c.told_apart
        ]

    @property
    def words(self) -> str:
        """The verdict as it is printed and kept."""
        if self.failed_controls:
            return "void"
        told = any(one.told_apart for one in self.pairs)
        return "can be told apart" if told else "cannot be told apart"

    @property
    def status(self) -> int:
        """The exit status: 0 no difference, 1 one that can be used, 2 a control failed."""
        return ("cannot be told apart", "can be told apart", "void").index(self.words)


def tell(times: Times, options: argparse.Namespace) -> int:
    """Print and keep what was found; return the exit status."""
    verdict = Verdict.of(times)
    _print(times, verdict, options.tries)
    file = keep(
        "oracle",
        {
            "options": vars(options),
            "verdict": verdict.words,
            "alpha": ALPHA,
            "least_effect": LEAST_EFFECT,
            "medians_s": {
                step: {kind: statistics.median(values) for kind, values in kinds.items()}
                for step, kinds in times.items()
            },
            **dataclasses.asdict(verdict),
        },
    )
    print(f"\n{verdict.words}; all figures: {file}")
    return verdict.status


def _halves(step: str, times: list[float]) -> Comparison:
    """Compare every second try with the others."""
    halves = {"even tries": times[::2], "odd tries": times[1::2]}
    return compare(step, [("even tries", "odd tries")], halves)[0]


def _corrected(found: list[Comparison]) -> list[Comparison]:
    values = holm([one.p for one in found])
    return [dataclasses.replace(one, p_corrected=p) for one, p in zip(found, values, strict=True)]


def _print(times: Times, verdict: Verdict, tries: int) -> None:
    columns = (*KINDS, NOTHING)
    print(f"{tries} tries of each kind in each step, random order; medians in ms\n")
    print(f"{'':20}" + "".join(f"{kind:>16}" for kind in columns))
    for step in sorted(times):
        kinds = times[step]
        cells = (f"{statistics.median(kinds[k]) * 1e3:16.3f}" for k in columns if k in kinds)
        print(f"{step:20}" + "".join(cells))
    print(
        f"\nMann-Whitney U of each pair; told apart: p after Holm < {ALPHA} and "
        f"|AUC - 0.5| >= {LEAST_EFFECT}\n"
    )
    print(f"{'':20}{'pair':34}{'AUC':>7}{'p':>11}{'p (Holm)':>11}")
    for one in sorted(verdict.pairs, key=lambda one: one.step):
        mark = "  <- told apart" if one.told_apart else ""
        pair = f"{one.one} / {one.other}"
        print(f"{one.step:20}{pair:34}{one.auc:7.3f}{one.p:11.2e}{one.p_corrected:11.2e}{mark}")
    for one in verdict.failed_controls:
        print(f"a control failed: {one.step}: {one.one} / {one.other}, AUC {one.auc:.3f}")
