"""gateway/operate/metric_board.py: whole words, whoever reads and whoever is stopped writing."""

from __future__ import annotations

import multiprocessing
import os

import pytest

from gateway.operate import metric_board
from gateway.operate.metric_board import Board


def test_places_are_apart_and_begin_empty() -> None:
    board = Board(3)
    board.write(1, b"one")
    board.write(2, b"two")
    board.write(1, b"one again")
    assert [board.read(place) for place in range(3)] == [None, b"one again", b"two"]


def test_what_is_too_long_is_refused_and_the_last_words_stay() -> None:
    board = Board(1)
    board.write(0, b"here")
    with pytest.raises(ValueError, match="so many routes"):
        board.write(0, b"x" * 4 * 1024 * 1024)
    assert board.read(0) == b"here"


def test_a_writer_that_is_stopped_halfway_leaves_its_last_words(monkeypatch) -> None:
    board = Board(1)
    board.write(0, b"here")

    def killed(_: bytes) -> int:
        raise KeyboardInterrupt

    monkeypatch.setattr(metric_board.zlib, "crc32", killed)
    with pytest.raises(KeyboardInterrupt):
        board.write(0, b"there")
    monkeypatch.undo()
    assert board.read(0) == b"here"


def _write(board: Board) -> None:
    for turn in range(3000):
        board.write(0, bytes([65 + turn % 26]) * (1000 + turn))
    os._exit(0)


def test_readers_of_other_processes_see_whole_words_only() -> None:
    board = Board(1)
    board.write(0, b"A" * 1000)
    writer = multiprocessing.get_context("fork").Process(target=_write, args=(board,))
    writer.start()
    seen = set()
    while writer.is_alive():
        data = board.read(0)
        assert data is not None
        assert len(set(data)) == 1
        seen.add(len(data))
    writer.join()
    assert len(board.read(0) or b"") == 3999
    assert seen
