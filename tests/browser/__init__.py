"""Real Chromium in front of real processes. One browser runs at a time, on one test worker."""

from __future__ import annotations

from typing import Final

import pytest

MARKS: Final = [
    pytest.mark.browser,
    pytest.mark.system,
    pytest.mark.slow,
    pytest.mark.xdist_group("browser"),
]
"""What every module of this directory takes as its `pytestmark`."""
