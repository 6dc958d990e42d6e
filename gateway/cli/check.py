"""`portvakt check`: is gateway.toml right, and if not, what to write instead."""

from __future__ import annotations

import json
import os
from collections.abc import Iterable, Sequence
from dataclasses import asdict
from pathlib import Path
from typing import Final

import click

from gateway.checking import read_checked
from gateway.pages.colours import dim_colours
from gateway.settings.problems import Problem, SettingsError
from gateway.settings.warnings import warnings

_WIDEST: Final = 56
"""Columns that places are aligned to; longer ones stick out."""


@click.command()
@click.option("--json", "as_json", is_flag=True, help="Print one JSON object instead of text.")
@click.pass_context
def check(ctx: click.Context, *, as_json: bool) -> None:
    """Validate gateway.toml: every error at once.

    Warns of unsafe settings too. Tables of an array are counted from 1: route[2] is the second
    [[route]]. Exit status 0 when the file is valid (warnings or not), 1 when it is not.
    """
    path: Path = ctx.obj["config"]
    errors: Sequence[Problem] = ()
    advice: Sequence[Problem] = ()
    try:
        settings = read_checked(path, os.environ)
        advice = [*warnings(settings), *dim_colours(settings.branding.own)]
    except SettingsError as error:
        errors = error.problems
    if as_json:
        _print_json(path, errors, advice)
    else:
        _print_text(path, errors, advice)
    ctx.exit(1 if errors else 0)


def render_problems(path: Path, problems: Iterable[Problem]) -> str:
    """Return problems for a terminal, one a line: where, what stands there, what to write."""
    listed = [(_where(path, problem), problem) for problem in problems]
    width = min(max((len(where) for where, _ in listed), default=0), _WIDEST)
    return "\n".join(
        f"{where:<{width}} found {problem.found}; write {problem.expected}"
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
        count = _count(len(advice), "warning")
        click.echo(f"\n{path} is valid, with {count}: each says what is unsafe and what is safer.")
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
