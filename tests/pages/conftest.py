"""The pages on a loopback socket, with a scripted logon behind them."""

from collections.abc import AsyncIterator

import pytest
import pytest_asyncio
from aiohttp import DummyCookieJar
from aiohttp.test_utils import TestClient, TestServer

from gateway.pages.application import make_pages
from tests.pages.fakes import Browser, House


@pytest.fixture
def house() -> House:
    return House()


@pytest_asyncio.fixture
async def browser(house: House) -> AsyncIterator[Browser]:
    server = TestServer(make_pages(house.services), host="127.0.0.1")
    async with TestClient(server, cookie_jar=DummyCookieJar()) as client:
        yield Browser(client, house)
