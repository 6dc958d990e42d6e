"""`portvakt check`: is gateway.toml right, and if not, what to write instead."""

from __future__ import annotations

import json
import os
from collections.abc import Iterable, Sequence
from dataclasses import asdict
from pathlib import Path
from typing import Final

import click

from gateway.auth.message_lengths import long_messages
from gateway.checking import read_checked
from gateway.floors import outdated
from gateway.pages.colours import dim_colours
from gateway.settings.model import Settings
from gateway.settings.problems import Problem, SettingsError
from gateway.settings.warnings import warnings

_HINT: Final = "hint: "
_WIDEST: Final = 56
"""Columns that places are aligned to; longer ones stick out."""


@click.command()
@click.option("--json", "as_json", is_flag=True, help="Print one JSON object instead of text.")
@click.option("--strict", is_flag=True, help="Exit with 1 for a warning too; hints are let pass.")
@click.pass_context
def check(ctx: click.Context, *, as_json: bool, strict: bool) -> None:
    """Validate gateway.toml: every error at once.

    Warns of unsafe settings too, and hints at good custom. Tables of an array are counted from 1:
    route[2] is the second [[route]]. Exit status 0 when the file is valid (warnings or not), 1
    when it is not.
    """
    path: Path = ctx.obj["config"]
    errors: Sequence[Problem] = ()
    advice: Sequence[Problem] = ()
    try:
        settings = read_checked(path, os.environ)
        advice = _advice(settings, path)
    except SettingsError as error:
        errors = error.problems
    errors = [*errors, *_too_old()]
    if as_json:
        _print_json(path, errors, advice)
    else:
        _print_text(path, errors, advice)
    is_warned = any(not problem.is_hint for problem in advice)
    ctx.exit(1 if errors or (strict and is_warned) else 0)


def _too_old() -> list[Problem]:
    """Return the packages that `portvakt run` would not start on."""
    return [
        Problem(0, one.package, one.found, one.way_out, file="installed packages")
        for one in outdated()
    ]


def _advice(settings: Settings, path: Path) -> list[Problem]:
    """Return every warning and hint; those about gateway.toml by line, then other files'."""
    safety = warnings(settings, path, os.cpu_count() or 1)
    own = sorted([*safety, *long_messages(settings)], key=lambda problem: problem.line)
    return [*own, *dim_colours(settings.branding.own)]


def render_problems(path: Path, problems: Iterable[Problem]) -> str:
    """Return problems for a terminal, one a line: where, what stands there, what to write."""
    listed = [(_where(path, problem), problem) for problem in problems]
    width = min(max((len(where) for where, _ in listed), default=0), _WIDEST)
    return "\n".join(
        f"{where:<{width}} {_HINT if problem.is_hint else ''}found {problem.found}; "
        f"write {problem.expected}"
        for where, problem in listed
    )


def _where(path: Path, problem: Problem) -> str:
    line = f":{problem.line}" if problem.line else ""
    key = f" {problem.key}:" if problem.key else ""
    return f"{problem.file or path.name}{line}:{key}"


def _print_text(path: Path, errors: Sequence[Problem], advice: Sequence[Problem]) -> None:
    if errors:
        click.echo(render_problems(path, errors))
        count = _count(len(errors), "error")
        click.echo(f"\n{path} has {count}. Correct what is listed, then run this check again.")
        return
    if advice:
        click.echo(render_problems(path, advice))
        hints = sum(problem.is_hint for problem in advice)
        counts = [(len(advice) - hints, "warning"), (hints, "hint")]
        said = " and ".join(_count(number, noun) for number, noun in counts if number)
        click.echo(f"\n{path} is valid, with {said}: each says what is unsafe and what is safer.")
        return
    click.echo(f"{path} is valid.")


def _print_json(path: Path, errors: Sequence[Problem], advice: Sequence[Problem]) -> None:
    answer = {
        "file": str(path),
        "valid": not errors,
        "errors": [asdict(problem) for problem in errors],
        "warnings": [asdict(problem) for problem in advice],
    }
    click.echo(json.dumps(answer, ensure_ascii=False, indent=2))


def _count(number: int, noun: str) -> str:
    return f"{number} {noun}" if number == 1 else f"{number} {noun}s"
