"""gateway/cli/front_trials.py: what answers to uploads and streams tell of what is in front."""

from __future__ import annotations

import pytest

from gateway.cli.front_call import Reply
from gateway.cli.front_trials import judge_stream, judge_upload

OURS = b'{"title": "Unauthorized", "reference": "ab-1"}'


@pytest.mark.parametrize(
    ("reply", "level", "words"),
    [
        (None, "problem", "broken off"),
        (Reply("", 0), "warning", "kept back"),
        (Reply("", 401, body=OURS), "ok", "before it is sent"),
        (Reply("", 413, body=OURS), "ok", "before it is sent"),  # our own limit
        (Reply("", 413, body=b"<html>"), "warning", "refused before it reaches"),
        (Reply("", 500, body=b"[]"), "problem", "500"),
    ],
)
def test_uploads(reply, level, words) -> None:
    found = judge_upload(reply)
    assert (found.part, found.level, words in found.found) == ("uploads", level, True)


@pytest.mark.parametrize(
    ("reply", "level", "words"),
    [
        (None, "warning", "nothing arrives"),
        (Reply("", 404), "warning", "status 404"),
        (Reply("", 200, body=b"data: first\n\n"), "ok", "piece by piece"),
        (Reply("", 200, body=b"data: first\n\ndata: last\n\n"), "warning", "kept back"),
    ],
)
def test_streams(reply, level, words) -> None:
    found = judge_stream(reply)
    assert (found.part, found.level, words in found.found) == ("streams", level, True)
