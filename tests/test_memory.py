"""gateway/memory.py: a burst leaves no process large."""

from __future__ import annotations

import os

import pytest

from bench.accounting import resident_kib
from gateway.memory import give_back


@pytest.mark.skipif(os.confstr("CS_GNU_LIBC_VERSION") is None, reason="only glibc keeps it")
def test_what_a_burst_has_left_in_pieces_goes_back() -> None:
    pieces = [bytearray(60_000) for _ in range(1_000)]
    for piece in pieces:
        piece[::1_000] = b"x" * 60  # every page is touched
    kept = pieces[:: len(pieces) // 4]  # the top of the heap is never free
    at_most = resident_kib([os.getpid()])
    del pieces, piece
    give_back()
    assert len(kept) == 4
    assert at_most - resident_kib([os.getpid()]) > 40_000
