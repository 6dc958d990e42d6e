"""gateway.toml -> Settings: every error at once, each with its line, its key and what to write.

Reads the file, the files it names as secrets, and the environment it is given; nothing else.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace
from pathlib import Path
from typing import Final

from gateway.settings.addresses import is_loopback, parse_public_url
from gateway.settings.branding import read_branding
from gateway.settings.document import read_document
from gateway.settings.model import HostPort, PublicUrl, Settings, Upstream
from gateway.settings.neighbours import read_directory, read_redis, read_secrets
from gateway.settings.networks import read_networks
from gateway.settings.observing import read_log, read_telemetry
from gateway.settings.password import read_password
from gateway.settings.problems import SettingsError
from gateway.settings.reading import Reading, Table, Value, shaped
from gateway.settings.routes import Around, read_routes
from gateway.settings.shapes import matching
from gateway.settings.sms import read_sms
from gateway.settings.tables import (
    read_admin,
    read_assertion,
    read_audit,
    read_debug,
    read_limits,
    read_listen,
    read_lockout,
    read_one_time_password,
    read_self_service,
    read_session,
    read_sms_budget,
)
from gateway.settings.upstreams import read_upstreams
from gateway.settings.values import file_path, text

STATE_DIR: Final = "var"

_NOBODY: Final = PublicUrl("http", "localhost", 80, "http://localhost")
_EVERYWHERE: Final = frozenset({"0.0.0.0", "::"})  # noqa: S104 - compared, not bound


def read_settings(
    path: Path, environ: Mapping[str, str], *, state_dir: Path | None = None
) -> Settings:
    """Return what the file at `path` says. Raises SettingsError with every problem in it.

    `environ` is where `{ env = "NAME" }` looks. Relative paths become absolute, from the file's
    directory. What follows state_dir follows `state_dir`, where it is given.
    """
    document = read_document(path)
    reading = Reading(path.parent.absolute(), environ, document.lines)
    file = Value(reading, (), document.values).table()
    with file.closing():
        settings = read_tables(file, document.digest, state_dir)
    if reading.problems:
        raise SettingsError(path.name, reading.problems, reading.files)
    return settings


def read_tables(file: Table, digest: str, state_dir_in_use: Path | None) -> Settings:
    """Return what the tables of a file say; what is wrong with them is kept by their reading."""
    public_url = file.need("public_url", _NOBODY, _public_url, '"https://one.example.se"')
    state_dir = file.read("state_dir", file.reading.base / STATE_DIR, file_path)
    state_dir = state_dir_in_use or state_dir
    listen, admin = read_listen(file), read_admin(file)
    redis_url = read_redis(file)
    secret_key, secret_key_file = read_secrets(file, state_dir)
    networks = read_networks(file)
    session = read_session(file)
    upstreams = read_upstreams(file)
    around = Around(
        upstreams=tuple(upstream.name for upstream in upstreams if upstream.name),
        networks=tuple(name for name, _ in networks),
        session=session,
        public_host=public_url.host,
    )
    _judge_addresses(file, (*listen.address, admin), upstreams)
    routes = read_routes(file, around)
    self_service = read_self_service(file, around.networks)
    shortest = min((route.idle for route in routes if route.idle is not None), default=None)
    return Settings(
        public_url=public_url,
        state_dir=state_dir,
        listen=listen,
        admin=admin,
        redis_url=redis_url,
        secret_key=secret_key,
        secret_key_file=secret_key_file,
        networks=networks,
        session=replace(session, shortest_idle=shortest),
        one_time_password=read_one_time_password(file),
        lockout=read_lockout(file),
        password=read_password(file),
        self_service=self_service,
        sms_budget=read_sms_budget(file),
        directory=read_directory(file, state_dir, self_service.region),
        sms=read_sms(file, state_dir),
        branding=read_branding(file),
        assertion=read_assertion(file),
        audit_file=read_audit(file, state_dir),
        limits=read_limits(file),
        debug=read_debug(file, around.networks),
        telemetry=read_telemetry(file),
        log=read_log(file),
        upstreams=upstreams,
        routes=routes,
        digest=digest,
        lines=file.reading.lines,
        files=file.reading.files,
    )


@shaped(matching("[Hh][Tt][Tt][Pp][Ss]?://[^/?#]+"))
def _public_url(value: Value) -> PublicUrl:
    written = text(value)
    try:
        return parse_public_url(written)
    except ValueError as error:
        found = "a URL with a user name or password" if "@" in written else None
        raise value.refusal(str(error), found) from None


def _judge_addresses(
    file: Table, own: tuple[HostPort, ...], upstreams: tuple[Upstream, ...]
) -> None:
    """Refuse an admin address that is also public, and an upstream that is the gateway itself."""
    if own[-1].port and own[-1] in own[:-1]:
        file.reading.tell(("admin", "address"), "an address of [listen] too", "another port")
    for place, upstream in enumerate(upstreams):
        for index, url in enumerate(upstream.urls):
            if any(_is_same(url.host, url.port, listener) for listener in own):
                path = ("upstream", place, "url", index)
                file.reading.tell(path, "the gateway's own address", "the application's")


def _is_same(host: str, port: int, listener: HostPort) -> bool:
    if not port or port != listener.port:
        return False
    if listener.host in _EVERYWHERE:
        return is_loopback(host)
    return host == listener.host or {host, listener.host} <= {"localhost", "127.0.0.1"}
