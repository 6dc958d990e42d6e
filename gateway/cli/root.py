"""The command group and what all commands share: where gateway.toml is."""

from __future__ import annotations

import gc
import importlib
import logging
import os
import sys
from pathlib import Path
from typing import TYPE_CHECKING, Final

import click

from gateway.settings.model import Settings

if TYPE_CHECKING:
    from contextlib import AbstractAsyncContextManager

    from gateway.directory.accounts import OnChanged

_COMMANDS: Final = (
    "run", "demo", "check", "doctor", "probe", "schema", "user", "session", "keys", "audit",
    "explain", "policy", "texts", "migrate",
)  # fmt: skip
"""Each is the command of its name in the module of its name, read when it is called: reading all
of them takes longer than most of them work."""


def _default_config() -> Path:
    here = Path("gateway.toml")
    named = os.environ.get("PORTVAKT_CONFIG")
    return here if here.exists() or not named else Path(named)


def _session_ender(settings: Settings) -> AbstractAsyncContextManager[OnChanged]:
    """Return what ends sessions; few commands do, and only those wait for the store's client."""
    from gateway.cli.reaching import session_ender  # noqa: PLC0415 - see above

    return session_ender(settings)


class _Commands(click.Group):
    """The commands; `--config` may stand after them too, as people write it."""

    def list_commands(self, ctx: click.Context) -> list[str]:
        """Return all names; see click."""
        del ctx
        return sorted(_COMMANDS)

    def get_command(self, ctx: click.Context, cmd_name: str) -> click.Command | None:
        """Return a command, read now; see click."""
        del ctx
        if cmd_name not in _COMMANDS:
            return None
        gc.disable()  # what is read stays: looking through it again and again costs a tenth
        module = importlib.import_module(f"gateway.cli.{cmd_name}")
        gc.enable()
        found: click.Command = getattr(module, cmd_name)
        return found

    def parse_args(self, ctx: click.Context, args: list[str]) -> list[str]:
        """Move `--config FILE` to the front; see click."""
        moved: list[str] = []
        rest: list[str] = []
        words = iter(args)
        for word in words:
            if word == "--":
                rest += [word, *words]
            elif word == "--config":
                moved += [word, *[value for value in [next(words, None)] if value is not None]]
            elif word.startswith("--config="):
                moved.append(word)
            else:
                rest.append(word)
        return super().parse_args(ctx, [*moved, *rest])


@click.group(cls=_Commands, context_settings={"help_option_names": ["-h", "--help"]})
@click.option(
    "--config",
    type=click.Path(path_type=Path, dir_okay=False),
    help="gateway.toml (default: ./gateway.toml, then $PORTVAKT_CONFIG).",
)
@click.pass_context
def portvakt(ctx: click.Context, config: Path | None) -> None:
    """Portvakt: an authentication gateway in front of your portal."""
    # Commands say what is wrong themselves; `run` sets the log up.
    logging.getLogger("portvakt").addHandler(logging.NullHandler())
    ctx.obj = {"config": config or _default_config(), "session_ender": _session_ender}


def main() -> None:
    """Run the command line; exits 0 done, 1 no, 2 usage."""
    if sys.flags.optimize:
        # aiohttp 3.13 and older looped for ever without its assertions (CVE-2025-69227).
        click.echo("portvakt does not run under python -O: checks would be left out.", err=True)
        raise SystemExit(1)
    if os.environ.get("AIOHTTP_NO_EXTENSIONS"):
        # The pages would read requests with another parser than the one all tests are about.
        click.echo("portvakt does not run with AIOHTTP_NO_EXTENSIONS: unset it.", err=True)
        raise SystemExit(1)
    portvakt(prog_name="portvakt")
