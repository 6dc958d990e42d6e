"""Every asynchronous test of the front door runs on both loops: asyncio's own and uvloop."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Callable, Mapping

import pytest
import pytest_asyncio
import uvloop

from tests.proxy.house import House


def pytest_asyncio_loop_factories(
    config: pytest.Config, item: pytest.Item
) -> Mapping[str, Callable[[], asyncio.AbstractEventLoop]]:
    return {"asyncio": asyncio.new_event_loop, "uvloop": uvloop.new_event_loop}


@pytest_asyncio.fixture
async def house(tmp_path) -> AsyncIterator[House]:
    """A front door with one scripted upstream; nothing crashed when the test is over."""
    async with House(tmp_path) as house:
        yield house
    assert house.crashes == []
