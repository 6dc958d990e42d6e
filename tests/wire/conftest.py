"""What is remembered of one test's messages must not answer for another's."""

from __future__ import annotations

import pytest

from gateway.wire import request, response


@pytest.fixture(autouse=True)
def _nothing_learnt() -> None:
    request._ROLES.known.clear()
    response._ROLES.known.clear()
