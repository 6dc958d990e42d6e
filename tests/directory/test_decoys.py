"""What the check of a made-up name costs: one of the costs there are, in proportion, for good."""

from __future__ import annotations

from collections import Counter

from hypothesis import given
from hypothesis import strategies as st

from gateway.directory.decoys import Decoys
from gateway.directory.passwords import Cost

USUAL, OLD, OTHER = Cost(19456, 2, 1), Cost(12288, 3, 1), Cost(65536, 3, 4)
NAMES = [f"nobody{number}" for number in range(2000)]


def told(key: bytes, counted: dict[Cost, int]) -> dict[str, Cost]:
    decoys = Decoys(key, USUAL)
    decoys.learn(counted)
    return {name: decoys.cost_for(name) for name in NAMES}


def test_without_hashes_it_is_the_usual_cost() -> None:
    assert Decoys(b"", USUAL).cost_for("anna") == USUAL
    assert set(told(b"k", {}).values()) == {USUAL}
    assert set(told(b"k", {OLD: 0}).values()) == {USUAL}


def test_made_up_names_cost_what_real_ones_do_in_the_same_proportion() -> None:
    costs = Counter(told(b"k", {USUAL: 500, OLD: 300, OTHER: 200}).values())
    for cost, share in ((USUAL, 0.5), (OLD, 0.3), (OTHER, 0.2)):
        assert abs(costs[cost] / len(NAMES) - share) < 0.05


def test_a_name_keeps_its_cost_and_no_stranger_can_foretell_it() -> None:
    counted = {USUAL: 50, OLD: 50}
    assert told(b"k", counted) == told(b"k", dict(reversed(counted.items())))
    assert told(b"k", counted) == told(b"k", {cost: 7 * count for cost, count in counted.items()})
    other = told(b"another", counted)
    same = sum(other[name] == cost for name, cost in told(b"k", counted).items())
    assert 900 < same < 1100


@given(st.integers(0, 50), st.integers(0, 50), st.integers(0, 50))
def test_as_hashes_are_renewed_a_name_moves_once_and_to_the_usual_cost(
    usual: int, renewed: int, left: int
) -> None:
    before = told(b"k", {OLD: renewed + left, USUAL: usual})
    after = told(b"k", {OLD: left, USUAL: usual + renewed})
    moved = {(before[name], after[name]) for name in NAMES if before[name] != after[name]}
    assert moved <= {(OLD, USUAL)}
