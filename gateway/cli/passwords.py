"""How a command is given a password: from stdin for scripts, else asked for twice.

Operators are held to the rules of `[password]` as employees are, without a way round them: a
password that an operator gives away is the one that is tried first.
"""

from __future__ import annotations

import sys
from collections.abc import Sequence
from typing import Final

import click

from gateway.auth.model import Person
from gateway.cli.configuration import read_config
from gateway.cli.output import No
from gateway.directory.passwords import PasswordUnusable, material
from gateway.password_rules import WordsMissing, compile_password_rules
from policies.passwords import LONGEST, NOBODY, PasswordRules, PersonWords, Reason, judge

from_stdin_option = click.option(
    "--password-stdin", is_flag=True, help="Read the password from the first line of stdin."
)

_SENTENCES: Final = {
    Reason.TOO_SHORT: "it has fewer than {least} characters",
    Reason.TOO_LONG: "it has more than {most} characters",
    Reason.NO_LOWER: "it has no lower-case letter",
    Reason.NO_UPPER: "it has no upper-case letter",
    Reason.NO_DIGIT: "it has no digit",
    Reason.SIGN_NOT_ALLOWED: "it holds a sign that is not allowed; allowed are {signs}",
    Reason.HOLDS_NAME: "it holds the user's name",
    Reason.HOLDS_USER_NAME: "it holds the user name",
    Reason.SWEDISH_WORD: "it is made of ordinary Swedish words",
    Reason.CONTEXT_WORD: "it holds a name of the organisation, the portal or Portvakt",
    Reason.FORBIDDEN_LIST: "it stands on a list of passwords that are often guessed",
}


def ask(*, from_stdin: bool) -> str:
    """Return a new password. Raises No when it cannot be one, UsageError when nobody can be asked.

    The rules are not judged yet: they speak of the person.
    """
    password = _given(from_stdin=from_stdin)
    try:
        material(password)
    except PasswordUnusable as fault:
        raise No(f"This cannot be a password: {fault}.") from None
    return password


def read_rules(ctx: click.Context) -> PasswordRules:
    """Return the rules of gateway.toml. Raises No when they cannot be read."""
    settings = read_config(ctx.obj["config"])
    try:
        return compile_password_rules(settings)
    except (WordsMissing, OSError, ValueError) as fault:
        raise No(f"The password rules cannot be read: {fault}.") from None


def faults_of(password: str, person: Person | None, rules: PasswordRules) -> list[str]:
    """Return every reason why this may not be the person's password, as the end of a sentence.

    None stands for a person who could not be read.
    """
    words = NOBODY if person is None else PersonWords.of(person.user, person.name, person.email)
    signs = rules.allowed.spoken or "those that can be printed"
    return [
        _SENTENCES[reason].format(least=rules.min_length, most=LONGEST, signs=signs)
        for reason in judge(password, words, rules)
    ]


def require_good(password: str, person: Person, rules: PasswordRules) -> None:
    """Raise No, with every reason, when this may not be the person's password."""
    faults = faults_of(password, person, rules)
    if faults:
        raise No(refusal(faults))


def refusal(faults: Sequence[str]) -> str:
    """Return the text of a refused password."""
    return "The password is refused:\n" + "\n".join(f"- {fault}" for fault in faults)


def _given(*, from_stdin: bool) -> str:
    if from_stdin:
        return sys.stdin.readline().rstrip("\r\n")
    if not _is_terminal():
        raise click.UsageError("There is no terminal to ask at: give --password-stdin.")
    asked: str = click.prompt("Password", hide_input=True, confirmation_prompt=True, err=True)
    return asked


def _is_terminal() -> bool:
    return sys.stdin.isatty()
