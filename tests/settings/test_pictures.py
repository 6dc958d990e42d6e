"""Logos and icons: an SVG that only draws, a PNG that is whole."""

from __future__ import annotations

import struct
import zlib
from importlib.resources import files

import pytest
from hypothesis import given
from hypothesis import strategies as st

from gateway.settings.pictures import PNG_SIDE, png_faults, svg_faults

NS = 'xmlns="http://www.w3.org/2000/svg" xmlns:xlink="http://www.w3.org/1999/xlink" viewBox="0 0 9 9"'


def svg(inside: str = "", attributes: str = "") -> str:
    return f"<svg {NS} {attributes}>\n{inside}\n</svg>"


GOOD = {
    "ours": (files("gateway.pages") / "static" / "arches.svg").read_text(),
    "plain": svg('<path d="M0 0h9v9z" fill="#f00"/>'),
    "with a declaration": '<?xml version="1.0" encoding="UTF-8"?>\n' + svg(),
    "with a doctype": '<!DOCTYPE svg PUBLIC "-//W3C//DTD SVG 1.1//EN" "http://www.w3.org/Graphics/SVG/1.1/DTD/svg11.dtd">' + svg(),
    "parts of its own": svg('<defs><g id="a"/></defs><use href="#a"/><use xlink:href="#a" fill="url(#b)"/>'),
    "styles": svg("<style>.a{fill:url(#b)}/* url(x) */</style><g class='a' style='fill : url(#b)'/>"),
    "styles as text": svg("<style><![CDATA[.a > .b { fill: red }]]></style>"),
    "words": svg("<title>Smile :) or (not</title><text>url(https://x)</text>", 'aria-label="a) (b"'),
    "a drawing program's": svg('<sodipodi:namedview xmlns:sodipodi="http://sodipodi.example/" id="x"/>'),
    "a size only": '<svg xmlns="http://www.w3.org/2000/svg" width="9" height="9"/>',
    "a prefix": '<s:svg xmlns:s="http://www.w3.org/2000/svg" viewBox="0 0 1 1"><s:g/></s:svg>',
}  # fmt: skip


@pytest.mark.parametrize("text", GOOD.values(), ids=GOOD)
def test_what_only_draws(text: str) -> None:
    assert svg_faults(text) == []


BAD = [
    ("<script>alert(1)</script>", "<script>"),
    ("<g onclick='x()'/>", "onclick="),
    ("<g ONLOAD='x()'/>", "ONLOAD="),
    ("<foreignObject/>", "<foreignObject>"),
    ("<image href='#a'/>", "<image>"),
    ("<a href='#a'/>", "<a>"),
    ("<animate attributeName='href' to='javascript:x()'/>", "<animate>"),
    ("<set attributeName='onclick' to='x()'/>", "<set>"),
    ("<iframe xmlns='http://www.w3.org/1999/xhtml'/>", "<iframe>"),
    ("<h:script xmlns:h='http://www.w3.org/1999/xhtml'/>", "<script>"),
    ("<script xmlns=''/>", "<script>"),
    ("<use href='https://evil.example/x.svg#a'/>", "evil.example"),
    ("<use xlink:href='other.svg#a'/>", "other.svg"),
    ("<use href=' javascript:alert(1)'/>", "javascript"),
    ("<use href='data:image/svg+xml;base64,AA'/>", "data:"),
    ("<use href='java&#115;cript:x'/>", "javascript"),
    ("<g xml:base='https://evil.example/'/>", "evil.example"),
    ("<g fill='url(https://evil.example/#a)'/>", "evil.example"),
    ("<g fill='u\\72l(//evil)'/>", "//evil"),
    ("<g style='fill:url(//evil)'/>", "//evil"),
    ("<g cursor='image-set(\"x\" 1x)'/>", '"x"'),
    ("<style>@import 'x';</style>", "@import"),
    ("<style>a{fill:url(//evil)}</style>", "//evil"),
    ("<style>@font-face{src:url(x)}</style>", "@font-face"),
    ("<?xml-stylesheet href='x'?>", "xml-stylesheet"),
    ("<?php echo 1 ?>", "php"),
    ("<g>" * 200, "too deep"),
    ("<g>", "no XML"),
    ("&nbsp;", "no XML"),
    ("</g>", "no XML"),
    ("\x01", "no XML"),
]


@pytest.mark.parametrize(("inside", "found"), BAD, ids=lambda value: value[:30])
def test_what_does_more_is_refused_by_name_and_line(inside: str, found: str) -> None:
    faults = svg_faults(svg(inside))
    assert any(found in fault.found and fault.expected for fault in faults), faults
    assert {fault.line for fault in faults} <= {2, 3}


@pytest.mark.parametrize(
    ("text", "found"),
    [
        ("", "no XML"),
        ("<html/>", "<html>"),
        ("<svg/>", "<svg> as the outermost"),
        ("<svg xmlns='http://www.w3.org/2000/svg'/>", "without a size"),
        ("<!DOCTYPE svg [<!ENTITY a 'b'>]>" + svg("&a;"), "entity a"),
        ("<!DOCTYPE svg [<!ENTITY % a SYSTEM 'file:///etc/passwd'> %a;]>" + svg(), "entity a"),
        ("<!DOCTYPE svg [<!ENTITY a SYSTEM 'file:///etc/passwd'>]>" + svg("&a;"), "entity a"),
        (svg() + svg(), "no XML"),
    ],
)
def test_whole_files_that_are_refused(text: str, found: str) -> None:
    assert found in svg_faults(text)[0].found


def test_entities_are_never_expanded() -> None:
    levels = "".join(f"<!ENTITY l{n} '{f'&l{n - 1};' * 10}'>" for n in range(1, 20))
    bomb = f"<!DOCTYPE svg [<!ENTITY l0 'x'>{levels}]>" + svg("&l19;")
    (fault,) = svg_faults(bomb)
    assert "entity l0" in fault.found


def test_a_file_full_of_faults_is_not_told_for_ever() -> None:
    assert 10 < len(svg_faults(svg("\n".join(["<script/>"] * 5000)))) <= 20


@given(st.text(st.sampled_from("<>/='\"&;#svg xmln:url()\n!-[]?"), max_size=60))
def test_any_text_is_judged(text: str) -> None:
    assert svg_faults(text)
    assert all(fault.found and fault.expected for fault in svg_faults(svg(text)))


def chunk(kind: bytes, body: bytes) -> bytes:
    checked = kind + body
    return struct.pack(">I", len(body)) + checked + struct.pack(">I", zlib.crc32(checked))


def png(width: int = 1, height: int = 1, more: bytes = b"") -> bytes:
    head = struct.pack(">IIBBBBB", width, height, 8, 0, 0, 0, 0)
    data = zlib.compress(b"\0\0")
    return (
        b"\x89PNG\r\n\x1a\n"
        + chunk(b"IHDR", head)
        + more
        + chunk(b"IDAT", data)
        + chunk(b"IEND", b"")
    )


WHOLE = png()


def test_a_whole_png() -> None:
    assert png_faults(WHOLE) == []
    assert png_faults(png(more=chunk(b"tEXt", b"a\0b"))) == []


@pytest.mark.parametrize(
    ("content", "found"),
    [
        (b"", "no PNG"),
        (b"\xff\xd8\xff\xe0 a JPEG", "no PNG"),
        (WHOLE[:8], "not whole"),
        (WHOLE[:-1], "not whole"),
        (WHOLE[:-12], "not whole"),
        (WHOLE + b"<script>", "not whole"),
        (WHOLE.replace(b"IDAT", b"IDAX"), "not whole"),
        (WHOLE[:20] + b"\x09" + WHOLE[21:], "not whole"),
        (WHOLE[:8] + chunk(b"IDAT", b"") + chunk(b"IEND", b""), "not whole"),
        (png(PNG_SIDE + 1), f"{PNG_SIDE + 1} by 1"),
        (png(0), "0 by 1"),
    ],
)
def test_a_faulty_png(content: bytes, found: str) -> None:
    (fault,) = png_faults(content)
    assert found in fault.found
    assert fault.expected


@given(st.binary(max_size=80))
def test_any_bytes_are_judged(content: bytes) -> None:
    assert png_faults(content)
    assert png_faults(WHOLE[:8] + content)
    assert png_faults(WHOLE + content) == ([] if not content else png_faults(WHOLE + content))
