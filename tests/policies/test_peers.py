"""policies/peers.py: records from anywhere, who may serve, who differs."""

from __future__ import annotations

import json
from dataclasses import replace

import pytest
from hypothesis import given
from hypothesis import strategies as st

from policies.peers import LONGEST, Peer, Trait, differing, dump, host_word, may_serve, parse

ME = Peer("0a1b2c3d4e5f", "gw1.example.se", "ours", ("k1", "k2"), "1.2.0+x", "abc123def456")
WORDS = st.from_regex(r"[A-Za-z0-9._+:-]{1,255}", fullmatch=True)
PEERS = st.builds(
    Peer,
    id=st.from_regex(r"[A-Za-z0-9_-]{1,64}", fullmatch=True),
    host=st.text().map(host_word),
    mark=st.sampled_from(["ours", "theirs", "third"]),
    kids=st.lists(st.sampled_from("abc"), min_size=1, max_size=4).map(tuple),
    version=WORDS.map(lambda word: word[:20]),
    configuration=WORDS.map(lambda word: word[:20]),
    serving=st.booleans(),
)


@given(PEERS)
def test_what_is_told_is_read(peer: Peer) -> None:
    assert parse(peer.id, dump(peer)) == peer
    assert len(dump(peer)) < LONGEST


JSON = st.recursive(
    st.none() | st.booleans() | st.integers() | st.text(),
    lambda inner: st.lists(inner) | st.dictionaries(st.text(), inner),
    max_leaves=5,
)


@given(st.binary() | JSON.map(lambda value: json.dumps(value).encode()), st.text())
def test_anything_else_is_none(data: bytes, name: str) -> None:
    assert parse(name, data) is None


@given(st.sampled_from(sorted(json.loads(dump(ME)))), JSON)
def test_a_field_of_another_shape_is_no_record(field: str, value: object) -> None:
    found = parse(ME.id, json.dumps({**json.loads(dump(ME)), field: value}).encode())
    assert found is None or parse(ME.id, dump(found)) == found


@pytest.mark.parametrize(
    ("name", "data"),
    [
        ("another", dump(ME)),
        (ME.id, b"[" * 4000),
        (ME.id, dump(ME) + b" " * LONGEST),
        (ME.id, dump(replace(ME, host="a\x1b[31m\nERROR"))),
        (ME.id, dump(replace(ME, kids=()))),
        (ME.id, dump(replace(ME, kids=("k",) * 31))),
        (ME.id, dump(ME).replace(b'"form":1', b'"form":2')),
    ],
)
def test_records_that_are_none(name: str, data: bytes) -> None:
    assert parse(name, data) is None


def test_a_newer_version_is_understood() -> None:
    assert parse(ME.id, dump(ME)[:-1] + b',"draining":false}') == ME


def other(mark: str, name: str = "x", *, serving: bool = False) -> Peer:
    return replace(ME, id=name, mark=mark, serving=serving)


S = True
"""Serving: it was let in."""


@pytest.mark.parametrize(
    ("serving", "seen", "may"),
    [
        (False, [], True),  # the first of all
        (False, [other("ours", serving=S)], True),
        (False, [other("theirs", serving=S)], False),  # a newcomer with another secret
        (S, [other("theirs", serving=S)] * 9, True),  # who was let in stays
        (False, [other("theirs"), other("ours")], False),  # none serves yet: the first one's
        (False, [other("ours"), other("theirs")], True),
        (False, [other("theirs"), other("ours", serving=S)], True),  # who is kept out has no say
        (False, [other("theirs", serving=S), *[other("ours", serving=S)] * 2], True),  # most
        (False, [other("theirs", serving=S), other("ours", serving=S)], False),  # the oldest
        (False, [other("theirs", serving=S), other("ours", ME.id, serving=S)], True),  # a worker
        (False, [other("theirs", serving=S), other("theirs", ME.id, serving=S)], False),
    ],
)
def test_who_may_serve(serving: bool, seen: list[Peer], may: bool) -> None:
    assert may_serve(replace(ME, serving=serving), seen) is may


@given(st.lists(PEERS, unique_by=lambda peer: peer.id), PEERS)
def test_a_newcomer_takes_nobody_down(seen: list[Peer], newcomer: Peer) -> None:
    for one in seen:
        if one.serving:
            assert may_serve(one, [*seen, newcomer])
            assert may_serve(one, [newcomer, *seen])


@pytest.mark.parametrize(
    ("change", "traits"),
    [
        ({}, set()),
        ({"mark": "theirs"}, {Trait.SECRET}),
        ({"kids": ("k2", "k1")}, {Trait.KEYS}),
        ({"kids": ("k1", "k3")}, {Trait.KEYS}),  # it would be refused after the next rotation
        ({"kids": ("k1", "k2", "retired")}, set()),
        ({"version": "1.3.0"}, {Trait.VERSION}),
        ({"configuration": "0"}, {Trait.CONFIGURATION}),
    ],
)
def test_in_what_they_differ(change: dict, traits: set[Trait]) -> None:
    peer = replace(ME, id="x", **change)
    assert {trait for trait in Trait if differing(ME, [ME, peer], trait) == (peer,)} == traits
