"""Where a request comes from: the client's address behind trusted proxies, and its network's name.

Networks are compiled once to sorted ranges of integers and looked up by bisection. An IPv4-mapped
address (`::ffff:0:0/96`, RFC 4291 2.5.5.2) is the IPv4 address it holds; no other embedding is
unwrapped. Whatever cannot be read is outside. Imports netaddr, which no other module does.
"""

from __future__ import annotations

import re
from bisect import bisect_right
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from functools import lru_cache
from typing import Final, NamedTuple

from netaddr import INET_PTON, AddrFormatError, IPAddress, IPNetwork

INTERNET: Final = "internet"
"""The network of every address that no named network holds, and of an unknown address."""

UNKNOWN: Final = ""
"""The text of an address that could not be worked out."""

MAX_HOPS: Final = 32
"""How many X-Forwarded-For entries are read, from the right, before the client is unknown."""

_PREFIX: Final = re.compile(r"0|[1-9][0-9]{0,2}")
_LONGEST_ADDRESS: Final = 45  # INET6_ADDRSTRLEN without its NUL
_MAPPED_PREFIX: Final = 96
_MAPPED_BITS: Final = 0xFFFF  # what stands above the IPv4 address
_IPV4: Final = 4
_BITS: Final = {_IPV4: 32, 6: 128}


@dataclass(frozen=True, slots=True)
class Network:
    """One range in CIDR notation; `first` and `last` are addresses as integers."""

    version: int
    first: int
    last: int
    prefix: int
    text: str


def parse_network(text: str) -> Network:
    """Return the range that `text` ("10.0.0.0/8", "fd00::/8" or one address) stands for.

    Raises ValueError, saying what to write, for the whole internet, bits set right of the prefix,
    octal, short or named forms, netmasks, zones, and IPv4 written as mapped IPv6.
    """
    address_text, slash, prefix_text = text.partition("/")
    address = _read(address_text)
    if address is None:
        raise ValueError('a network as "10.0.0.0/8", "192.0.2.7" or "fd00::/8"')
    bits = _BITS[address.version]
    if slash and not _is_prefix(prefix_text, bits):
        raise ValueError(f"a prefix length from 1 to {bits} after the slash")
    prefix = int(prefix_text) if slash else bits
    if prefix == 0:
        raise ValueError("networks you know; this one is the whole internet")
    if _is_mapped(address) and prefix >= _MAPPED_PREFIX:
        plain = IPNetwork((int(address) & 0xFFFFFFFF, prefix - _MAPPED_PREFIX), version=_IPV4).cidr
        raise ValueError(f'the IPv4 network itself, "{plain}": mapped addresses are read as IPv4')
    network = IPNetwork((int(address), prefix), version=address.version)
    if network.first != int(address):
        raise ValueError(f'"{network.cidr}": the address has bits set right of the prefix')
    return Network(address.version, network.first, network.last, prefix, str(network.cidr))


def canonical_address(text: str) -> str:
    """Return the one spelling of an IP address, mapped ones as IPv4; "" for anything else."""
    address = _unmapped(text)
    return UNKNOWN if address is None else address.text


class NetworkTable:
    """Which named network an address is in. Immutable once compiled."""

    __slots__ = ("_names", "_starts")

    def __init__(self, starts: Mapping[int, list[int]], names: Mapping[int, list[str]]) -> None:
        self._starts: Final = starts
        self._names: Final = names

    @classmethod
    def compile(cls, named: Mapping[str, Sequence[str]]) -> NetworkTable:
        """Compile networks by name; a text that begins with "!" takes a range out of its network.

        An exclusion wins over every inclusion of the same network, wherever it stands. An address
        in several networks belongs to the one that names it with the longest prefix; among equals,
        to the one named first. Raises ValueError as `parse_network` does.
        """
        claims = [
            _claim(name, rank, text) for rank, name in enumerate(named) for text in named[name]
        ]
        starts: dict[int, list[int]] = {}
        names: dict[int, list[str]] = {}
        for version in _BITS:
            starts[version], names[version] = _ranges(
                [claim for claim in claims if claim.network.version == version]
            )
        return cls(starts, names)

    def name_of(self, address: str) -> str:
        """Return the name of the network of `address`; "internet" for all else, unreadable too."""
        parsed = _unmapped(address)
        if parsed is None:
            return INTERNET
        index = bisect_right(self._starts[parsed.version], parsed.number) - 1
        return self._names[parsed.version][index]

    def holding(self) -> frozenset[str]:
        """Return the names that some address has."""
        return frozenset(name for names in self._names.values() for name in names)

    def edges(self, version: int) -> Sequence[int]:
        """Return the addresses of IPv4 or IPv6 at which another network may begin, from 0 on."""
        return self._starts[version]


def meetings(one: NetworkTable, other: NetworkTable) -> Mapping[tuple[str, str], str]:
    """Return every pair of names that two tables give to the same address, and an address of it."""
    found: dict[tuple[str, str], str] = {}
    for version in _BITS:
        for number in sorted({*one.edges(version), *other.edges(version)}):
            address = str(IPAddress(number, version=4 if version == _IPV4 else 6))
            found.setdefault((one.name_of(address), other.name_of(address)), address)
    return found


class AddressSet:
    """A set of addresses, for example the proxies whose word is taken."""

    __slots__ = ("_table", "is_empty")

    def __init__(self, table: NetworkTable, *, is_empty: bool) -> None:
        self._table: Final = table
        self.is_empty: Final = is_empty

    @classmethod
    def compile(cls, texts: Iterable[str]) -> AddressSet:
        """Compile networks as `NetworkTable.compile` reads them."""
        listed = tuple(texts)
        return cls(NetworkTable.compile({"member": listed}), is_empty=not listed)

    def contains(self, address: str) -> bool:
        """Return whether `address` is in the set; an unreadable one never is."""
        return not self.is_empty and self._table.name_of(address) == "member"


def client_address(peer: str, forwarded_for: Sequence[str], trusted: AddressSet) -> str:
    """Return the client's address in its canonical spelling, or "" when it is unknown.

    `peer` is the other end of the connection and `forwarded_for` the X-Forwarded-For field lines
    in their order (RFC 9110 5.3: they read as one list). An untrusted peer is the client whatever
    it sends. Behind a trusted one the right-most hop that is not trusted itself decides; without
    such a hop (none at all, unreadable, or more than MAX_HOPS) the client is unknown: a proxy that
    forgets the field must not lend its own place in the network to everybody.
    """
    last = UNKNOWN
    for hop in _hops(peer, forwarded_for, trusted):
        last = UNKNOWN if hop.is_trusted else hop.address
    return last


class Hop(NamedTuple):
    """One end of a connection on the way: as it was written, in canonical spelling, trusted or not.

    `address` is "" for what cannot be read.
    """

    text: str
    address: str
    is_trusted: bool


class Trace(NamedTuple):
    """How a client's address was found: the hops from our peer on, and who was not believed.

    The last of `hops` is the client, unless it is trusted itself: then nobody told who the client
    is. `unread` are the X-Forwarded-For entries left of it, from the right; they count for nothing.
    """

    hops: tuple[Hop, ...]
    unread: tuple[str, ...]
    client: str


def trace_client(peer: str, forwarded_for: Sequence[str], trusted: AddressSet) -> Trace:
    """Return the way to what `client_address` answers for the same values."""
    hops = tuple(_hops(peer, forwarded_for, trusted))
    entries = list(_from_the_right(forwarded_for)) if forwarded_for else []
    unread = tuple(entries[len(hops) - 1 :])
    return Trace(hops, unread, UNKNOWN if hops[-1].is_trusted else hops[-1].address)


def _hops(peer: str, forwarded_for: Sequence[str], trusted: AddressSet) -> Iterator[Hop]:
    """Yield the peer, and as long as each one is trusted the hop that it tells of."""
    address = canonical_address(peer)
    is_trusted = trusted.contains(address)
    yield Hop(peer, address, is_trusted)
    told = _from_the_right(forwarded_for)
    while is_trusted:
        text = next(told, None)
        if text is None:
            return
        address = canonical_address(text)
        is_trusted = trusted.contains(address)
        yield Hop(text, address, is_trusted)


def _from_the_right(field_lines: Sequence[str]) -> Iterator[str]:
    left = ",".join(field_lines)
    for _ in range(MAX_HOPS):
        left, comma, hop = left.rpartition(",")
        yield hop.strip(" \t")
        if not comma:
            return


def _is_prefix(text: str, bits: int) -> bool:
    return _PREFIX.fullmatch(text) is not None and int(text) <= bits


def _read(text: str) -> IPAddress | None:
    """Strict presentation form only: four decimal octets, or RFC 4291 2.2 without a zone."""
    if len(text) > _LONGEST_ADDRESS or not text.isascii():
        return None
    try:
        return IPAddress(text, flags=INET_PTON)
    except (AddrFormatError, ValueError):
        return None


def _is_mapped(address: IPAddress) -> bool:
    return address.version != _IPV4 and int(address) >> 32 == _MAPPED_BITS


class _Address(NamedTuple):
    """An address, unmapped: its version, its value, its canonical spelling."""

    version: int
    number: int
    text: str


def _unmapped(text: str) -> _Address | None:
    # Judged by length first, so that what is remembered stays small whoever sends it.
    return _remembered(text) if len(text) <= _LONGEST_ADDRESS else None


@lru_cache(maxsize=4096)
def _remembered(text: str) -> _Address | None:
    """Parse once: it costs ten look-ups, and the same addresses come back with each request."""
    address = _read(text)
    if address is None:
        return None
    if _is_mapped(address):
        address = IPAddress(int(address) & 0xFFFFFFFF, version=_IPV4)
    return _Address(address.version, int(address), str(address))


@dataclass(frozen=True, slots=True)
class _Claim:
    """One line of one network. `rank` is the place of its name among the names."""

    name: str
    rank: int
    network: Network
    excluded: bool


def _claim(name: str, rank: int, text: str) -> _Claim:
    return _Claim(name, rank, parse_network(text.removeprefix("!")), text.startswith("!"))


def _ranges(claims: list[_Claim]) -> tuple[list[int], list[str]]:
    """Cut the address space at every edge of a claim; each piece has one winner.

    CIDR ranges nest or are apart, never half over each other, so the claims over one piece are
    those still open on a stack.
    """
    starts, names = [0], [INTERNET]

    def cut(start: int, name: str) -> None:
        if start == starts[-1]:
            names[-1] = name
        elif name != names[-1]:
            starts.append(start)
            names.append(name)

    stack: list[_Claim] = []
    for claim in sorted(claims, key=lambda claim: (claim.network.first, claim.network.prefix)):
        _close(stack, claim.network.first, cut)
        stack.append(claim)
        cut(claim.network.first, _winner(stack))
    _close(stack, 1 << 128, cut)
    return starts, names


def _close(stack: list[_Claim], before: int, cut: Callable[[int, str], None]) -> None:
    while stack and stack[-1].network.last < before:
        last = stack.pop().network.last
        cut(last + 1, _winner(stack))


def _winner(claims: Sequence[_Claim]) -> str:
    excluded = {claim.rank for claim in claims if claim.excluded}
    held = [claim for claim in claims if not claim.excluded and claim.rank not in excluded]
    if not held:
        return INTERNET
    return max(held, key=lambda claim: (claim.network.prefix, -claim.rank)).name
