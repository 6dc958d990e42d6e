"""gateway/pages/texts.py: waits in words, never shorter than they are."""

import pytest

from gateway.pages.texts import duration
from gateway.texts.catalog import Texts

TEXTS = Texts()


@pytest.mark.parametrize(
    ("seconds", "english", "swedish"),
    [
        (-5, "1 second", "1 sekund"),
        (0, "1 second", "1 sekund"),
        (1, "1 second", "1 sekund"),
        (89, "89 seconds", "89 sekunder"),
        (90, "2 minutes", "2 minuter"),
        (121, "3 minutes", "3 minuter"),
        (5399, "90 minutes", "90 minuter"),
        (5400, "2 hours", "2 timmar"),
        (86_400, "24 hours", "24 timmar"),
    ],
)
def test_durations(seconds: int, english: str, swedish: str) -> None:
    assert duration(seconds, TEXTS.of("en")) == english
    assert duration(seconds, TEXTS.of("sv")) == swedish
