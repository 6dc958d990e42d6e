"""`[branding]` and its directory: what is read, what is refused, and where that is told."""

from __future__ import annotations

import os

import pytest

from gateway.settings import branding
from gateway.settings.model import OwnLook
from gateway.settings.problems import SettingsError
from gateway.settings.warnings import warnings
from tests.settings.samples import NEXT, SMALL, problems, read
from tests.settings.test_pictures import WHOLE, svg

TABLE = SMALL + '[branding]\ndirectory = "look"\n'
LINE = NEXT + 1
LOGO = svg("<g/>")


@pytest.fixture
def look(tmp_path):
    """The directory that gateway.toml names."""
    directory = tmp_path / "look"
    directory.mkdir()
    return directory


def test_without_a_directory_everything_is_ours(tmp_path):
    assert read(tmp_path, SMALL).branding.own == OwnLook()


def test_all_that_a_directory_may_hold(tmp_path, look):
    (look / "logo.svg").write_text(LOGO)
    (look / "favicon.png").write_bytes(WHOLE)
    (look / "style.css").write_text(":root{--accent:#123456}.front{background:url(logo.svg)}")
    (look / "sv.po").write_bytes('\ufeffmsgid "Welcome"\r\nmsgstr "Hej"\r\n'.encode())
    (look / "en.po").write_text('msgid "Welcome"\nmsgstr "Hello"\n')
    own = read(tmp_path, TABLE).branding.own
    assert own.directory == look
    assert [one.name for one in own.files] == ["logo.svg", "favicon.png", "style.css"]
    assert own.files[1].content == WHOLE
    assert [(one.language, one.says) for one in own.texts] == [("en", ("Hello",)), ("sv", ("Hej",))]
    assert own.unread == ()


def test_an_empty_directory_changes_nothing(tmp_path, look):
    assert read(tmp_path, TABLE).branding.own == OwnLook(directory=look)


def test_equal_directories_look_alike(tmp_path, look):
    (look / "style.css").write_text("a{b:c}")
    one, two = read(tmp_path, TABLE).branding, read(tmp_path, TABLE).branding
    assert one == two
    (look / "style.css").write_text("a{b:d}")
    assert read(tmp_path, TABLE).branding != one


@pytest.mark.parametrize(
    ("written", "found", "expected"),
    [
        ('"nowhere"', "no such file", "a directory that can be read"),
        ('"gateway.toml"', "not a directory", "a directory that can be read"),
        ('""', '""', "one line of text"),
        ("true", "true", "text in quotes"),
        ('["look"]', "a list", "text in quotes"),
    ],
)
def test_a_directory_that_is_none(tmp_path, written, found, expected):
    (problem,) = problems(tmp_path, TABLE.replace('"look"', written))
    assert (problem.key, problem.line, problem.file) == ("branding.directory", LINE, "")
    assert found in problem.found
    assert expected in problem.expected


@pytest.mark.parametrize("names", [("logo.svg", "logo.png"), ("favicon.svg", "favicon.png")])
def test_two_for_one_place(tmp_path, look, names):
    for name in names:
        (look / name).write_bytes(WHOLE)
    (problem,) = problems(tmp_path, TABLE)
    assert (problem.key, problem.line) == ("branding.directory", LINE)
    assert problem.expected == f"{names[0]} or {names[1]}"


@pytest.mark.parametrize(
    ("name", "content", "line", "found"),
    [
        ("logo.svg", svg("<script/>"), 2, "<script>"),
        ("logo.svg", b"\xff", 1, "UTF-8"),
        ("logo.png", b"GIF89a", 0, "no PNG"),
        ("favicon.svg", "", 1, "no XML"),
        ("style.css", "\na{b:url(logo.svg)}", 2, '"logo.svg"'),
        ("style.css", "a{b:url(//evil)}", 1, '"//evil"'),
        ("style.css", b"a{}\n\xff", 2, "UTF-8"),
        ("sv.po", "\nx", 2, "none of a catalog"),
        ("en.po", 'msgid "Welcom"\nmsgstr "x"', 1, '"Welcom"'),
        ("en.po", b'msgid "Welcome"\nmsgstr "\xe5"', 2, "UTF-8"),
        ("sv.po", 'msgid "a\x1b[2Jb"\nmsgstr ""', 1, "\\u001b"),
        ("style.css", "a" * (branding.LARGEST[".css"] + 1), 0, "a longer file"),
        ("sv.po", "#" * (branding.LARGEST[".po"] + 1), 0, "a longer file"),
    ],
)  # fmt: skip
def test_a_faulty_file_is_told_with_its_name_and_line(tmp_path, look, name, content, line, found):
    (look / name).write_bytes(content if isinstance(content, bytes) else content.encode())
    (problem,) = problems(tmp_path, TABLE)
    assert (problem.file, problem.line, problem.key) == (f"look/{name}", line, "")
    assert found in problem.found
    assert problem.expected
    assert "\x1b" not in problem.sentence()


def test_a_pipe_and_a_directory_are_no_files(tmp_path, look):
    os.mkfifo(look / "logo.svg")
    (look / "style.css").mkdir()
    found = problems(tmp_path, TABLE)
    assert [one.file for one in found] == ["look/logo.svg", "look/style.css"]
    assert {one.found for one in found} == {"no regular file"}


def test_every_fault_of_every_file_at_once(tmp_path, look):
    (look / "logo.svg").write_text(svg("<script/>\n<image/>"))
    (look / "style.css").write_text("@import 'x';")
    (look / "sv.po").write_text('msgid "Welcom"\nmsgstr "x"\n\nx\n')
    found = problems(tmp_path, TABLE + "[session]\nidle = 30\n")
    assert [(one.file, one.line) for one in found] == [
        ("", LINE + 2),
        ("look/logo.svg", 2), ("look/logo.svg", 3),
        ("look/style.css", 1),
        ("look/sv.po", 1), ("look/sv.po", 4),
    ]  # fmt: skip


def test_files_that_nobody_reads_are_warned_of(tmp_path, look):
    for name in ("Logo.SVG", "de.po", "README.md", "sv.mo", "sv.po~", ".gitignore", "logo.jpeg"):
        (look / name).write_text("x")
    settings = read(tmp_path, TABLE)
    found = [one for one in warnings(settings, tmp_path, 1) if one.key == "branding.directory"]
    assert [one.found.partition(" ")[0] for one in found] == [
        '"Logo.SVG"',
        '"de.po"',
        '"logo.jpeg"',
    ]
    assert {one.line for one in found} == {LINE}
    assert found[0].expected.startswith("logo.svg")


def test_a_change_of_any_file_is_seen(tmp_path, look):
    before = read(tmp_path, TABLE).files
    assert {file.name for file in before} >= set(branding.NAMES)
    (look / "sv.po").write_text('msgid "Welcome"\nmsgstr "Hej"\n')
    (look / "notes.txt").write_text("x")
    after = read(tmp_path, TABLE).files
    assert {file for file in after if after[file] != before[file]} == {look / "sv.po"}


def test_a_directory_that_comes_later_is_seen(tmp_path):
    with pytest.raises(SettingsError) as error:
        read(tmp_path, TABLE)
    assert tmp_path / "look" in error.value.files
    assert tmp_path / "look" / "logo.svg" in error.value.files
