"""Style sheets: valid CSS that fetches nothing from elsewhere, in whatever spelling."""

from __future__ import annotations

import time

import pytest
from hypothesis import given
from hypothesis import strategies as st

from gateway.settings.sheets import references, sheet_faults

GOOD = """@charset "utf-8";
/* url(https://evil.example/) in a comment */
:root { --accent: #123456; --front: rgb(1 2 3 / 50%); }
@media (prefers-color-scheme: dark) { :root { --accent: #abcdef; } .front::before { content: "url(x)"; } }
.front { background: url("arches.svg") center, URL(arches.svg), linear-gradient(1deg, red, blue); }
.brand { & .logo { height: 3rem; } }
@supports (display: grid) { .a > .b:not(.c)::before { margin: calc(1px + (2 * 3px)); } }
"""


def faults_of(text: str):
    return sheet_faults(text, {"arches.svg"}.__contains__, "arches.svg")


def test_a_good_one() -> None:
    assert faults_of(GOOD) == []
    assert faults_of("") == []


@pytest.mark.parametrize(
    ("text", "line", "found"),
    [
        ("a { background: url(https://evil.example/x.png) }", 1, "evil.example"),
        ("\n\na { background: url('//evil') }", 3, '"//evil"'),
        ("a { background: u\\72l(//evil) }", 1, '"//evil"'),
        ("a { background: URL(  '//evil'  ) }", 1, '"//evil"'),
        ("a { --x: url(logo.png) }", 1, '"logo.png"'),
        ("a { background: image-set('//evil' 1x, url(arches.svg) 2x) }", 1, '"//evil"'),
        ("a { background: src('x') }", 1, '"x"'),
        ("a { background: url(data:image/png;base64,AA==) }", 1, "data:"),
        ("a { background: url(../etc/passwd) }", 1, "passwd"),
        ("@media print { a { b { background: url(x) } } }", 1, '"x"'),
        ("a { background: linear-gradient(red, var(--x, url(deep))) }", 1, '"deep"'),
        ("@import 'x.css';", 1, "@import"),
        ("@IMPORT url(arches.svg);", 1, "@IMPORT"),
        ("@font-face { font-family: x; src: local(x) }", 1, "@font-face"),
        ("@namespace url(arches.svg);", 1, "@namespace"),
        ("a { color: red", None, ""),
        ("a { color red; margin: 0 }", 1, "no CSS"),
        ("a { color: red } }", 1, "no CSS"),
        ("\na } b { c: d }", 2, "no CSS"),
        ("a { content: 'x\n' }", 1, "no CSS"),
        ("a { b: url(x y) }", 1, "no CSS"),
        ("just words", 1, "no CSS"),
        ("@media print { words }", 1, "no CSS"),
        ("a{" * 40, 1, "too deep"),
        ("a{b:" + "(" * 5000, 1, "too deep"),
    ],
)
def test_a_fault(text: str, line: int | None, found: str) -> None:
    faults = faults_of(text)
    assert bool(faults) is (line is not None)
    if faults:
        assert (faults[0].line, faults[0].expected != "") == (line, True)
        assert any(found in fault.found for fault in faults)


@pytest.mark.parametrize(
    ("value", "found"),
    [
        ("url(#a)", ["#a"]),
        ("fill:url(#a);stroke:url( '#b' )", ["#a", "#b"]),
        ("translate(1 2)", []),
        ("a) b", []),
        ("u\\72 l(//evil)", ["//evil"]),
        ("/**/url(x)", ["x"]),
    ],
)
def test_references(value: str, found: list[str]) -> None:
    assert references(value) == found


@given(st.text(st.sampled_from("abu\\72rl()'\"{}[];:@/*#-, \n"), max_size=60))
def test_any_text_is_judged(text: str) -> None:
    faults = faults_of(text)
    assert all(fault.line >= 1 and fault.found and fault.expected for fault in faults)


def test_long_ones_are_judged_in_reasonable_time() -> None:
    before = time.process_time()
    faults_of("a{b:c}" * 20_000)
    assert time.process_time() - before < 20
