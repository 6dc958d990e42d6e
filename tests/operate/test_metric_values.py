"""gateway/operate/metric_values.py: several workers' numbers as one."""

from __future__ import annotations

from hypothesis import given
from hypothesis import strategies as st

from gateway.operate.metric_values import Bulletin, added, lasting, pack, unpack

ANNA = ("requests", ("/", "allowed"))
SLOW = ("upstream_latency_seconds", ("portal",))
LABELS = st.tuples(st.text(max_size=5), st.text(max_size=5))
VALUES = st.dictionaries(
    st.tuples(st.just("requests"), LABELS) | st.tuples(st.just("logons"), LABELS),
    st.integers(0, 2**53),
    max_size=5,
)


@given(st.floats(0, 1e9), st.text(max_size=9), st.none() | st.text(max_size=9), VALUES)
def test_a_bulletin_arrives_as_it_was_sent(at, digest, trouble, values) -> None:
    sent = Bulletin(at, digest, trouble, values)
    assert unpack(pack(sent)) == sent


@given(st.lists(VALUES, max_size=4))
def test_counts_are_added_and_the_order_is_all_one(parts) -> None:
    total = added(parts)
    assert total == added(reversed(parts))
    for key, number in total.items():
        assert number == sum(part.get(key, 0) for part in parts)


def test_a_histogram_is_added_class_by_class() -> None:
    assert added([{SLOW: [1, 0, 0.5]}, {SLOW: [2, 3, 1.0]}]) == {SLOW: [3, 3, 1.5]}


def test_edits_are_not_counted_once_a_worker() -> None:
    key = ("config_reloads", ("applied",))
    assert added([{key: 3}, {key: 2}]) == {key: 3}


def test_unknown_names_are_left_out() -> None:
    assert added([{("made_up", ()): 1, ANNA: 1}]) == {ANNA: 1}


def test_counts_last_and_levels_do_not() -> None:
    values = {ANNA: 1, SLOW: [1.0], ("connections", ("client",)): 7, ("made_up", ()): 1}
    assert lasting(values) == {ANNA: 1, SLOW: [1.0]}
