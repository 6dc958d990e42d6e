"""The stub portal and the stub phone, served for one test."""

from __future__ import annotations

import pytest_asyncio

from tests.upstream_stub.served import served
from upstream_stub import make_phone, make_portal


@pytest_asyncio.fixture
async def portal():
    async with served(make_portal()) as running:
        yield running


@pytest_asyncio.fixture
async def phone():
    async with served(make_phone()) as running:
        yield running
