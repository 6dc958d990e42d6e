"""gateway/spans.py: what is part of what, and nothing at all outside a recorded request."""

from __future__ import annotations

import asyncio

import pytest

from gateway.spans import HERE, Here, Kind, calling, traced, working
from gateway.tasks import spawn
from tests.proxy.test_tracing import Noted


@pytest.fixture
def root():
    span = Noted("root", Kind.SERVER, "", {})
    token = HERE.set(Here("1f-2a", span.trace_id, span))
    yield span
    HERE.reset(token)


def test_parts_are_parts_of_what_is_around_them(root):
    with working("outer"):
        with calling("inner", {"db.system.name": "redis"}):
            assert HERE.get().request_id == "1f-2a"
        with calling("second", {}):
            pass
    (outer,) = root.parts
    assert [(part.name, part.kind, part.ended) for part in outer.parts] == [
        ("inner", Kind.CLIENT, [""]),
        ("second", Kind.CLIENT, [""]),
    ]
    assert outer.parts[0].about == {"db.system.name": "redis"}
    assert outer.ended == [""]
    assert root.ended == []
    assert HERE.get().span is root


def test_an_exception_is_told_by_its_name_alone(root):
    with pytest.raises(ValueError, match="hemligt"), working("outer"):
        raise ValueError("hemligt")
    assert root.parts[0].ended == ["ValueError"]
    assert HERE.get().span is root


@pytest.mark.parametrize("here", [None, Here("1f-2a", "ab")])
def test_where_nothing_is_recorded_nothing_happens(here):
    token = HERE.set(here)
    with calling("redis", {}):
        assert HERE.get() is here
    HERE.reset(token)


@pytest.mark.asyncio
async def test_work_behind_an_answer_belongs_to_it_and_what_goes_on_for_ever_does_not(root):
    async def where():
        return HERE.get()

    assert (await spawn(where(), "send")).span is root
    assert await spawn(where(), "keep", apart=True) is None


@pytest.mark.asyncio
async def test_a_function_that_is_traced(root):
    @traced("directory authenticate")
    async def ask(name):
        """Say so."""
        await asyncio.sleep(0)
        return name

    assert await ask("x") == "x"
    assert ask.__doc__ == "Say so."
    assert [part.name for part in root.parts] == ["directory authenticate"]
