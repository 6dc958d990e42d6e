"""The file of further forbidden passwords."""

from __future__ import annotations

import pytest

from gateway.settings import forbidden
from gateway.settings.forbidden import read_forbidden
from tests.settings.samples import SMALL, problems


@pytest.mark.parametrize(
    ("content", "found"),
    [
        (b"Sommar1\nVinter2\n", {"sommar1", "vinter2"}),
        (b"\xef\xbb\xbfSommar1\r\n\r\n#1 Fan\r\n", {"sommar1", "#1 fan"}),
        ("Åke7\n\uff21nna7".encode(), {"åke7", "anna7"}),
        (b"a\x85b\x0cc", None),
        (b"", set()),
    ],
)
def test_one_password_a_line(tmp_path, content, found):
    file = tmp_path / "more.txt"
    file.write_bytes(content)
    if found is None:
        with pytest.raises(ValueError, match="decode"):
            read_forbidden(file)
    else:
        assert read_forbidden(file) == found


@pytest.mark.parametrize(
    ("content", "found", "expected"),
    [(b"\xff\n", "other bytes", "UTF-8"), (b"x" * 11, "a longer one", "at most")],
)
def test_a_bad_file_is_found_when_gateway_toml_is_read(
    tmp_path, monkeypatch, content, found, expected
):
    monkeypatch.setattr(forbidden, "MOST", 10)
    (tmp_path / "more.txt").write_bytes(content)
    (problem,) = problems(tmp_path, f"{SMALL}[password]\nforbidden_file = 'more.txt'\n")
    assert problem.key == "password.forbidden_file"
    assert found in problem.found
    assert expected in problem.expected
