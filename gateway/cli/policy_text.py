"""A comparison of two policies for people at a terminal."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any, Final

import click

from gateway.settings.problems import printable

_ALL_METHODS: Final = frozenset({"GET", "HEAD", "POST", "PUT", "PATCH", "DELETE", "OPTIONS"})


def print_diff(told: dict[str, Any], files: tuple[str, str]) -> None:
    """Print the document of `portvakt policy diff`; `files` are the names of both."""
    parts = [*_routes(told["routes"], files)]
    parts += _shifts("Would lose access", told["losses"], files)
    parts += _shifts("Would gain access", told["gains"], files)
    if not told["losses"] and not told["gains"]:
        parts.append("Nobody would gain or lose anything.")
    if told["replay"] is not None:
        parts += _replay(told["replay"])
    for line in parts:
        click.echo(printable(line))


def _routes(changes: list[dict[str, Any]], files: tuple[str, str]) -> Iterator[str]:
    for one in changes:
        yield f"Route {one['change']}: {_place(one)} ({_lines(one, files)})"
        for key in one["keys"]:
            yield f"  {key['key']}: {key['before']} -> {key['after']}"


def _shifts(title: str, shifts: list[dict[str, Any]], files: tuple[str, str]) -> Iterator[str]:
    if shifts:
        yield f"{title}:"
    for one in shifts:
        yield f"  {_place(one)} ({_lines(one, files)}): {_who(one)}"
        yield f"    {', '.join(_circumstances(one))}; {one['reason']}"


def _place(one: dict[str, Any]) -> str:
    return f"{one['host'] or ''}{one['path']}"


def _lines(one: dict[str, Any], files: tuple[str, str]) -> str:
    lines = (one["line_before"], one["line_after"])
    found = [f"{file}:{line}" for file, line in zip(files, lines, strict=True) if line]
    return " -> ".join(found) or "no route"


def _who(one: dict[str, Any]) -> str:
    told = ["whoever is not logged on"] if one["not_logged_on"] else []
    if one["users"]:
        users = "1 user" if one["users"] == 1 else f"{one['users']} users"
        names = ", ".join(one["examples"])
        more = " …" if one["users"] > len(one["examples"]) else ""
        told.append(f"{users} ({names}{more})")
    if one["groups"]:
        told.append(f"of {', '.join(one['groups'])}")
    return " ".join(told) or "no user there is"


def _circumstances(one: dict[str, Any]) -> Iterator[str]:
    names = [
        pair["after"] if pair["before"] == pair["after"] else f"{pair['before']} -> {pair['after']}"
        for pair in one["networks"]
    ]
    yield f"from {', '.join(names)}"
    if one["users"] and len(one["with_code"]) == 1:
        yield "with a code" if one["with_code"][0] else "without a code"
    if not {*one["methods"]} >= _ALL_METHODS:
        yield f"by {', '.join(one['methods'])}"


def _replay(told: dict[str, Any]) -> Iterator[str]:
    yield f"Recorded refusals: {told['same']} stay as they are."
    for one in told["changed"]:
        who = one["user"] or "nobody"
        times = "once" if one["count"] == 1 else f"{one['count']} times"
        yield f"  {one['route']} {who}: {one['before']} -> {one['after']}, {times} ({one['ref']})"
    if told["left_out"]:
        yield f"  and {told['left_out']} more"
