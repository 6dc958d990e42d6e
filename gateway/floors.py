"""Versions of packages under which a published hole is open, or that nobody tested: not served on.

One table. A hole that becomes known is one line here, and every start says so from then on. What
our own requirements ask for holds too, whoever installed something else since.
"""

from __future__ import annotations

import re
from collections.abc import Callable
from dataclasses import dataclass
from importlib.metadata import PackageNotFoundError, requires, version
from typing import Final

from aiohttp import http_parser


@dataclass(frozen=True, slots=True)
class Floor:
    """The oldest release of a package to run on, and what is open below it."""

    package: str
    oldest: str
    why: str


FLOORS: Final = (
    Floor("aiohttp", "3.14.4", "CVE-2026-111748, CVE-2026-111750 and older ones"),
    Floor("babel", "2.9.1", "CVE-2021-42771"),
    Floor("cryptography", "50.0.0", "GHSA-g6cj-pr64-35w5"),
    Floor("httptools", "0.8.0", "issue 142: long targets were cut short"),
    Floor("idna", "3.15", "CVE-2026-45409, CVE-2024-3651"),
    Floor("jinja2", "3.1.6", "CVE-2025-27516"),
    Floor("joserfc", "1.7.6", "CVE-2026-119284, CVE-2026-75509 and older ones"),
    Floor("netaddr", "1.0.0", "addresses with leading zeros were read in two ways"),
    # The advisories name 4.5.4; 4.5.5 is the first that closes a connection whose reply is due.
    Floor("redis", "4.5.5", "CVE-2023-28858, CVE-2023-28859: one caller got another's answer"),
)


@dataclass(frozen=True, slots=True)
class Outdated:
    """A package that is too old, broken or missing; `found` and `way_out` are for a person."""

    package: str
    found: str
    way_out: str

    def sentence(self) -> str:
        """Return all of it in one line."""
        return f"{self.package}: {self.found}; {self.way_out}"


def outdated(installed: Callable[[str], str] = version) -> list[Outdated]:
    """Return what must not be served on; `installed` returns a version or raises."""
    found: dict[str, Outdated] = {}
    for floor in (*FLOORS, *_required()):
        if floor.package not in found and (one := _below(floor, installed)) is not None:
            found[floor.package] = one
    if http_parser.HttpRequestParser is http_parser.HttpRequestParserPy:
        again = "install its wheel again: pip install --force-reinstall aiohttp"
        found["aiohttp"] = Outdated("aiohttp", "its parser in C is not there", again)
    return list(found.values())


def _required() -> list[Floor]:
    """Return the floors of our own requirements; those for some machines only are left out."""
    try:
        ours = requires("portvakt") or []
    except PackageNotFoundError:  # run from its files, without being installed
        return []
    read = [re.match(r"([A-Za-z0-9_.-]+)[^;>]*>=([0-9.]+)[^;]*$", one) for one in ours]
    return [Floor(one[1].lower(), one[2], "what nobody tested") for one in read if one]


def _below(floor: Floor, installed: Callable[[str], str]) -> Outdated | None:
    way_out = f'install a newer one: pip install "{floor.package}>={floor.oldest}"'
    try:
        text = installed(floor.package)
    except PackageNotFoundError:
        return Outdated(floor.package, "not installed", way_out)
    if release(text) >= release(floor.oldest):
        return None
    found = f"version {text} is older than {floor.oldest} and open to {floor.why}"
    return Outdated(floor.package, found, way_out)


def release(text: str) -> tuple[int, ...]:
    """Return a version (PEP 440) for comparing; one before its release is below the release.

    What cannot be read is below everything.
    """
    known = re.match(r"v?(?:0!)?(\d+(?:\.\d+)*)(?:[-_.]?(a|b|c|rc|alpha|beta|pre|dev)\d*)?", text)
    if known is None:
        return ()
    numbers = [int(part) for part in known[1].split(".")]
    while numbers and numbers[-1] == 0:
        numbers.pop()
    early = known[2] is not None or ".dev" in text
    return (*numbers, -1) if early else (*numbers, 0)
