"""gateway/cli/user_messages.py: one sentence a message."""

from __future__ import annotations

import re

import pytest

from gateway.auth.deliveries import Delivery
from gateway.cli.user_messages import Messages, sentence

AT = 1_790_000_000.0


@pytest.mark.parametrize(
    ("state", "after_s", "end"),
    [
        ("delivered", 3.2, ", delivered in 3 s"),
        ("failed", 61.0, ", not delivered, after 61 s"),
        ("sent", None, ", nothing heard of it"),
    ],
)
def test_a_sentence(state, after_s, end):
    told = sentence(Delivery(AT, "67", "46elks", state, after_s))
    assert re.fullmatch(rf"sent [0-2]\d:[0-5]\d to •••• 67 by 46elks{end}", told)


def test_lists():
    one = Delivery(AT, "67", "46elks", "delivered", 3.21)
    assert [first for first, _ in Messages([one, one]).lines()] == [True, False]
    assert Messages([one]).as_json() == [
        {
            "sent": "2026-09-21T14:13:20Z",
            "to": "•••• 67",
            "provider": "46elks",
            "state": "delivered",
            "after_s": 3.2,
        }
    ]
    assert "none to this number" in next(Messages(()).lines())[1]
    assert "does not answer" in next(Messages(None).lines())[1]
    assert Messages(None).as_json() is None
