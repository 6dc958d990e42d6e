"""gateway/pages/receipts.py: a machine's address, which tells nothing."""

from __future__ import annotations

import pytest

from tests.pages.fakes import Browser, House

pytestmark = pytest.mark.asyncio

HERE = "/.gateway/receipts/elks/s3cret"


async def test_what_is_posted_is_heard(house: House, browser: Browser) -> None:
    page = await browser.post(
        HERE, {"id": "s1", "status": "delivered"}, Origin="https://api.46elks.com"
    )
    assert (page.status, page.text) == (204, "")
    assert "Set-Cookie" not in page.answer.headers
    assert house.heard == [("elks", {"id": "s1", "status": "delivered"})]


@pytest.mark.parametrize("body", [b"\xff\xfe", b"&".join([b"a=1"] * 65), b"", b"{}"])
async def test_what_cannot_be_read_is_no_receipt(
    house: House, browser: Browser, body: bytes
) -> None:
    answer = await browser.client.post(HERE, data=body)
    assert answer.status == 204
    assert house.heard in ([("elks", {})], [("elks", {"{}": ""})])


async def test_too_long_too_many_and_elsewhere(house: House, browser: Browser) -> None:
    assert (await browser.client.post(HERE, data=b"a" * 20_000)).status == 413
    assert house.heard == []
    assert (await browser.client.post(HERE[:-1], data=b"id=s1")).status == 404
    assert (await browser.client.put(HERE)).status == 405
    assert (await browser.client.head(HERE)).status == 405
    assert house.heard == []
    assert (await browser.client.get(HERE + "?id=s1&status=1")).status == 204
    assert [fields for *_, fields in house.heard] == [{"id": "s1", "status": "1"}]
    house.hears = None
    assert (await browser.client.post(HERE, data=b"id=s1")).status == 429
