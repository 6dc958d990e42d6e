"""gateway.toml held to everything that a start would stumble over, not only to its grammar.

`portvakt run`, `portvakt check` and an edit of the running gateway go through `read_checked`, so
they say the same in the same words.
"""

from __future__ import annotations

from collections.abc import Mapping
from importlib.util import find_spec
from pathlib import Path
from typing import Final

from gateway.directory.opening import require_driver
from gateway.proxy.listener import server_tls
from gateway.proxy.upstream_tls import upstream_tls
from gateway.settings.model import Settings
from gateway.settings.parse import read_settings
from gateway.settings.phones import SmtpSms
from gateway.settings.problems import Problem, SettingsError
from gateway.sms.making import require_extras
from gateway.sms.smtp import smtp_tls

_EXPORTER: Final = "opentelemetry.exporter.otlp.proto.http"


def read_checked(
    path: Path, environ: Mapping[str, str], *, state_dir: Path | None = None
) -> Settings:
    """Return the settings of a gateway.toml that can be served by; see `read_settings`.

    Opens certificates and looks for the directory's driver. Raises SettingsError.
    """
    settings = read_settings(path, environ, state_dir=state_dir)
    problems = [
        *_bad_certificates(settings),
        *_missing_driver(settings),
        *_missing_extras(settings),
    ]
    if problems:
        raise SettingsError(path.name, problems, settings.files)
    return settings


def _is_there(module: str) -> bool:
    """Whether a module of another package can be imported."""
    try:
        return find_spec(module) is not None
    except ModuleNotFoundError:  # not even what it is part of
        return False


def _bad_certificates(settings: Settings) -> list[Problem]:
    """Return which PEM files could not be served or trusted."""
    found: list[Problem] = []
    if settings.listen.tls is not None:
        try:
            server_tls(settings.listen.tls)
        except OSError as error:
            line = settings.lines.of(("listen", "tls"))
            expected = "a certificate and the key that belongs to it"
            found.append(Problem(line, "listen.tls", str(error), expected))
    for place, upstream in enumerate(settings.upstreams, start=1):
        try:
            upstream_tls(upstream)
        except OSError as error:
            expected = "the authority's certificate as PEM"
            found.append(Problem(upstream.line, f"upstream[{place}].tls_ca", str(error), expected))
    for index, way in enumerate(settings.sms):
        try:
            if isinstance(way, SmtpSms):
                smtp_tls(way)
        except OSError as error:
            line = settings.lines.of(("sms", index, "tls_ca"))
            expected = "the authority's certificate as PEM"
            found.append(Problem(line, f"sms[{index + 1}].tls_ca", str(error), expected))
    return found


def _missing_driver(settings: Settings) -> list[Problem]:
    """Return whether a database cannot be reached for want of its driver."""
    try:
        require_driver(settings.directory)
    except ValueError as error:
        expected = "the URL of a database whose driver is installed"
        line = settings.lines.of(("directory", "url"))
        return [Problem(line, "directory.url", str(error), expected)]
    return []


def _missing_extras(settings: Settings) -> list[Problem]:
    """Return what wants a library that is not installed: ways to a phone, traces."""
    found: list[Problem] = []
    if settings.telemetry.traces is not None and not _is_there(_EXPORTER):
        line = settings.lines.of(("telemetry", "traces"))
        why = 'OpenTelemetry is not installed: pip install "portvakt[otel]"'
        found.append(Problem(line, "telemetry.traces", why, "that, or no traces"))
    for index, way in enumerate(settings.sms):
        try:
            require_extras(way)
        except ValueError as error:
            line = settings.lines.of(("sms", index, "kind"))
            found.append(
                Problem(line, f"sms[{index + 1}].kind", str(error), "that, or another kind")
            )
    return found
