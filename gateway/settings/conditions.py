"""The values of a `[[route]]` that say who may pass, from where, when and how."""

from __future__ import annotations

import zoneinfo
from collections.abc import Iterable, Sequence
from datetime import timedelta
from typing import Final
from zoneinfo import ZoneInfo, ZoneInfoNotFoundError

from gateway.settings.problems import choice_of, closest, show
from gateway.settings.reading import Shaped, Value, shaped
from gateway.settings.shapes import TEXT, listing, words
from gateway.settings.units import format_duration
from gateway.settings.values import lasting, list_of, text, worded
from policies.hours import EXAMPLE, Hours, parse_hours
from policies.methods import METHODS, meant
from policies.networks import INTERNET
from policies.user_names import canonical, is_possible

_METHODS: Final = sorted(name.decode("ascii") for name in METHODS)
_SHORTEST_IDLE: Final = "5s"
"""Uses are written down for the other workers a second or two after they are made."""


@shaped(listing(TEXT, least=1))
def groups(value: Value) -> frozenset[str]:
    """Read names of groups; an empty list would open what it is meant to close."""
    named = list_of(text, 'a list of groups, as ["hr"]')(value)
    if not named:
        raise value.refusal("one group or more; leave the key out for everybody logged on")
    return frozenset(named)


@shaped(listing(TEXT))
def users(value: Value) -> frozenset[str]:
    """Read user names in any spelling; [] is everybody who is logged on."""
    return frozenset(list_of(_user, 'a list of user names, as ["anna"]')(value))


@shaped(TEXT)
def _user(value: Value) -> str:
    user = canonical(text(value))
    if not is_possible(user):
        raise value.refusal("a user name: letters, digits and . _ - @")
    return user


@shaped(listing(words(_METHODS)))
def methods(value: Value) -> frozenset[bytes]:
    """Read request methods; GET lets HEAD through, [] every method."""
    return meant(list_of(_method, 'a list of methods, as ["GET", "POST"]')(value))


@shaped(words(_METHODS))
def _method(value: Value) -> str:
    method = text(value)
    if method not in _METHODS:
        near = closest(method, _METHODS)
        raise value.refusal(show(near) if near else "GET, HEAD, POST, PUT, PATCH, DELETE, OPTIONS")
    return method


def networks_among(names: Sequence[str]) -> Shaped[frozenset[str]]:
    """Read names of networks; with "!" before each of them, all the others are let in."""
    known = (*names, INTERNET)
    expected = f'a list of networks, as ["{known[0]}"], or ["!{INTERNET}"] for all but that one'

    @shaped(TEXT)
    def one(value: Value) -> str:
        written = text(value)
        if written.removeprefix("!") not in known:
            raise value.refusal(choice_of(written.removeprefix("!"), known))
        return written

    @shaped(listing(TEXT, least=1))
    def parse(value: Value) -> frozenset[str]:
        return _let_in(value, list_of(one, expected)(value), known)

    return parse


def _let_in(value: Value, written: Sequence[str], known: Iterable[str]) -> frozenset[str]:
    left_out = {name.removeprefix("!") for name in written if name.startswith("!")}
    if not written:
        raise value.refusal("one network or more; leave the key out for everywhere")
    if not left_out:
        return frozenset(written)
    if len(left_out) < len(set(written)):
        # An address is in one network only: with names beside them, exclusions say nothing.
        raise value.refusal('either names or names with "!", not both', "both kinds of name")
    let_in = frozenset(known) - left_out
    if not let_in:
        raise value.refusal("fewer exclusions: no network is left", "every network left out")
    return let_in


@shaped(TEXT)
def hours(value: Value) -> Hours:
    """Read opening hours; the zone is one of the time zone database."""
    written = " ".join(text(value).split())
    spans, name = worded(Value(value.reading, value.path, written), parse_hours)
    return Hours(spans, _zone(value, name), written)


def _zone(value: Value, name: str) -> ZoneInfo:
    try:
        return ZoneInfo(name)
    except (ZoneInfoNotFoundError, ValueError, OSError):  # OSError: the name of a directory
        near = closest(name, zoneinfo.available_timezones())
        zone = f'the time zone "{near}"' if near else f"a time zone that is known: {EXAMPLE}"
        raise value.refusal(zone) from None


def at_most(longest: timedelta, key: str) -> Shaped[timedelta]:
    """Read a lifetime that is no longer than that of `[session]`."""
    most = format_duration(longest)
    bounded = lasting(_SHORTEST_IDLE, "30d")

    @shaped(bounded.shape)
    def parse(value: Value) -> timedelta:
        lifetime = bounded(value)
        if lifetime > longest:
            raise value.refusal(f'at most session.{key} ("{most}"): a route only tightens it')
        return lifetime

    return parse
