"""`portvakt texts`: every text of pages and messages, as a file to be filled in."""

from __future__ import annotations

import click

from gateway.texts.template import template
from policies.languages import LANGUAGES


@click.command()
@click.argument("language", type=click.Choice(LANGUAGES))
def texts(language: str) -> None:
    """Print all texts in a LANGUAGE, as a .po file to be filled in.

    An organisation says some in its own words: it saves this as en.po or sv.po in the directory
    that [branding] names in gateway.toml, and fills in those it wants. The others stay ours.
    """
    click.echo(template(language), nl=False)
