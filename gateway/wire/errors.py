"""The one error of the grammar: bytes that are not the message they claim to be."""

from __future__ import annotations


class BadMessage(Exception):
    """A message that must not be passed on.

    `status` is the answer a client deserves (400, 405, 413, 414, 417, 431, 501, 505); a bad answer
    of an upstream always ends in 502. `why` is a short fixed text, safe to log.
    """

    def __init__(self, status: int, why: str) -> None:
        super().__init__(why)
        self.status = status
        self.why = why
