"""The attacks, one module a class of failure; importing this package enters them all."""

from __future__ import annotations

from tests.security.advisories import browsers, crossing, framing, onward, places
from tests.security.advisories.replay import ATTACKS, WITH_PEOPLE

__all__ = ["ATTACKS", "WITH_PEOPLE", "browsers", "crossing", "framing", "onward", "places"]
