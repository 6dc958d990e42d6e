"""gateway/auth/cool_down.py: whoever has a phone for an hour does not keep the account."""

from __future__ import annotations

import pytest

from gateway.auth.outcomes import Changed, Faults, SessionOpened, Unchanged
from gateway.auth.ports import Unavailable
from policies.self_service import Permission
from tests.auth.support import ANNA, INSIDE, OUTSIDE, LoginScript, edited, make_settings, seconds

pytestmark = pytest.mark.asyncio

NEW_NUMBER = "0701234500"


async def after_a_reset(script: LoginScript) -> None:
    """Reset the password of anna with her phone, and log on with it from outside."""
    await script.ask_for_reset()
    await script.reset_code()
    await script.new_password("Ny4tLosen")
    await script.settled()
    script.another_browser()
    await script.password("Ny4tLosen")
    assert isinstance(await script.code(), SessionOpened)


async def mobile_here(script: LoginScript) -> tuple[Permission, int]:
    session = (await script.presence()).session
    view = await script.self_service.view(session, script.browser.client)
    assert view is not None
    return view.mobile_here, view.cool_down_s


async def test_after_a_reset_the_number_stays_as_it_is_for_a_day() -> None:
    script = LoginScript()
    await after_a_reset(script)
    assert await mobile_here(script) == (Permission.OFFICE_ONLY, 86400)
    assert await script.change(NEW_NUMBER) == Unchanged(Faults(not_here=True))
    assert script.directory.people["anna"].mobile == ANNA.mobile
    assert script.audit.events[-1].reason == "cool-down"
    assert isinstance(await script.change(new="Kvm4dripz7"), Changed), "the password may be changed"


async def test_in_the_office_it_may_be_changed_at_once() -> None:
    script = LoginScript()
    await after_a_reset(script)
    script.go(INSIDE)
    assert await mobile_here(script) == (Permission.YES, 86400)
    assert await script.change(NEW_NUMBER) == Changed()


async def test_it_ends() -> None:
    script = LoginScript()
    await after_a_reset(script)
    script.wait(hours=24)
    script.another_browser(OUTSIDE)
    await script.password("Ny4tLosen")
    await script.code()
    assert await mobile_here(script) == (Permission.YES, 0)
    assert await script.change(NEW_NUMBER) == Changed()


async def test_it_holds_for_the_one_only_and_can_be_left_out() -> None:
    script = LoginScript()
    await script.lockout.cool_down.begin("bo")
    await script.password()
    await script.code()
    assert await mobile_here(script) == (Permission.YES, 0)
    script = LoginScript(edited(make_settings(), "self_service", cool_down=seconds(0)))
    await after_a_reset(script)
    assert await mobile_here(script) == (Permission.YES, 0)


async def test_a_number_on_its_way_is_held_up_too() -> None:
    """A code that went to a new number before the reset does not bind it after the reset."""
    script = LoginScript(edited(make_settings(), "self_service", prove_mobile=True))
    await script.password()
    await script.code()
    await script.change(NEW_NUMBER)
    await script.lockout.cool_down.begin("anna")
    await script.prove()
    assert script.directory.people["anna"].mobile == ANNA.mobile


async def test_a_store_that_is_away_leaves_the_password() -> None:
    script = LoginScript()
    script.memory.down = True
    with pytest.raises(Unavailable):
        await script.credentials.reset_password(ANNA, "Ny4tLosen", OUTSIDE)
    assert script.directory.passwords["anna"] != "Ny4tLosen"
