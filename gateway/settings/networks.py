"""`[networks]` and every other list of networks. policies.networks has the grammar."""

from __future__ import annotations

import re
from typing import Final

from gateway.settings.reading import Table, Value, shaped
from gateway.settings.shapes import TEXT, listing
from gateway.settings.values import list_of, text, worded
from policies.factors import CORPORATE
from policies.networks import INTERNET, Network, parse_network

NETWORKS: Final = (
    (CORPORATE, ("10.0.0.0/8", "172.16.0.0/12", "192.168.0.0/16", "fd00::/8")),
)  # RFC 1918 and RFC 4193

_NAME: Final = re.compile(r"[a-z][a-z0-9_-]{0,62}")
_NAMES: Final = rf"^(?!{INTERNET}$){_NAME.pattern}$"
_LIST: Final = 'a list of networks, as ["10.0.0.0/8", "fd00::/8"]'


def read_networks(file: Table) -> tuple[tuple[str, tuple[str, ...]], ...]:
    """Read `[networks]`: names in their order, each with its ranges; "!" takes a range out."""
    if not file.has("networks"):
        file.table("networks", NETWORKS)
        return NETWORKS
    with file.table("networks", NETWORKS).closing() as table:
        example = '["10.0.0.0/8"], the network that needs no code ([] for none)'
        none: tuple[str, ...] = ()
        corporate = table.need(CORPORATE, none, _ranges, example)
        others = table.read_others(_NAMES, none, _ranges)
        named = {name: others.get(name, corporate) for name in table.names()}
        for name in named:
            if name == INTERNET:
                table.tell(name, "a network", "another name: internet is everything else")
            elif _NAME.fullmatch(name) is None:
                table.tell(name, "a name", "lower-case letters, digits, - and _ only")
    return tuple(named.items())


@shaped(listing(TEXT))
def proxies(value: Value) -> tuple[str, ...]:
    """Read a list of networks without exclusions."""
    return tuple(network.text for network in list_of(_network, _LIST)(value))


@shaped(TEXT)
def _network(value: Value) -> Network:
    return worded(value, parse_network)


@shaped(listing(TEXT))
def _ranges(value: Value) -> tuple[str, ...]:
    """Read one network's ranges; an exclusion must take something out."""
    ranges = list_of(_range, _LIST)(value)
    held = [network for excluded, network in ranges if not excluded]
    for index, (excluded, network) in enumerate(ranges):
        if excluded and not any(_overlap(network, other) for other in held):
            element = value.elements(_LIST)[index]
            raise element.refusal("an exclusion from a range of the same list")
    return tuple(f"!{network.text}" if excluded else network.text for excluded, network in ranges)


@shaped(TEXT)
def _range(value: Value) -> tuple[bool, Network]:
    written = text(value)
    bare = Value(value.reading, value.path, written.removeprefix("!"))
    return written.startswith("!"), _network(bare)


def _overlap(one: Network, other: Network) -> bool:
    return one.version == other.version and one.first <= other.last and other.first <= one.last
