"""The command group and what all commands share: where gateway.toml is."""

from __future__ import annotations

import logging
import os
import sys
from pathlib import Path

import click

from gateway.cli.audit import audit
from gateway.cli.check import check
from gateway.cli.demo import demo
from gateway.cli.doctor import doctor
from gateway.cli.explain import explain
from gateway.cli.keys import keys
from gateway.cli.policy import policy
from gateway.cli.probe import probe
from gateway.cli.reaching import session_ender
from gateway.cli.run import run
from gateway.cli.schema import schema
from gateway.cli.session import session
from gateway.cli.texts import texts
from gateway.cli.user import user


def _default_config() -> Path:
    here = Path("gateway.toml")
    named = os.environ.get("PORTVAKT_CONFIG")
    return here if here.exists() or not named else Path(named)


class _Everywhere(click.Group):
    """Accepts `--config` after the command too, as people write it."""

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


@click.group(cls=_Everywhere, context_settings={"help_option_names": ["-h", "--help"]})
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
    ctx.obj = {"config": config or _default_config(), "session_ender": session_ender}


for command in (
    run, demo, check, doctor, probe, schema, user, session, keys, audit, explain, policy, texts
):  # fmt: skip
    portvakt.add_command(command)


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
