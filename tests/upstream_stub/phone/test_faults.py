"""Bad days to order."""

from __future__ import annotations

import asyncio

import pytest

from upstream_stub.phone.faults import Faults, Mode


@pytest.mark.asyncio
async def test_so_many_and_no_more():
    faults = Faults()
    assert await faults.befall() is None
    faults.order(Mode.FAIL, 2)
    statuses = [answer and answer.status for answer in [await faults.befall() for _ in range(3)]]
    assert statuses == [500, 500, None]


@pytest.mark.asyncio
async def test_garbage_is_a_success_that_nobody_can_read():
    faults = Faults()
    faults.order(Mode.GARBLE, 1)
    answer = await faults.befall()
    assert answer.status == 200
    with pytest.raises(UnicodeDecodeError):
        answer.body.decode()


@pytest.mark.asyncio
async def test_a_hang_outlasts_the_client_and_counts():
    faults = Faults()
    faults.order(Mode.HANG, 1)
    with pytest.raises(TimeoutError):
        await asyncio.wait_for(faults.befall(), 0.05)
    assert await faults.befall() is None


@pytest.mark.asyncio
async def test_well_again():
    faults = Faults()
    faults.order(Mode.HANG, 5)
    faults.order(Mode.FAIL, 0)
    assert await faults.befall() is None
