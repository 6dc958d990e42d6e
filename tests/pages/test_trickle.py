"""gateway/pages/trickle.py: two pieces for who has a token, nothing for anybody else."""

from __future__ import annotations

import pytest

from gateway.pages import trickle
from gateway.pages.trickle import is_token, trickle_path
from tests.pages.fakes import Browser, House

SECRET = b"0123456789abcdef"
NOW = 1_000_000.0


@pytest.mark.parametrize("token", ["", "1", "1.a", f"{'9' * 13}.{'a' * 32}", "x" * 40, "-1.0"])
def test_what_is_no_token(token: str) -> None:
    assert not is_token(token, NOW, SECRET)


@pytest.mark.parametrize(
    ("later_s", "good"), [(0, True), (60, True), (61, False), (-60, True), (-61, False)]
)
def test_a_token_lasts_a_minute_whichever_clock_is_ahead(later_s: float, *, good: bool) -> None:
    token = trickle_path(NOW, SECRET).removeprefix(trickle.PATH)
    assert is_token(token, NOW + later_s, SECRET) is good
    assert not is_token(token, NOW, b"another")
    assert not is_token(f"{int(NOW) + 1}.{token.partition('.')[2]}", NOW, SECRET)


@pytest.mark.asyncio
async def test_the_first_piece_does_not_wait_for_the_last(
    house: House, browser: Browser, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(trickle, "PAUSE_S", 0.2)
    path = trickle_path(house.clock.now(), SECRET)
    async with browser.client.get(path) as answer:
        assert (answer.status, answer.content_type) == (200, "text/event-stream")
        assert await answer.content.readany() == b"data: first\n\n"
        assert await answer.content.read() == b"data: last\n\n"
    assert (await browser.client.get(path[:-1] + "x")).status == 404
    assert (await browser.client.head(path)).status == 405
