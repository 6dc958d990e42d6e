"""`portvakt demo`: the gateway with a stub portal and a stub phone, to be tried at once.

The stub's addresses are those of the first upstream and the first SMS provider in gateway.toml.
"""

from __future__ import annotations

import asyncio
import contextlib
import functools
import os
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import Final
from urllib.parse import urlsplit

import click

from gateway.checking import read_checked
from gateway.cli.configuration import read_config
from gateway.cli.demo_people import PASSWORD, PEOPLE, make_people, opened_by_demo_password
from gateway.cli.migrate import require_tables
from gateway.cli.output import No
from gateway.cli.run import open_state_dir, require_floors, serve
from gateway.settings.model import Settings
from gateway.settings.phones import HttpSms
from gateway.supervise import die_with_parent

_READY_S: Final = 15.0


@click.command()
@click.pass_context
def demo(ctx: click.Context) -> None:
    """Run the gateway with a stub portal, a stub phone and demo accounts."""
    path: Path = ctx.obj["config"]
    require_floors()
    settings = read_config(path, read_checked)
    portal, phone = _stub_addresses(settings)
    open_state_dir(settings)
    require_tables(settings.directory)
    with _stub(portal, phone):
        asyncio.run(make_people(settings))
        changed = {p.user for p in PEOPLE} - set(asyncio.run(opened_by_demo_password(settings)))
        serve(path, settings, ready=lambda: _welcome(settings, phone, changed))


def _stub_addresses(settings: Settings) -> tuple[str, str]:
    url = settings.upstreams[0].urls[0]
    sms = settings.sms[0] if settings.sms else None
    phone = urlsplit(sms.url) if isinstance(sms, HttpSms) else None
    local = {"127.0.0.1", "localhost", "::1"}
    if url.host not in local or phone is None or phone.hostname not in local:
        raise No(
            "The demo wants the first [[upstream]] and the first [[sms]] (kind http) of "
            "gateway.toml on this machine, such as http://127.0.0.1:9000. "
            "In front of a real portal, start: portvakt run"
        )
    return f"{url.host}:{url.port}", f"{phone.hostname}:{phone.port or 80}"


@contextlib.contextmanager
def _stub(portal: str, phone: str) -> Iterator[None]:
    """Run the stub in a process of its own; it ends with us, however we end."""
    command = [sys.executable, "-m", "upstream_stub", "--portal", portal, "--phone", phone]
    stub = subprocess.Popen(  # noqa: S603 - our own module, no shell
        command,
        stdout=subprocess.PIPE,
        text=True,
        start_new_session=True,  # Ctrl-C is for the gateway, which then ends the stub
        preexec_fn=functools.partial(die_with_parent, os.getpid()),  # noqa: PLW1509 - no threads
    )
    try:
        ready = stub.stdout.readline() if stub.stdout is not None else ""
        if not ready:
            raise No(
                f"The stub portal did not start: is {portal} or {phone} taken? Stop what listens "
                "there, or write other ports in gateway.toml: [[upstream]] url and [[sms]] url."
            )
        yield
    finally:
        stub.terminate()
        with contextlib.suppress(subprocess.TimeoutExpired):
            stub.wait(_READY_S)
        stub.kill()
        stub.wait()


def _welcome(settings: Settings, phone: str, changed: set[str]) -> None:
    """Say where to go; `changed` are the accounts that have another password by now."""
    names = ", ".join(
        f"{p.user} ({p.name}{'' if p.mobile else ', no number at first'}"
        f"{', a password of its own' if p.user in changed else ''})"
        for p in PEOPLE
    )
    click.echo(
        f"""
  Portvakt is up.

    Portal     {settings.public_url.origin}
    Phone      http://{phone}/   (codes arrive here)
    Accounts   {names}
    Password   {PASSWORD}

  Ctrl-C stops everything.
"""
    )
