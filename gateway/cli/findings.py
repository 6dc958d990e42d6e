"""What `portvakt doctor` and `portvakt probe` found: ok, a warning or a problem, and what to do."""

from __future__ import annotations

import enum
from collections.abc import Sequence
from dataclasses import asdict, dataclass
from typing import Final

import click

from gateway.cli.output import print_json


class Level(enum.StrEnum):
    """How bad it is. Only a problem makes a command exit with 1."""

    OK = "ok"
    WARNING = "warning"
    PROBLEM = "problem"


@dataclass(frozen=True, slots=True)
class Finding:
    """One thing that was looked at. `advice` says what to do next, "" when it is well."""

    part: str
    level: Level
    found: str
    advice: str = ""


_COLOURS: Final = {Level.OK: "green", Level.WARNING: "yellow", Level.PROBLEM: "red"}


def ok(part: str, found: str) -> Finding:
    """Return that something is as it should be."""
    return Finding(part, Level.OK, found)


def warning(part: str, found: str, advice: str) -> Finding:
    """Return that something may be meant so, but probably is not."""
    return Finding(part, Level.WARNING, found, advice)


def problem(part: str, found: str, advice: str) -> Finding:
    """Return that something keeps people out, or lets the wrong ones in."""
    return Finding(part, Level.PROBLEM, found, advice)


def tell(ctx: click.Context, findings: Sequence[Finding], *, as_json: bool) -> None:
    """Print findings and exit: 1 when one of them is a problem, else 0."""
    bad = any(one.level is Level.PROBLEM for one in findings)
    if as_json:
        print_json({"well": not bad, "findings": [asdict(one) for one in findings]})
    for one in () if as_json else findings:
        level = click.style(f"{one.level.value:<8}", fg=_COLOURS[one.level])
        click.echo(f"{level} {one.part}: {one.found}")
        if one.advice:
            click.echo(f"{'':<8} → {one.advice}")
    ctx.exit(1 if bad else 0)
