"""gateway.toml as commands read it: what is wrong with it ends a command and is told."""

from __future__ import annotations

import os
from collections.abc import Callable, Mapping
from pathlib import Path

import click

from gateway.cli.output import No
from gateway.settings.model import Settings
from gateway.settings.parse import read_settings
from gateway.settings.problems import SettingsError


def read_config(
    path: Path, read: Callable[[Path, Mapping[str, str]], Settings] = read_settings
) -> Settings:
    """Return the settings of gateway.toml. Raises No, with all that is wrong with it.

    Whoever is going to serve by them reads with `gateway.checking.read_checked`.
    """
    try:
        return read(path, os.environ)
    except SettingsError as error:
        raise No(f"{error}\nCorrect what is listed, and look with: portvakt check") from None


def mobile_region(ctx: click.Context) -> str:
    """Return where a mobile number without a country code belongs. Raises No."""
    return read_config(ctx.obj["config"]).self_service.region
