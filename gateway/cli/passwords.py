"""How a command is given a password: from stdin for scripts, else asked for twice."""

from __future__ import annotations

import sys
from typing import Final

import click

from gateway.cli.output import No, warn
from gateway.directory.passwords import PasswordUnusable, material

SHORT: Final = 7
"""Below this many characters a password is warned of: the least that `[password]` asks."""

from_stdin_option = click.option(
    "--password-stdin", is_flag=True, help="Read the password from the first line of stdin."
)


def ask(*, from_stdin: bool) -> str:
    """Return a new password. Raises No when it cannot be one, UsageError when nobody can be asked.

    A short one is warned of; the whole password policy is kept where employees set theirs.
    """
    password = _given(from_stdin=from_stdin)
    try:
        material(password)
    except PasswordUnusable as fault:
        raise No(f"This cannot be a password: {fault}.") from None
    if is_short(password):
        warn(f"the password is shorter than {SHORT} characters.")
    return password


def is_short(password: str) -> bool:
    """Return whether a password deserves a warning."""
    return len(password) < SHORT


def _given(*, from_stdin: bool) -> str:
    if from_stdin:
        return sys.stdin.readline().rstrip("\r\n")
    if not _is_terminal():
        raise click.UsageError("There is no terminal to ask at: give --password-stdin.")
    asked: str = click.prompt("Password", hide_input=True, confirmation_prompt=True, err=True)
    return asked


def _is_terminal() -> bool:
    return sys.stdin.isatty()
