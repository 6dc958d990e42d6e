"""`portvakt policy diff`: who would gain or lose what by another gateway.toml."""

from __future__ import annotations

import os
from collections.abc import Sequence
from pathlib import Path
from typing import Any, Final

import click

from gateway.checking import read_checked
from gateway.cli.check import render_problems
from gateway.cli.configuration import read_config
from gateway.cli.opening import Opened, with_directory
from gateway.cli.output import No, print_json
from gateway.cli.policy_replay import replay
from gateway.cli.policy_text import print_diff
from gateway.settings.model import Settings
from gateway.settings.problems import SettingsError
from gateway.settings.snapshot import compile_snapshot
from gateway.system import SystemClock
from policies.policy_diff import Crowd, Crowds, Policy, changes
from policies.policy_summary import RouteChange, Shift, route_changes, summed_up
from policies.routes import Route

_EXAMPLES: Final = 5


@click.group()
def policy() -> None:
    """Compare what two gateway.toml decide."""


@policy.command()
@click.argument("new", type=click.Path(path_type=Path, exists=True, dir_okay=False))
@click.option(
    "--replay", "recorded", metavar="FILE",
    type=click.Path(path_type=Path, exists=True, dir_okay=False),
    help="Judge the refusals in an audit file anew, too; .gz is read as it is.",
)  # fmt: skip
@click.option("--json", "as_json", is_flag=True, help="Print JSON.")
@click.pass_context
def diff(ctx: click.Context, *, new: Path, recorded: Path | None, as_json: bool) -> None:
    """Tell who would gain or lose what if NEW took the place of gateway.toml.

    Every user of the directory, and whoever is not logged on, at every route, from every network,
    with a one-time password and without, by each method and at each hour where that matters.
    Nothing is changed. Exit status 0 whether anything differs or not, 1 when NEW is not valid.
    """
    before = read_config(ctx.obj["config"])
    after = _read(new)
    old, coming = policy_of(before), policy_of(after)
    crowds = with_directory(ctx, lambda opened: _crowds(opened, old, coming))
    shifts = summed_up(changes(old, coming, crowds, SystemClock().now()))
    routes = route_changes(before.routes, after.routes)
    judged = None if recorded is None else replay(ctx, recorded, before, after)
    told = {
        "before": before.digest[:12],
        "after": after.digest[:12],
        "routes": [_route_change(one) for one in routes],
        "losses": [_shift(one, old, coming) for one in shifts if not one.is_gain],
        "gains": [_shift(one, old, coming) for one in shifts if one.is_gain],
        "replay": None if judged is None else judged.told(),
    }
    if as_json:
        print_json(told)
    else:
        print_diff(told, (ctx.obj["config"].name, new.name))


def policy_of(settings: Settings) -> Policy:
    """Return what a gateway.toml decides by."""
    snapshot = compile_snapshot(settings)
    host = settings.public_url.host.encode()
    return Policy(settings.routes, snapshot.routes, snapshot.networks, host)


def _read(path: Path) -> Settings:
    try:
        return read_checked(path, os.environ)
    except SettingsError as error:
        problems = render_problems(path, error.problems)
        raise No(f"{problems}\n{path} is not valid: nothing is compared.") from None


async def _crowds(opened: Opened, before: Policy, after: Policy) -> Sequence[Crowd]:
    crowds = Crowds(before, after)
    async for entry in opened.accounts.entries():
        if entry.person.enabled:
            crowds.add(entry.person.user, entry.person.groups)
    return crowds.all()


def _route_change(change: RouteChange) -> dict[str, Any]:
    before, after = change.before, change.after
    route = after or before
    what = "added" if before is None else "removed" if after is None else "changed"
    return {
        "change": what,
        "host": None if route is None else route.host,
        "path": "" if route is None else route.path,
        "line_before": None if before is None else before.line,
        "line_after": None if after is None else after.line,
        "keys": [{"key": key, "before": old, "after": new} for key, old, new in change.keys],
    }


def _shift(shift: Shift, old: Policy, new: Policy) -> dict[str, Any]:
    examples = [name for crowd in shift.crowds for name in crowd.examples]
    return {
        "host": shift.place.host,
        "path": shift.place.path,
        "line_before": _line(old, shift),
        "line_after": _line(new, shift),
        "reason": shift.reason.value,
        "users": shift.users,
        "not_logged_on": shift.is_about_nobody,
        "groups": sorted({group for crowd in shift.crowds for group in crowd.groups}),
        "examples": sorted(examples)[:_EXAMPLES],
        "networks": [{"before": before, "after": after} for before, after in shift.networks],
        "with_code": sorted(set(shift.codes)),
        "methods": [method.decode("ascii") for method in shift.methods],
    }


def _line(decided_by: Policy, shift: Shift) -> int | None:
    """Return the line of the route that a place leads to."""
    found = decided_by.found(shift.place)
    return found.line or None if isinstance(found, Route) else None
