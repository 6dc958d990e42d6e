"""What an organisation says in its own words: `en.po` and `sv.po` beside gateway.toml.

A text is named by its English source. One that is not ours, or whose places (`%(name)s`, `{code}`)
differ, is an error: it would never be shown, or would break a page. Reads no file.
"""

from __future__ import annotations

import difflib
import re
import unicodedata
from collections.abc import Iterator
from typing import Final

from gateway.settings.po import Entry, Fault, read_po
from gateway.settings.problems import show
from gateway.texts.catalog import OwnText, sources

LONGEST: Final = 1000
"""Characters of one text; the longest of ours has 260."""

_PLACE: Final = re.compile(r"%\([a-z_]+\)[sd]|\{[a-z_]+\}")
_LANGUAGE: Final = re.compile(r"^Language:[ \t]*(\S*)", re.MULTILINE)
_CHARSET: Final = re.compile(r"^Content-Type:.*charset=(\S+)", re.MULTILINE | re.IGNORECASE)
_INVISIBLE: Final = frozenset({"Cc", "Cf", "Cn", "Co", "Cs", "Zl", "Zp"})
_HARMLESS: Final = "\N{SOFT HYPHEN}\N{ZERO WIDTH NON-JOINER}\N{ZERO WIDTH JOINER}"


def read_own_texts(language: str, content: str) -> tuple[list[OwnText], list[Fault]]:
    """Return what a catalog says in `language`, and every fault of it.

    An entry whose texts are all empty says nothing: ours stay. So does an obsolete one (`#~`).
    """
    entries, faults = read_po(content)
    known = {source[0]: source for source in sources()}
    seen: dict[tuple[str, ...], int] = {}
    own: list[OwnText] = []
    for entry in entries:
        if entry.source == ("",):
            faults += _header_faults(language, entry)
            continue
        found = list(_faults(entry, known, seen))
        seen.setdefault(entry.source, entry.line)
        faults += found
        if not found and any(entry.says):
            own.append(OwnText(language, entry.source, entry.says))
    return own, sorted(faults)


def _header_faults(language: str, entry: Entry) -> Iterator[Fault]:
    header = entry.says[0]
    written = _LANGUAGE.search(header)
    if written is not None and written[1] not in {"", language}:
        found = f'a header of the language "{written[1]}"'
        yield Fault(entry.line, found, f'"Language: {language}\\n", or the file {written[1]}.po')
    charset = _CHARSET.search(header)
    if charset is not None and charset[1].lower() not in {"utf-8", "charset"}:
        yield Fault(entry.line, f"a header of the charset {charset[1]}", "the file in UTF-8")


def _faults(
    entry: Entry, known: dict[str, tuple[str, ...]], seen: dict[tuple[str, ...], int]
) -> Iterator[Fault]:
    if known.get(entry.source[0]) != entry.source:
        yield _unknown(entry, known)
        return
    if entry.source in seen:
        found = f"{show(entry.source[0])} again, after line {seen[entry.source]}"
        yield Fault(entry.line, found, "each text once")
    if entry.fuzzy and any(entry.says):
        found = f"{show(entry.source[0])} marked fuzzy"
        yield Fault(entry.line, found, "the text as it shall be, without the mark")
    if any(entry.says):
        for source, says, line in zip(entry.source, entry.says, entry.lines, strict=True):
            yield from _text_faults(source, says, line)


def _unknown(entry: Entry, known: dict[str, tuple[str, ...]]) -> Fault:
    source = entry.source[0]
    right = known.get(source)
    if right is not None:  # only the plural differs
        expected = f"msgid_plural {show(right[1])}" if len(right) > 1 else "no msgid_plural"
        return Fault(entry.line, f"{show(source)} with another plural", expected)
    near = difflib.get_close_matches(source, known, n=1, cutoff=0.5)
    expected = f"{show(near[0])}, or " if near else ""
    found = f"the text {show(source)}, which is none of ours"
    return Fault(entry.line, found, f"{expected}a msgid that `portvakt texts` lists")


def _text_faults(source: str, says: str, line: int) -> Iterator[Fault]:
    if not says.strip():
        yield Fault(line, "an empty text beside one that is not", "both, or neither")
        return
    if len(says) > LONGEST:
        yield Fault(line, f"{len(says)} characters", f"at most {LONGEST}")
    if odd := [sign for sign in says if _is_invisible(sign)]:
        yield Fault(line, f"the invisible character U+{ord(odd[0]):04X}", "one line of plain text")
    wanted, given = sorted(_PLACE.findall(source)), sorted(_PLACE.findall(says))
    if wanted != given:
        found = f"{' '.join(given) or 'no place to be filled in'}"
        expected = f"{' '.join(wanted) or 'none'}, as in {show(source)}"
        yield Fault(line, found, expected)
    elif re.search(r"[%{}]", _PLACE.sub("", says)):
        yield Fault(line, "a %, { or } of its own", "those signs only in places to be filled in")


def _is_invisible(sign: str) -> bool:
    return unicodedata.category(sign) in _INVISIBLE and sign not in _HARMLESS
