"""The JSON Schema (2020-12) of gateway.toml, made of what its readers ask for.

It accepts all that `read_settings` accepts; what only the file as a whole can tell (names that
must exist, keys that exclude each other) is left to `portvakt check`.
"""

from __future__ import annotations

import json
from collections.abc import Sequence
from typing import Any, Final

from gateway.settings.comments import Comments, Name, our_comments
from gateway.settings.questions import BASE, KIND, Questions, ask_readers
from gateway.settings.reading import Asked
from gateway.settings.shapes import TABLE, Fragment, listing
from gateway.settings.written import written

_DIALECT: Final = "https://json-schema.org/draft/2020-12/schema"
_TITLE: Final = "gateway.toml of Portvakt"


def schema_text() -> str:
    """Return the schema as `docs/gateway.schema.json` holds it."""
    return json.dumps(schema(), ensure_ascii=False, indent=2) + "\n"


def schema() -> Fragment:
    """Return the schema of the whole file; descriptions are gateway.toml's own comments."""
    return {"$schema": _DIALECT, "title": _TITLE, **_Writer(our_comments()).table(())}


class _Writer:
    """Writes the schema of each table, and of the tables in it."""

    def __init__(self, comments: Comments) -> None:
        self._comments = comments
        self._tables = ask_readers()

    def table(self, name: Name) -> Fragment:
        """Return the schema of one table."""
        questions = self._tables[name]
        keys = questions.keys()
        needed = [key for key, asked in keys.items() if _is_needed(asked, questions)]
        known = {key: self._key((*name, key), asked) for key, asked in keys.items()}
        patterns = {key for key, asked in keys.items() if asked[0].is_pattern}
        table: Fragment = {
            "type": "object",
            "properties": {key: shape for key, shape in known.items() if key not in patterns},
            "additionalProperties": False,
        }
        if patterns:
            table["patternProperties"] = {key: known[key] for key in patterns}
        if needed:
            table["required"] = needed
        if variants := _variants(questions, set(keys), set(needed)):
            table["allOf"] = variants
        return table

    def _key(self, name: Name, asked: Sequence[Asked]) -> Fragment:
        shape = asked[0].shape
        if shape == TABLE:
            inner = self.table(name)
        elif shape == listing(TABLE):
            inner = listing(self.table(name))
        else:
            inner = dict(shape)
        said = (self._comments.sentences.get(name), inner.pop("description", None))
        words = " ".join(filter(None, said))
        described: Fragment = {"description": words, **inner} if words else inner
        if name in self._comments.examples:
            described["examples"] = [self._comments.examples[name]]
        written_defaults = [written(one.default, one.shape, BASE) for one in asked]
        defaults = [one for one in written_defaults if one is not None]
        if defaults and all(one == defaults[0] for one in defaults):
            described["default"] = defaults[0]
        return described


def _is_needed(asked: Sequence[Asked], questions: Questions) -> bool:
    """Whether a key must be there whatever the table's kind."""
    return len(asked) == len(questions.kinds) and all(one.needed for one in asked)


def _variants(questions: Questions, keys: set[str], needed: set[str]) -> list[Fragment]:
    """Return what else holds for each kind of a table: keys that it has not, keys that it needs."""
    found: list[Fragment] = []
    for kind, asked in questions.kinds.items():
        then: dict[str, Any] = {}
        if foreign := sorted(keys - set(asked)):
            then["properties"] = dict.fromkeys(foreign, False)
        if more := [key for key, one in asked.items() if one.needed and key not in needed]:
            then["required"] = more
        if then:
            condition: Fragment = {"properties": {KIND: {"const": kind}}}
            if asked[KIND].default != kind:
                condition["required"] = [KIND]
            found.append({"if": condition, "then": then})
    return found
