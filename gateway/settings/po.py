"""The grammar of a gettext catalog (`.po`), read strictly: every fault, with its line.

Tools that translators use forgive much, which is right for a draft; here a line that is not
understood would be a text that silently stays as it was. Imports nothing of ours.
"""

from __future__ import annotations

import re
from typing import Final, NamedTuple

_LINE: Final = re.compile(
    r'(?:(msgctxt|msgid|msgid_plural|msgstr|msgstr\[[0-9]\])[ \t]*)?"((?:[^"\\]|\\.)*)"'
)
_ESCAPE: Final = re.compile(r"\\(.)")
_ESCAPES: Final = {"n": "\n", "t": "\t", "r": "\r", '"': '"', "\\": "\\"}
_SINGLE: Final = ["msgid", "msgstr"]
_PLURAL: Final = ["msgid", "msgid_plural", "msgstr[0]", "msgstr[1]"]


class Fault(NamedTuple):
    """What is wrong in a file: its line (from 1; 0: the whole), what is there, what to write."""

    line: int
    found: str
    expected: str


class Entry(NamedTuple):
    """One entry: `source` and `says` are one text each, or two where the number counts.

    `lines` are those of each text in `says`, `line` is that of the entry.
    """

    line: int
    source: tuple[str, ...]
    says: tuple[str, ...]
    lines: tuple[int, ...]
    fuzzy: bool


def read_po(text: str) -> tuple[list[Entry], list[Fault]]:
    """Return the entries of a catalog, the header (source "") among them, and every fault."""
    reader = _Reader()
    for number, line in enumerate(text.split("\n"), start=1):
        reader.take(number, line.strip())
    reader.finish()
    return reader.entries, reader.faults


class _Reader:
    """Takes a file line by line. `_parts` is the entry under way: keyword, line and text each."""

    def __init__(self) -> None:
        self.entries: list[Entry] = []
        self.faults: list[Fault] = []
        self._parts: list[tuple[str, int, str]] = []
        self._fuzzy = False
        self._spoilt = False  # a line of this entry was not understood

    def take(self, number: int, line: str) -> None:
        """Take the next line."""
        if line.startswith("#") or not line:
            self._comment(line)
            return
        found = _LINE.fullmatch(line)
        if found is None:
            expected = 'msgid "…", msgstr "…", a continuation "…" or a comment # …'
            if self._keywords() in (_SINGLE, _PLURAL):
                self.finish()
            self.faults.append(Fault(number, "a line that is none of a catalog", expected))
            self._spoilt = True
            return
        keyword, written = found[1], found[2]
        text = self._unescaped(number, written)
        if keyword is None:
            self._continue(number, text)
            return
        if keyword in {"msgid", "msgctxt"}:
            if "msgid" in self._keywords():
                self.finish()
            self._spoilt = False
        self._parts.append((keyword, number, text))

    def finish(self) -> None:
        """End the entry under way."""
        parts, self._parts = self._parts, []
        fuzzy, self._fuzzy = self._fuzzy, False
        spoilt, self._spoilt = self._spoilt, False
        if not parts or spoilt:
            return
        line = parts[0][1]
        keywords = [keyword for keyword, _, _ in parts]
        if "msgctxt" in keywords:
            self.faults.append(Fault(line, "a msgctxt", "no such line: texts here have no context"))
        elif keywords not in (_SINGLE, _PLURAL):
            found = f"an entry of {', '.join(keywords)}"
            expected = "msgid and msgstr, or msgid, msgid_plural, msgstr[0] and msgstr[1]"
            self.faults.append(Fault(line, found, expected))
        else:
            middle = len(parts) // 2
            texts = tuple(text for _, _, text in parts)
            lines = tuple(number for _, number, _ in parts[middle:])
            self.entries.append(Entry(line, texts[:middle], texts[middle:], lines, fuzzy))

    def _keywords(self) -> list[str]:
        return [keyword for keyword, _, _ in self._parts]

    def _comment(self, line: str) -> None:
        if any(keyword.startswith("msgstr") for keyword in self._keywords()):
            self.finish()  # what follows belongs to the next entry
        if line.startswith("#,") and "fuzzy" in re.split(r"[,\s]+", line[2:]):
            self._fuzzy = True

    def _continue(self, number: int, text: str) -> None:
        if not self._parts:
            self.faults.append(Fault(number, "a text without a keyword before it", 'msgid "…"'))
            return
        keyword, line, before = self._parts[-1]
        self._parts[-1] = (keyword, line, before + text)

    def _unescaped(self, number: int, written: str) -> str:
        odd = {sign for sign in _ESCAPE.findall(written) if sign not in _ESCAPES}
        if odd:
            found = f"the escape \\{min(odd)}"
            self.faults.append(Fault(number, found, r"a backslash only as \\, \", \n, \r or \t"))
        return _ESCAPE.sub(lambda escape: _ESCAPES.get(escape[1], escape[0]), written)
