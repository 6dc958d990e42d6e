"""`portvakt doctor` on a Redis of somebody else that would come back empty."""

from __future__ import annotations

from dataclasses import replace

import pytest

from gateway.cli.findings import Level
from gateway.cli.neighbours import look_at_neighbours
from gateway.settings.model import Secret
from tests.auth.support import make_settings


@pytest.mark.asyncio
@pytest.mark.parametrize(("appends", "level"), [("yes", Level.OK), ("no", Level.WARNING)])
async def test_who_keeps_nothing_is_told(own_redis, appends, level):
    with own_redis.admin() as admin:
        admin.config_set("appendonly", appends)
    url = Secret(own_redis.url.replace("gateway:", "tester:"))
    redis, *_ = await look_at_neighbours(replace(make_settings(), redis_url=url))
    assert (redis.part, redis.level) == ("redis", level)


@pytest.mark.asyncio
async def test_who_may_not_ask_does_not_guess(own_redis):
    redis, *_ = await look_at_neighbours(replace(make_settings(), redis_url=Secret(own_redis.url)))
    assert redis.level is Level.OK
