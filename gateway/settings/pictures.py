"""An organisation's logo and icon: an SVG that only draws, or a PNG that is whole.

An SVG can hold scripts, pages and addresses of elsewhere. What only draws is listed here; anything
else is refused by name and line, and nothing is ever taken out of a file. Reads no file.
"""

from __future__ import annotations

import re
import struct
import zlib
from typing import Final
from xml.parsers import expat

from gateway.settings.po import Fault
from gateway.settings.problems import show
from gateway.settings.sheets import references, sheet_faults

PNG_SIDE: Final = 4096
"""Pixels; a wider logo is a photograph."""

_SVG: Final = "http://www.w3.org/2000/svg"
_ELEMENTS: Final = frozenset({
    "svg", "g", "defs", "symbol", "use", "title", "desc", "metadata", "style", "switch", "view",
    "path", "rect", "circle", "ellipse", "line", "polyline", "polygon", "text", "tspan", "textPath",
    "linearGradient", "radialGradient", "stop", "clipPath", "mask", "pattern", "marker", "filter",
    "feBlend", "feColorMatrix", "feComponentTransfer", "feComposite", "feConvolveMatrix",
    "feDiffuseLighting", "feDisplacementMap", "feDistantLight", "feDropShadow", "feFlood",
    "feFuncA", "feFuncB", "feFuncG", "feFuncR", "feGaussianBlur", "feMerge", "feMergeNode",
    "feMorphology", "feOffset", "fePointLight", "feSpecularLighting", "feSpotLight", "feTile",
    "feTurbulence",
})  # fmt: skip
"""SVG 2 less what runs, loads, links, embeds or moves."""

_LIVELY: Final = frozenset({
    "http://www.w3.org/1999/xhtml", "http://www.w3.org/1998/Math/MathML",
    "http://www.w3.org/2001/xml-events", "",
})  # fmt: skip
"""Names from here do something in a browser; those that drawing programs add do not."""

_OWN_PARTS: Final = 'references within the drawing only, as url(#name) or href="#name"'
_ONLY_DRAWS: Final = "a drawing only: save it as plain or optimised SVG"
_DEEPEST: Final = 100
_MOST_FAULTS: Final = 20


def svg_faults(text: str) -> list[Fault]:
    """Return why an SVG is not served; none when it only draws."""
    drawing = _Drawing()
    try:
        drawing.parser.Parse(text.encode(), True)  # noqa: FBT003 - expat takes no keywords
    except expat.ExpatError as error:
        drawing.tell(f"what is no XML ({expat.ErrorString(error.code)})", "a whole SVG file")
    except _Enough:
        pass
    return sorted(set(drawing.faults))


class _Enough(Exception):
    """There is nothing more to learn from this file."""


class _Drawing:
    """Watches a file being parsed. Entities are never expanded: declaring one ends the reading."""

    def __init__(self) -> None:
        self.faults: list[Fault] = []
        self.parser = expat.ParserCreate("utf-8", namespace_separator=" ")
        self.parser.StartElementHandler = self._start
        self.parser.EndElementHandler = self._end
        self.parser.CharacterDataHandler = self._characters
        self.parser.EntityDeclHandler = self._entity
        self.parser.ProcessingInstructionHandler = self._instruction
        self._depth = 0
        self._style: list[str] | None = None
        self._style_line = 0

    def tell(self, found: str, expected: str, line: int | None = None) -> None:
        """Keep a fault, at the parser's line when none is given."""
        self.faults.append(Fault(line or self.parser.CurrentLineNumber, found, expected))
        if len(self.faults) >= _MOST_FAULTS:
            raise _Enough

    def _start(self, name: str, attributes: dict[str, str]) -> None:
        space, _, local = name.rpartition(" ")
        self._depth += 1
        if self._depth == 1:
            self._root(space, local, attributes)
        if self._depth > _DEEPEST:
            self.tell("elements nested too deep", _ONLY_DRAWS)
            raise _Enough
        if (space == _SVG and local not in _ELEMENTS) or space in _LIVELY:
            self.tell(f"<{local}>", _ONLY_DRAWS)
        if space == _SVG and local == "style":
            self._style, self._style_line = [], self.parser.CurrentLineNumber
        for key, value in attributes.items():
            self._attribute(key.rpartition(" ")[2], value)

    def _root(self, space: str, local: str, attributes: dict[str, str]) -> None:
        if (space, local) != (_SVG, "svg"):
            self.tell(f"<{local}> as the outermost element", f'<svg xmlns="{_SVG}">')
            raise _Enough
        if "viewBox" not in attributes and not {"width", "height"} <= set(attributes):
            self.tell("<svg> without a size", 'a viewBox, as viewBox="0 0 120 40"')

    def _attribute(self, key: str, value: str) -> None:
        if key.lower().startswith("on"):
            self.tell(f"the script {key}=", _ONLY_DRAWS)
        elif key in {"href", "src", "base"}:
            if not value.startswith("#"):
                self.tell(f"{key}={show(value)}", _OWN_PARTS)
        elif "(" in value or "\\" in value:  # without either, nothing can be referred to
            for name in references(value):
                if not _is_own_part(name):
                    self.tell(f"a reference to {show(name)} in {key}=", _OWN_PARTS)

    def _end(self, _: str) -> None:
        self._depth -= 1
        style, self._style = self._style, None
        if style is not None:
            for fault in sheet_faults("".join(style), _is_own_part, _OWN_PARTS):
                self.tell(fault.found, fault.expected, self._style_line + fault.line - 1)

    def _characters(self, text: str) -> None:
        if self._style is not None:
            self._style.append(text)

    def _entity(self, name: str, *_: object) -> None:
        self.tell(f"a declaration of the entity {name}", _ONLY_DRAWS)
        raise _Enough

    def _instruction(self, target: str, _: str) -> None:
        self.tell(f"the instruction <?{target} …?>", _ONLY_DRAWS)


def _is_own_part(reference: str) -> bool:
    return re.fullmatch(r"#[^\s()]+", reference) is not None


def png_faults(content: bytes) -> list[Fault]:
    """Return why a PNG (ISO/IEC 15948) is not served: it is none, or not whole."""
    if not content.startswith(b"\x89PNG\r\n\x1a\n"):
        return [Fault(0, "what is no PNG", "a picture saved as PNG")]
    place, kinds = 8, list[bytes]()
    while place + 12 <= len(content):
        length, kind = struct.unpack_from(">I4s", content, place)
        body = content[place + 4 : place + 8 + length]
        checksum = content[place + 8 + length : place + 12 + length]
        if zlib.crc32(body).to_bytes(4, "big") != checksum:
            break
        kinds.append(kind)
        place += 12 + length
    whole = kinds[:1] == [b"IHDR"] and kinds[-1:] == [b"IEND"] and b"IDAT" in kinds
    if not whole or place != len(content):
        return [Fault(0, "a PNG that is not whole", "the picture saved once more")]
    width, height = struct.unpack_from(">II", content, 16)
    if not 0 < width <= PNG_SIDE or not 0 < height <= PNG_SIDE:
        expected = f"at most {PNG_SIDE} by {PNG_SIDE}"
        return [Fault(0, f"a picture of {width} by {height} pixels", expected)]
    return []
