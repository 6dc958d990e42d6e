"""policies/self_service.py: every combination of place, proof and rule."""

from __future__ import annotations

import pytest

from policies.self_service import Permission, Standing, may_change_mobile, may_change_password

YES, CODE, OFFICE = Permission.YES, Permission.CODE_FIRST, Permission.OFFICE_ONLY
PWD, BOTH = ("pwd",), ("pwd", "otp")


@pytest.mark.parametrize(
    ("network", "factors", "has_mobile", "or_code", "corporate"),
    [
        ("corporate", PWD, True, YES, YES),
        ("corporate", PWD, False, YES, YES),
        ("corporate", BOTH, True, YES, YES),
        ("internet", PWD, True, CODE, OFFICE),
        ("internet", PWD, False, OFFICE, OFFICE),
        ("internet", BOTH, True, YES, OFFICE),
        ("internet", BOTH, False, OFFICE, OFFICE),  # it was taken away: a code proves nothing now
        ("branch", PWD, False, YES, YES),
        ("branch", PWD, True, CODE, OFFICE),
        ("branch", BOTH, True, YES, OFFICE),
        ("", PWD, True, CODE, OFFICE),
    ],
)
def test_where_a_number_may_be_changed(network, factors, has_mobile, or_code, corporate) -> None:
    standing = Standing(network, factors, has_mobile)
    assert may_change_mobile("corporate-or-code", "branch", standing) is or_code
    assert may_change_mobile("corporate", "branch", standing) is corporate


@pytest.mark.parametrize("factors", [PWD, BOTH])
def test_after_a_reset_a_number_is_changed_in_the_office(factors) -> None:
    for network, expected in (("corporate", YES), ("internet", OFFICE), ("branch", OFFICE)):
        standing = Standing(network, factors, has_mobile=True, cooling=True)
        assert may_change_mobile("corporate-or-code", "branch", standing) is expected


@pytest.mark.parametrize(
    ("network", "factors", "has_mobile", "expected"),
    [
        ("corporate", PWD, True, YES),
        ("corporate", PWD, False, YES),
        ("internet", BOTH, True, YES),
        ("internet", BOTH, False, YES),
        ("internet", PWD, True, CODE),
        ("internet", PWD, False, OFFICE),
        ("branch", PWD, False, OFFICE),
    ],
)
def test_where_a_password_may_be_changed(network, factors, has_mobile, expected) -> None:
    assert may_change_password(Standing(network, factors, has_mobile)) is expected
