"""What is no TOML at all: line, column and words, and never a line's value."""

from __future__ import annotations

import pytest

from gateway.settings.parse import read_settings
from gateway.settings.problems import SettingsError
from tests.settings.samples import SMALL, problems, read


@pytest.mark.parametrize(
    ("text", "line", "found"),
    [
        ("a = 1\nb = = 2\n", 2, "column 5 after b"),
        ("a = 5m\n", 1, "column 6 after a"),
        ("a = 1\na = 2\n", 2, "overwrite"),
        ("[a]\n\n[a]\n", 3, "twice"),
        ('a = 1\nb = "x\n', 2, "column 7 after b"),
        ("a = [\n1,\n", 2, "end of the file"),
        (b"a = 1\nb = '\xe5'\n", 2, "not UTF-8"),
        ("key = 'hemligt\n", 1, "end of the file"),
        ('key = "hemligt\n', 1, "after key"),
        ("a = " + "[" * 5000, 0, "too deep"),
        ("a = " + "9" * 5000, 0, "too deep"),
        (b"#" * (1024 * 1024 + 1), 0, "above 1 MiB"),
    ],
    ids=lambda value: str(value)[:20] if isinstance(value, str) else None,
)
def test_what_is_no_toml(tmp_path, text, line, found):
    (problem,) = problems(tmp_path, text)
    assert problem.line == line
    assert found in problem.found
    assert "hemligt" not in problem.found


def test_no_file(tmp_path):
    for path in (tmp_path / "gateway.toml", tmp_path):
        with pytest.raises(SettingsError) as error:
            read_settings(path, {})
        (problem,) = error.value.problems
        assert (problem.line, problem.key) == (0, "")
        assert str(path) in problem.found


def test_windows_line_ends_and_a_byte_order_mark_change_nothing(tmp_path):
    plain = read(tmp_path, SMALL)
    other = read(tmp_path, b"\xef\xbb\xbf" + SMALL.replace("\n", "\r\n").encode())
    assert other == plain
    assert other.digest != plain.digest
    assert other.routes[0].line == 5
