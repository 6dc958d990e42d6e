"""gateway/store/failures.py: scripts/failures.lua is the rule of policies/lockout.py, digit by digit."""

from __future__ import annotations

import hashlib

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from gateway.store import scripts
from policies.lockout import Rule, State, fail, keep_s, locked_until, take_back
from tests.conftest import RedisServer

NOW = 1_790_000_000.0
RULES = (
    Rule(3, 300.0, (60.0, 300.0)),
    Rule(1, 60.5, (10.25,)),
    Rule(7, 3600.0, (60.0, 300.0, 900.0)),
    Rule(4, 400.0, ()),
)
KEYS = [f"portvakt:failures:{place}" for place in range(len(RULES))]
gaps = st.one_of(st.just(0.0), st.floats(0, 400), st.floats(0, 5000), st.floats(-5, 0))
steps = st.lists(
    st.tuples(
        st.sampled_from(["spend", "spend", "spend", "refund"]),
        st.sets(st.sampled_from(range(4)), min_size=1).map(sorted),
        gaps,
        st.integers(0, 5),
    ),
    max_size=40,
)


def arguments(what: str, places: list[int], at: float) -> list[object]:
    args: list[object] = [what, repr(at)]
    for rule in (RULES[place] for place in places):
        args += [rule.count, repr(rule.period_s), len(rule.locks_s), *map(repr, rule.locks_s)]
    return args


def stored(text: bytes | None) -> State:
    if text is None:
        return State()
    until, filled, level, *failures = map(float, text.split())
    return State(tuple(failures), until, filled, int(level))


@settings(suppress_health_check=[HealthCheck.function_scoped_fixture], deadline=None)
@given(steps=steps)
def test_the_script_equals_the_rule(redis_process: RedisServer, steps: list) -> None:
    sha = hashlib.sha1(scripts.text("failures").encode()).hexdigest()
    model = [State()] * len(RULES)
    now, spent = NOW, [NOW]
    with redis_process.admin() as redis:
        redis.delete(*KEYS)
        for what, places, gap, which in steps:
            now += gap
            at = now if what == "spend" else spent[-1 - which % len(spent)]
            args = arguments(what, places, at)
            answer = redis.evalsha(sha, len(places), *(KEYS[place] for place in places), *args)
            states = [model[place] for place in places]
            until = locked_until(states, at) if what == "spend" else None
            assert answer == (b"" if until is None else f"{until:.17g}".encode())
            for place in places if until is None else []:
                change = fail if what == "spend" else take_back
                model[place] = change(RULES[place], model[place], at)
            spent += [at] if what == "spend" and until is None else []
            assert [stored(redis.get(key)) for key in KEYS] == model
            if what == "spend" and until is None:
                for place in places:
                    kept = redis.pttl(KEYS[place]) / 1000
                    assert kept == pytest.approx(keep_s(RULES[place], model[place], at), abs=2)
