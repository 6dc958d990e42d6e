"""Client address and network: tables of cases, and the compiled lookup against a naive one."""

from __future__ import annotations

import ipaddress
import re

import pytest
from hypothesis import given
from hypothesis import strategies as st

from policies.networks import (
    INTERNET,
    MAX_HOPS,
    AddressSet,
    NetworkTable,
    canonical_address,
    client_address,
    meetings,
    parse_network,
    trace_client,
)

CORPORATE = ["10.0.0.0/8", "172.16.0.0/12", "192.168.0.0/16", "fd00::/8", "!10.66.0.0/16"]
TABLE = NetworkTable.compile({"corporate": CORPORATE, "branch": ["10.20.0.0/16", "192.168.0.0/16"]})


@pytest.mark.parametrize(
    ("address", "name"),
    [
        ("10.0.0.0", "corporate"),
        ("10.255.255.255", "corporate"),
        ("9.255.255.255", INTERNET),
        ("11.0.0.0", INTERNET),
        ("10.66.0.0", INTERNET),
        ("10.66.255.255", INTERNET),
        ("10.67.0.0", "corporate"),
        ("10.20.1.1", "branch"),  # the longest prefix wins
        ("192.168.1.1", "corporate"),  # among equals the first named
        ("fd12::1", "corporate"),
        ("FD12::0001", "corporate"),
        ("fe00::", INTERNET),
        ("::ffff:10.0.0.5", "corporate"),
        ("::FFFF:0a00:0005", "corporate"),
        ("::ffff:10.66.0.5", INTERNET),
        ("::10.0.0.5", INTERNET),  # IPv4-compatible, not mapped
        ("::ffff:0:10.0.0.5", INTERNET),  # SIIT
        ("64:ff9b::10.0.0.5", INTERNET),  # NAT64
        ("2002:a00:5::", INTERNET),  # 6to4
        ("", INTERNET),
        ("unknown", INTERNET),
        ("localhost", INTERNET),
        ("10.0.0.5:80", INTERNET),
        ("[fd00::1]", INTERNET),
        ("fd00::1%eth0", INTERNET),
        ("fd00::1%1", INTERNET),
        ("010.0.0.5", INTERNET),
        ("10.0.5", INTERNET),
        ("10.5", INTERNET),
        ("167772165", INTERNET),
        ("0x0a.0.0.5", INTERNET),
        ("10.0.0.5/32", INTERNET),
        (" 10.0.0.5", INTERNET),
        ("10.0.0.5\n", INTERNET),
        ("10.0.0.5\0", INTERNET),
        ("１０.0.0.5", INTERNET),
        ("\ud800", INTERNET),
        ("0.0.0.0", INTERNET),
        ("255.255.255.255", INTERNET),
        ("::", INTERNET),
        ("ffff:ffff:ffff:ffff:ffff:ffff:ffff:ffff", INTERNET),
    ],
)
def test_network_of_an_address(address, name):
    assert TABLE.name_of(address) == name


def test_an_exclusion_wins_over_a_longer_inclusion_of_its_own_network():
    table = NetworkTable.compile({"corporate": ["10.66.5.0/24", "!10.66.0.0/16", "10.0.0.0/8"]})
    assert table.name_of("10.66.5.1") == INTERNET
    assert table.name_of("10.65.0.1") == "corporate"


def test_an_exclusion_leaves_other_networks_alone():
    table = NetworkTable.compile(
        {"corporate": ["10.0.0.0/8", "!10.66.0.0/16"], "lab": ["10.66.0.0/16"]}
    )
    assert table.name_of("10.66.0.1") == "lab"


def test_edges_of_the_address_space():
    table = NetworkTable.compile({"low": ["0.0.0.0/1"], "high": ["128.0.0.0/1", "8000::/1"]})
    assert table.name_of("0.0.0.0") == table.name_of("127.255.255.255") == "low"
    assert table.name_of("128.0.0.0") == table.name_of("255.255.255.255") == "high"
    assert table.name_of("ffff:ffff:ffff:ffff:ffff:ffff:ffff:ffff") == "high"
    assert table.name_of("7fff::") == INTERNET


def test_nothing_named_is_the_internet():
    assert NetworkTable.compile({}).name_of("10.0.0.1") == INTERNET
    assert NetworkTable.compile({"corporate": []}).name_of("10.0.0.1") == INTERNET


@pytest.mark.parametrize(
    ("text", "told"),
    [
        ("0.0.0.0/0", "whole internet"),
        ("::/0", "whole internet"),
        ("10.0.0.0/0", "whole internet"),
        ("10.0.0.5/8", '"10.0.0.0/8"'),
        ("fd00::1/8", '"fd00::/8"'),
        ("010.0.0.0/8", "a network as"),
        ("10/8", "a network as"),
        ("10.0/16", "a network as"),
        ("corp.example.se", "a network as"),
        ("", "a network as"),
        ("/8", "a network as"),
        ("!10.0.0.0/8", "a network as"),
        ("10.0.0.0-10.0.0.9", "a network as"),
        ("fe80::%eth0/64", "a network as"),
        ("10.0.0.0/", "prefix length"),
        ("10.0.0.0/33", "prefix length"),
        ("10.0.0.0/08", "prefix length"),
        ("10.0.0.0/+8", "prefix length"),
        ("10.0.0.0/255.0.0.0", "prefix length"),
        ("10.0.0.0/0.255.255.255", "prefix length"),
        ("10.0.0.0/8/8", "prefix length"),
        ("10.0.0.0/²", "prefix length"),
        ("fd00::/129", "prefix length"),
        ("::ffff:10.0.0.0/104", '"10.0.0.0/8"'),
        ("::ffff:10.0.0.7", '"10.0.0.7/32"'),
        ("::ffff:0:0/96", '"0.0.0.0/0"'),
    ],
)
def test_networks_that_are_refused(text, told):
    with pytest.raises(ValueError, match=re.escape(told)) as raised:
        parse_network(text)
    if told == "a network as":
        assert str(raised.value) == 'a network as "10.0.0.0/8", "192.0.2.7" or "fd00::/8"'


@pytest.mark.parametrize(
    ("text", "first", "last"),
    [
        ("10.0.0.0/8", "10.0.0.0", "10.255.255.255"),
        ("192.0.2.7", "192.0.2.7", "192.0.2.7"),
        ("FD00::/8", "fd00::", "fdff:ffff:ffff:ffff:ffff:ffff:ffff:ffff"),
        ("::1", "::1", "::1"),
    ],
)
def test_networks_that_are_read(text, first, last):
    network = parse_network(text)
    assert network.first == int(ipaddress.ip_address(first))
    assert network.last == int(ipaddress.ip_address(last))
    assert network.text == str(ipaddress.ip_network(text))


TRUSTED = AddressSet.compile(["127.0.0.1", "10.1.0.0/24", "fd01::/64"])


@pytest.mark.parametrize(
    ("peer", "lines", "client"),
    [
        ("203.0.113.9", [], "203.0.113.9"),
        ("203.0.113.9", ["10.0.0.5"], "203.0.113.9"),
        ("::ffff:203.0.113.9", [], "203.0.113.9"),
        ("2001:DB8::0001", [], "2001:db8::1"),
        ("", ["10.0.0.5"], ""),
        ("garbage", ["10.0.0.5"], ""),
        ("127.0.0.1", ["198.51.100.1"], "198.51.100.1"),
        ("::ffff:127.0.0.1", ["198.51.100.1"], "198.51.100.1"),
        ("127.0.0.1", ["10.0.0.5, 203.0.113.9"], "203.0.113.9"),
        ("127.0.0.1", ["10.0.0.5, 203.0.113.9, 10.1.0.7"], "203.0.113.9"),
        ("127.0.0.1", ["10.0.0.5", "203.0.113.9", "10.1.0.7,fd01::2"], "203.0.113.9"),
        ("127.0.0.1", ["10.0.0.5,\t203.0.113.9 "], "203.0.113.9"),
        ("127.0.0.1", ["::ffff:10.0.0.5"], "10.0.0.5"),
        ("127.0.0.1", ["10.0.0.5, garbage"], ""),
        ("127.0.0.1", ["10.0.0.5, unknown, 10.1.0.7"], ""),
        ("127.0.0.1", ["10.0.0.5,"], ""),
        ("127.0.0.1", ["10.0.0.5", ""], ""),
        ("127.0.0.1", ["10.0.0.5:4711"], ""),
        ("127.0.0.1", ["[fd00::1]"], ""),
        ("127.0.0.1", ["X10.0.0.5", "10.1.0.7X"], ""),
        ("127.0.0.1", ["10.0.0.5\x0b"], ""),
        ("127.0.0.1", ['"10.0.0.5"'], ""),
        ("127.0.0.1", ["10.0.0.5;203.0.113.9"], ""),
        ("127.0.0.1", [], ""),  # the proxy forgot the field
        ("127.0.0.1", [""], ""),
        ("127.0.0.1", ["10.1.0.7"], ""),  # every hop is a proxy
        ("127.0.0.1", ["198.51.100.1" + ", 10.1.0.7" * (MAX_HOPS - 1)], "198.51.100.1"),
        ("127.0.0.1", ["198.51.100.1" + ", 10.1.0.7" * MAX_HOPS], ""),
    ],
)
def test_client_address(peer, lines, client):
    assert client_address(peer, lines, TRUSTED) == client
    assert trace_client(peer, lines, TRUSTED).client == client


TRACES = [
    # from an untrusted peer nothing is read
    ("203.0.113.9", ["10.0.0.5, 10.1.0.7"], [("203.0.113.9", False)], ["10.1.0.7", "10.0.0.5"]),
    ("203.0.113.9", [], [("203.0.113.9", False)], []),
    # from the right as far as proxies are trusted
    ("127.0.0.1", ["a, 203.0.113.9, 10.1.0.7"], [("127.0.0.1", True), ("10.1.0.7", True), ("203.0.113.9", False)], ["a"]),
    ("127.0.0.1", ["10.0.0.5", "203.0.113.9"], [("127.0.0.1", True), ("203.0.113.9", False)], ["10.0.0.5"]),
    ("127.0.0.1", ["10.1.0.7"], [("127.0.0.1", True), ("10.1.0.7", True)], []),
    ("127.0.0.1", ["10.0.0.5, garbage"], [("127.0.0.1", True), ("garbage", False)], ["10.0.0.5"]),
    ("127.0.0.1", [], [("127.0.0.1", True), ("", False)], []),
]  # fmt: skip


@pytest.mark.parametrize(("peer", "lines", "hops", "unread"), TRACES)
def test_the_way_to_a_client(peer, lines, hops, unread):
    trace = trace_client(peer, lines, TRUSTED)
    assert [(hop.text, hop.is_trusted) for hop in trace.hops] == hops
    assert list(trace.unread) == unread


def test_nobody_is_trusted_by_default():
    nobody = AddressSet.compile([])
    assert not nobody.contains("127.0.0.1")
    assert client_address("127.0.0.1", ["10.0.0.5"], nobody) == "127.0.0.1"


@pytest.mark.parametrize("address", ["", "garbage", "127.0.0.1 ", "::127.0.0.1"])
def test_the_unreadable_is_in_no_set(address):
    assert not AddressSet.compile(["127.0.0.0/8", "::1"]).contains(address)


# Few distinct bits, so that networks nest, touch and repeat.
_v4 = st.builds(lambda a, b, c: a << 24 | b << 16 | c, *[st.sampled_from([0, 1, 2, 127, 255])] * 3)
_v6 = st.builds(lambda a, b: a << 120 | b, st.sampled_from([0, 1, 0xFD, 0xFF]), st.integers(0, 3))
_addresses = st.one_of(_v4.map(ipaddress.IPv4Address), _v6.map(ipaddress.IPv6Address)).filter(
    lambda ip: ip.version == 4 or int(ip) >> 32 != 0xFFFF
)
_networks = st.builds(
    lambda ip, prefix: ipaddress.ip_network((ip, min(prefix, ip.max_prefixlen)), strict=False),
    _addresses,
    st.sampled_from([1, 7, 8, 9, 16, 31, 32, 64, 127, 128]),
)
_texts = st.builds(lambda bang, net: f"{bang}{net}", st.sampled_from(["", "", "!"]), _networks)
_named = st.dictionaries(st.sampled_from("abcd"), st.lists(_texts, max_size=6), max_size=4)


def naive_name(named, address):
    ip = ipaddress.ip_address(address)
    best = None
    for rank, (name, texts) in enumerate(named.items()):
        holding = [
            (text, ipaddress.ip_network(text.removeprefix("!")))
            for text in texts
            if ip in ipaddress.ip_network(text.removeprefix("!"))
        ]
        if not holding or any(text.startswith("!") for text, _ in holding):
            continue
        key = (max(net.prefixlen for _, net in holding), -rank)
        if best is None or key > best[0]:
            best = (key, name)
    return best[1] if best else INTERNET


def _edges(named):
    for texts in named.values():
        for text in texts:
            net = ipaddress.ip_network(text.removeprefix("!"))
            top = 2**net.max_prefixlen - 1
            for value in (net[0], net[-1]):
                for step in (-1, 0, 1):
                    yield type(value)(min(max(int(value) + step, 0), top))


@given(_named, st.lists(_addresses, max_size=8))
def test_compiled_lookup_equals_a_naive_one(named, addresses):
    table = NetworkTable.compile(named)
    for ip in [*addresses, *_edges(named)]:
        if ip.version == 6 and int(ip) >> 32 == 0xFFFF:
            continue
        assert table.name_of(str(ip)) == naive_name(named, str(ip))


@given(_named, _v4.map(ipaddress.IPv4Address))
def test_mapped_equals_plain(named, ip):
    table = NetworkTable.compile(named)
    mapped = f"::ffff:{ip}"
    assert table.name_of(mapped) == table.name_of(str(ip))
    assert canonical_address(mapped) == canonical_address(str(ip)) == str(ip)


_hop = st.one_of(
    _addresses.map(str), st.sampled_from(["", "unknown", "127.0.0.1", "10.1.0.3"]), st.text()
)
_lines = st.lists(st.lists(_hop, max_size=5).map(", ".join), max_size=3)


@given(_addresses.map(str), _lines)
def test_fields_of_an_untrusted_peer_never_move_the_address(peer, lines):
    if not TRUSTED.contains(peer):
        assert client_address(peer, lines, TRUSTED) == client_address(peer, [], TRUSTED)


@given(_lines, _lines, _addresses.map(str))
def test_what_the_client_wrote_left_of_the_deciding_hop_is_never_read(left, other, client):
    if not TRUSTED.contains(client):
        heard = {client_address("127.0.0.1", [*lines, client], TRUSTED) for lines in (left, other)}
        assert heard == {canonical_address(client)}


@given(_addresses.map(str) | st.just("127.0.0.1"), _lines)
def test_the_trace_ends_where_the_address_was_found(peer, lines):
    trace = trace_client(peer, lines, TRUSTED)
    assert trace.client == client_address(peer, lines, TRUSTED)
    assert all(hop.is_trusted for hop in trace.hops[:-1])


@given(st.text(max_size=60))
def test_any_text_is_an_address_or_unknown(text):
    assert TABLE.name_of(text) in {INTERNET, "corporate", "branch"}
    canonical = canonical_address(text)
    assert canonical_address(canonical) == canonical
    if canonical:
        ipaddress.ip_address(canonical)


def test_a_set_knows_whether_it_is_empty():
    assert AddressSet.compile([]).is_empty is True
    some = AddressSet.compile(["10.0.0.0/8"])
    assert some.is_empty is False
    assert (some.contains("10.1.2.3"), some.contains("192.0.2.1")) == (True, False)


def test_which_names_any_address_has():
    table = NetworkTable.compile(
        {"a": ["10.0.0.0/8"], "b": ["2001:db8::/32"], "gone": ["!10.0.0.0/8"]}
    )
    assert table.holding() == {"a", "b", "internet"}


def test_each_meeting_of_two_names_has_an_address_of_both():
    one = NetworkTable.compile({"low": ["::2/127"], "office": ["10.0.0.0/8"]})
    other = NetworkTable.compile({"office": ["10.0.0.0/9"]})
    met = meetings(one, other)
    for pair, address in met.items():
        assert (one.name_of(address), other.name_of(address)) == pair
    assert set(met) == {
        ("low", INTERNET), ("office", "office"), ("office", INTERNET), (INTERNET, INTERNET),
    }  # fmt: skip
