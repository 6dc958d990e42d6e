"""`portvakt doctor`: what keeps logons from being kept, and which neighbours do not answer."""

from __future__ import annotations

import asyncio
from pathlib import Path

import click

from gateway.checking import read_checked
from gateway.cli.configuration import read_config
from gateway.cli.findings import Finding, tell
from gateway.cli.front import look_at_front
from gateway.cli.neighbours import look_at_neighbours
from gateway.cli.output import No
from gateway.cli.peers import look_at_peers
from gateway.settings.model import Settings
from policies.networks import canonical_address


@click.command()
@click.option("--json", "as_json", is_flag=True, help="Print one JSON object instead of text.")
@click.option(
    "--ca",
    "authority",
    type=click.Path(path_type=Path, exists=True, dir_okay=False),
    help="Trust this authority (PEM) for public_url, instead of the machine's.",
)
@click.option(
    "--from",
    "source",
    metavar="ADDRESS",
    help="Call public_url from this address of this machine.",
)
@click.pass_context
def doctor(
    ctx: click.Context, *, as_json: bool, authority: Path | None, source: str | None
) -> None:
    """Look at public_url as a browser does, and at every neighbour.

    Says of each part whether it is well, and what to do. Sends no message and logs nobody on. Exit
    status 1 when there is a problem.
    """
    settings = read_config(ctx.obj["config"], read_checked)
    if source is not None and canonical_address(source) != source:
        raise click.BadParameter("write an IP address of this machine", param_hint="--from")
    try:
        findings = asyncio.run(_look(settings, authority, source))
    except OSError as error:
        raise No(f"{authority} holds no certificate in PEM: {error.strerror}") from None
    tell(ctx, findings, as_json=as_json)


async def _look(settings: Settings, authority: Path | None, source: str | None) -> list[Finding]:
    front, neighbours, peers = await asyncio.gather(
        look_at_front(settings, authority, source),
        look_at_neighbours(settings),
        look_at_peers(settings),
    )
    return [*front, *neighbours, *peers]
