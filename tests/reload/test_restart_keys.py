"""Which keys wait for a restart: each one held, each one named, and nothing else."""

from __future__ import annotations

from dataclasses import fields, replace
from datetime import timedelta
from pathlib import Path

import pytest

from gateway.reload.restart_keys import hold_back
from gateway.settings.model import HostPort, Limits, Log, Secret, Settings, Tls
from tests.auth.support import make_settings

RUNNING = make_settings()
LISTEN = RUNNING.listen
SECOND = timedelta(seconds=1)

HELD = {
    "listen.address": replace(RUNNING, listen=replace(LISTEN, address=(HostPort("::", 1),))),
    "listen.workers": replace(RUNNING, listen=replace(LISTEN, workers=0)),
    "listen.drain_delay": replace(RUNNING, listen=replace(LISTEN, drain_delay=SECOND)),
    "listen.drain_timeout": replace(RUNNING, listen=replace(LISTEN, drain_timeout=SECOND)),
    "admin.address": replace(RUNNING, admin=HostPort("127.0.0.1", 1)),
    "redis.url": replace(RUNNING, redis_url=Secret("redis://elsewhere")),
    "secrets.key": replace(RUNNING, secret_key=Secret("another key of thirty-two signs!")),
    "log.format": replace(RUNNING, log=Log(form="json")),
    "log.level": replace(RUNNING, log=Log(level="debug")),
    "audit.file": replace(RUNNING, audit_file=Path("/elsewhere/audit.jsonl")),
}
LIVE = {
    "listen.tls": replace(RUNNING, listen=replace(LISTEN, tls=Tls(Path("a"), Path("b")))),
    "listen.proxy_protocol": replace(RUNNING, listen=replace(LISTEN, proxy_protocol=True)),
    "listen.trusted_proxies": replace(
        RUNNING, listen=replace(LISTEN, trusted_proxies=("10.0.0.1",))
    ),
    "limits": replace(RUNNING, limits=Limits(fields=20)),
    "networks": replace(RUNNING, networks=(("corporate", ("10.1.0.0/16",)),)),
}


@pytest.mark.parametrize(("name", "wanted"), HELD.items(), ids=HELD)
def test_what_a_restart_must_change_stays(name: str, wanted: Settings) -> None:
    assert hold_back(RUNNING, wanted) == (RUNNING, (name,))


@pytest.mark.parametrize("wanted", LIVE.values(), ids=LIVE)
def test_everything_else_is_live(wanted: Settings) -> None:
    assert hold_back(RUNNING, wanted) == (wanted, ())


def test_all_of_them_are_named_and_the_rest_is_applied() -> None:
    wanted = replace(HELD["listen.workers"], audit_file=Path("b"), limits=Limits(fields=20))
    held, names = hold_back(RUNNING, wanted)
    assert names == ("listen.workers", "audit.file")
    assert held == replace(RUNNING, limits=Limits(fields=20))


def test_the_file_that_the_key_comes_from_is_no_key() -> None:
    """The same key may move to a file of another name."""
    wanted = replace(RUNNING, secret_key_file=Path("elsewhere"))
    assert hold_back(RUNNING, wanted) == (RUNNING, ())


def test_every_field_of_the_settings_is_either() -> None:
    """Whoever adds a table is reminded to think of its edits."""
    held = {"state_dir", "listen", "admin", "redis_url", "secret_key", "secret_key_file"}
    held |= {"audit_file", "log"}
    live = {
        "public_url", "networks", "directory", "sms", "upstreams", "routes", "limits", "session",
        "one_time_password", "lockout", "password", "self_service", "sms_budget", "branding",
        "assertion", "debug", "telemetry", "digest", "lines", "files",
    }  # fmt: skip
    assert {field.name for field in fields(Settings)} == held | live
