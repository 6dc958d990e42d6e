"""policies/factors.py: when a one-time password is needed, in full."""

from __future__ import annotations

import itertools

import pytest

from policies.factors import CORPORATE, SecondFactor, code_needed

NETWORKS = (CORPORATE, "internet", "factory", "")
FACTORS = ((), ("pwd",), ("pwd", "otp"), ("otp",))


@pytest.mark.parametrize(
    ("rule", "network", "factors"), list(itertools.product(SecondFactor, NETWORKS, FACTORS))
)
def test_code_needed(rule: SecondFactor, network: str, factors: tuple[str, ...]) -> None:
    if "otp" in factors:
        wanted = False
    else:
        wanted = {
            SecondFactor.NEVER: False,
            SecondFactor.ALWAYS: True,
            SecondFactor.OUTSIDE_CORPORATE: network != "corporate",
        }[rule]
    assert code_needed(rule, network, factors) is wanted
