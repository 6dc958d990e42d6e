"""`portvakt schema`: what editors complete and check gateway.toml by."""

from __future__ import annotations

import click

from gateway.settings.schema import schema_text


@click.command()
def schema() -> None:
    """Print the JSON Schema of gateway.toml (2020-12).

    Editors find it by the file's first line: #:schema docs/gateway.schema.json
    """
    click.echo(schema_text(), nl=False)
