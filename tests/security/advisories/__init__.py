"""The attacks, one module a class of failure; importing this package enters them all."""

from __future__ import annotations

from tests.security.advisories import (
    accounts,
    answers,
    browsers,
    bulk,
    codes,
    crossing,
    endings,
    framing,
    guessing,
    onward,
    origins,
    places,
    showing,
    starting,
    steps,
)
from tests.security.advisories.replay import ATTACKS, WITH_PEOPLE

__all__ = [
    "ATTACKS",
    "WITH_PEOPLE",
    "accounts",
    "answers",
    "browsers",
    "bulk",
    "codes",
    "crossing",
    "endings",
    "framing",
    "guessing",
    "onward",
    "origins",
    "places",
    "showing",
    "starting",
    "steps",
]
