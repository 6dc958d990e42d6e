"""gateway/operate/logs.py: nobody writes a line of the log but us."""

from __future__ import annotations

import logging

import pytest

from gateway.operate.logs import _OneLine


def formatted(message: str, *args: object, error: BaseException | None = None) -> str:
    info = (type(error), error, error.__traceback__) if error else None
    record = logging.LogRecord("portvakt", logging.INFO, __file__, 1, message, args, info)
    return _OneLine("%(levelname)s %(name)s: %(message)s").format(record)


@pytest.mark.parametrize("sign", ["\r", "\x1b", "\x00", "\x7f", "\x9b", "\u2028", "\u2029", "\t"])
def test_control_characters_are_written_out(sign: str) -> None:
    line = formatted("user %s", f"a{sign}b")
    assert sign not in line
    assert f"a\\x{ord(sign):02x}b" in line


def test_a_new_line_in_a_value_cannot_pass_for_a_log_line() -> None:
    first, second = formatted("user %s", "anna\nERROR portvakt: forged").split("\n")
    assert first == "INFO portvakt: user anna"
    assert second.startswith("    ")


def test_what_is_very_long_is_cut() -> None:
    assert len(formatted("x" * 100_000)) < 5000


def test_a_traceback_keeps_its_lines() -> None:
    text = ""
    try:
        int("why")
    except ValueError as error:
        text = formatted("crash", error=error)
    assert text.splitlines()[0] == "INFO portvakt: crash"
    assert all(line.startswith("    ") for line in text.splitlines()[1:])
    assert "ValueError: invalid literal" in text
