"""How commands answer: lines on stdout, warnings on stderr, exit 0 done, 1 no, 2 usage."""

from __future__ import annotations

import json
from collections.abc import Iterable

import click


class No(click.ClickException):
    """The answer is no (not found, taken, invalid, refused): exit 1, and what to do instead."""

    exit_code = 1


def done(message: str) -> None:
    """Say what was done."""
    click.echo(message)


def warn(message: str) -> None:
    """Say what deserves attention though the command went on."""
    click.echo(f"Warning: {message}", err=True)


def print_json(value: object) -> None:
    """Print a value for a script: one JSON document, UTF-8 as it is."""
    click.echo(json.dumps(value, ensure_ascii=False, indent=2))


def print_fields(fields: Iterable[tuple[str, str]]) -> None:
    """Print names and values in two columns; an empty value is a dash."""
    listed = list(fields)
    width = max(len(name) for name, _ in listed)
    for name, value in listed:
        click.echo(f"{name:<{width}}  {value or '-'}")
