"""What gateway.toml may say but seldom should: each warning names the danger and the way out.

A warning is a `Problem` that stops nothing; a hint is one about taste and good custom. The checks
are those of `dangers`.
"""

from __future__ import annotations

from collections.abc import Iterator
from itertools import chain
from pathlib import Path

from gateway.settings.dangers import limits, routes, secrets, ways
from gateway.settings.dangers.finding import Finding
from gateway.settings.model import Settings
from gateway.settings.positions import render
from gateway.settings.problems import Problem


def warnings(settings: Settings, file: Path, cores: int) -> list[Problem]:
    """Return what is legal but unsafe, by line of `file`, which the settings were read from.

    `cores` is how many processes this machine runs at once.
    """
    problems = [
        Problem(
            settings.lines.of(one.path),
            render(one.path),
            one.found,
            one.expected,
            is_hint=one.is_hint,
        )
        for one in _findings(settings, file, cores)
    ]
    return sorted(problems, key=lambda problem: problem.line)


def _findings(settings: Settings, file: Path, cores: int) -> Iterator[Finding]:
    return chain(
        ways.plain_text(settings),
        ways.listeners(settings),
        ways.proxies(settings),
        ways.loopback_is_corporate(settings),
        ways.phones(settings),
        secrets.readable_files(settings),
        secrets.literal_secrets(settings, file),
        limits.sessions(settings),
        limits.passwords(settings),
        limits.failures(settings),
        limits.workers(settings, cores),
        limits.branding(settings),
        routes.open_doors(settings),
        routes.data_for_all(settings),
        routes.empty_networks(settings),
        routes.shadowed(settings),
    )
