"""The scanner against tomllib: on any valid document every key path has the line it stands on."""

from __future__ import annotations

import tomllib

import pytest
from hypothesis import given
from hypothesis import strategies as st

from gateway.settings.positions import render, scan

DOCUMENT = '''\
public_url = "http://localhost"  # [not] = a table
"quoted.key" = 1
a.b . "c d" = 2
'li"teral' = 3

[listen]
address = [
  "127.0.0.1:80",  # ] = {
  # nothing here

  "[::1]:80", [1,
    2], { x = 1, y.z = [
      3, ] },
]
tls = { certificate = "a.pem", key = 'b.pem' }

[[route]]
path = "/a"
text = """
one " two "" three \\""" [[route]]
four"""""
raw = \'\'\'
# ' '' [x]
\'\'\'\'
after = 1979-05-27 07:32:00Z # date
[route.deep]
k = 1e3
[[route.many]]
n = 1
[[route.many]]
n = 2

  [[ route ]]
  path = "/b"
  [[route.many]]
  n = 3
  [route."x.y"]
  z = 1
'''

LINES = [
    (("public_url",), 1, "public_url"),
    (("quoted.key",), 2, '"quoted.key"'),
    (("a",), 3, "a"),
    (("a", "b", "c d"), 3, 'a.b."c d"'),
    (('li"teral',), 4, r'"li\"teral"'),
    (("listen",), 6, "listen"),
    (("listen", "address"), 7, "listen.address"),
    (("listen", "address", 0), 8, "listen.address[1]"),
    (("listen", "address", 1), 11, "listen.address[2]"),
    (("listen", "address", 2, 0), 11, "listen.address[3][1]"),
    (("listen", "address", 2, 1), 12, "listen.address[3][2]"),
    (("listen", "address", 3, "x"), 12, "listen.address[4].x"),
    (("listen", "address", 3, "y", "z", 0), 13, "listen.address[4].y.z[1]"),
    (("listen", "tls", "key"), 15, "listen.tls.key"),
    (("route",), 17, "route"),
    (("route", 0), 17, "route[1]"),
    (("route", 0, "path"), 18, "route[1].path"),
    (("route", 0, "text"), 19, "route[1].text"),
    (("route", 0, "raw"), 22, "route[1].raw"),
    (("route", 0, "after"), 25, "route[1].after"),
    (("route", 0, "deep", "k"), 27, "route[1].deep.k"),
    (("route", 0, "many", 0, "n"), 29, "route[1].many[1].n"),
    (("route", 0, "many", 1, "n"), 31, "route[1].many[2].n"),
    (("route", 1), 33, "route[2]"),
    (("route", 1, "path"), 34, "route[2].path"),
    (("route", 1, "many", 0, "n"), 36, "route[2].many[1].n"),
    (("route", 1, "x.y", "z"), 38, 'route[2]."x.y".z'),
    # What is missing is looked for in the nearest table around it.
    (("listen", "workers"), 6, "listen.workers"),
    (("route", 1, "upstream"), 33, "route[2].upstream"),
    (("nowhere", "at all"), 1, 'nowhere."at all"'),
]


@pytest.mark.parametrize(("path", "line", "text"), LINES, ids=[text for *_, text in LINES])
def test_lines_of_a_document_with_everything_in_it(path, line, text):
    tomllib.loads(DOCUMENT)
    assert scan(DOCUMENT).of(path) == line
    assert render(path) == text


# Generated documents: every scalar is a number of its own, so its line can be found by looking.
_names = st.text("abc-_09", min_size=1, max_size=3)
_written = st.one_of(
    _names.map(lambda name: (name, name)),
    st.text("a.# =[]{}'é\\\"", max_size=4).map(lambda name: (name, _basic(name))),
    st.text('a.# =[]{}"é\\', max_size=4).map(lambda name: (name, f"'{name}'")),
)
_gap = st.sampled_from(["", " ", "\t", " # comment ] } = [x] \" '\n", "\n", "\n\n  "])
_scalars = st.sampled_from(
    [
        '"{}"',
        "'{}'",
        '"""\n{}\n"""',
        "'''\n\n{}'''",
        "{}",
        "{}.5",
        '"""\n\\"\\"\\"{}"""""',
        '"\\"] {}"',
    ]
)


def _basic(text):
    return '"' + text.replace("\\", "\\\\").replace('"', '\\"') + '"'


@st.composite
def documents(draw):
    """A valid document as text; by path of a scalar the number in it, and how many lines down."""
    count = iter(range(1000, 10_000))
    places = {}

    def scalar(path):
        number = next(count)
        written = draw(_scalars)
        places[path] = (number, written.partition("{}")[0].count("\n"))
        return written.format(number)

    def value(path, depth):
        kind = draw(st.sampled_from(["scalar", "scalar", "array", "inline"])) if depth else "scalar"
        if kind == "array":
            parts = [
                draw(_gap) + value((*path, index), depth - 1) + draw(_gap)
                for index in range(draw(st.integers(0, 3)))
            ]
            return (
                "["
                + ",".join(parts)
                + draw(st.sampled_from(["", ","] if parts else [""]))
                + draw(_gap)
                + "]"
            )
        if kind == "inline":
            return "{ " + ", ".join(pairs(path, depth - 1)) + " }"
        return scalar(path)

    def pairs(path, depth):
        names = draw(st.lists(_written, max_size=3, unique_by=lambda pair: pair[0]))
        return [f"{text} = {value((*path, name), depth)}" for name, text in names]

    lines = pairs((), 2)
    tables = draw(st.lists(_written, max_size=3, unique_by=lambda pair: pair[0]))
    taken = {path[0] for path in places}
    for name, text in tables:
        if name in taken or any(line.startswith(f"{text} =") for line in lines):
            continue
        if draw(st.booleans()):
            lines += [f"[{text}]", *pairs((name,), 2)]
        else:
            for index in range(draw(st.integers(1, 3))):
                lines += [f"[[{text}]]", *pairs((name, index), 2)]
    blank = draw(st.sampled_from(["\n", "\n\n", "  # [x] = 'y'\n"]))
    return blank.join(lines) + "\n", places


def _leaves(value, path=()):
    match value:
        case dict():
            for key, entry in value.items():
                yield from _leaves(entry, (*path, key))
        case list():
            for index, entry in enumerate(value):
                yield from _leaves(entry, (*path, index))
        case _:
            yield path


@given(documents())
def test_every_path_of_tomllib_has_the_line_where_it_stands(document):
    text, places = document
    try:
        values = tomllib.loads(text)
    except tomllib.TOMLDecodeError:  # two spellings of one key
        return
    assert set(_leaves(values)) >= set(places)
    lines = scan(text)
    for path, (number, above) in places.items():
        holds = next(n for n, line in enumerate(text.split("\n"), 1) if str(number) in line)
        assert lines.of(path) == holds - above
        assert lines.of(path[:-1]) <= lines.of(path)


@given(st.text("ab=[]{}.,\"'\n# 12\\", max_size=40))
def test_any_valid_text_is_scanned(text):
    try:
        values = tomllib.loads(text)
    except ValueError:
        return
    lines = scan(text)
    for path in _leaves(values):
        if path and path[-1] != "":
            assert 1 <= lines.of(path) <= text.count("\n") + 1
