"""An organisation's own style sheet, and the styles inside an SVG: valid CSS that fetches nothing.

The pages' Content-Security-Policy would stop what is fetched from elsewhere; saying so here spares
a search in the browser's console. Reads no file.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from typing import Any, Final

import tinycss2

from gateway.settings.po import Fault
from gateway.settings.problems import show

_AT_RULES: Final = frozenset({
    "media", "supports", "layer", "container", "keyframes", "property", "charset",
})  # fmt: skip
_FETCHING: Final = frozenset({
    "url", "src", "image", "image-set", "-webkit-image-set", "cross-fade", "-webkit-cross-fade",
})  # fmt: skip
_DEEPEST: Final = 32
_STYLES: Final = "rules with colours and sizes: nothing is fetched from a style sheet"

MayCall = Callable[[str], bool]
"""Whether a style may name this reference."""


def sheet_faults(text: str, may_call: MayCall, expected: str) -> list[Fault]:
    """Return every fault of a style sheet; `expected` says what it may refer to."""
    tokens = tinycss2.parse_component_value_list(text, skip_comments=True)
    try:
        listed = list(_walk(tokens))
        rules = tinycss2.parse_stylesheet(tokens, skip_comments=True, skip_whitespace=True)
        faults = [fault for rule in rules for fault in _rule_faults(rule)]
    except _TooDeep as deep:
        return [Fault(deep.line, "blocks nested too deep", "plain rules")]
    faults += [_broken(token) for token in listed if token.type == "error"]
    for line, name in _references(listed):
        if not may_call(name):
            faults.append(Fault(line, f"a reference to {show(name)}", expected))
    return sorted(set(faults))


def references(text: str) -> list[str]:
    """Return what a value or a few declarations refer to, however it is spelt."""
    tokens = tinycss2.parse_component_value_list(text, skip_comments=True)
    try:
        return [name for _, name in _references(list(_walk(tokens)))]
    except _TooDeep:
        return [text]


class _TooDeep(Exception):
    def __init__(self, line: int) -> None:
        super().__init__(line)
        self.line = line


def _walk(tokens: list[Any], depth: int = 0) -> Iterator[Any]:
    """Yield every token, those inside of functions and blocks too."""
    for token in tokens:
        if depth > _DEEPEST:
            raise _TooDeep(token.source_line)
        yield token
        yield from _walk(_inside(token), depth + 1)


def _inside(token: Any) -> list[Any]:
    if token.type == "function":
        return list(token.arguments)
    return list(token.content) if token.type.endswith(" block") else []


def _references(tokens: list[Any]) -> Iterator[tuple[int, str]]:
    for token in tokens:
        if token.type == "url":
            yield token.source_line, token.value
        elif token.type == "function" and token.lower_name in _FETCHING:
            for part in token.arguments:
                if part.type == "string":
                    yield part.source_line, part.value


def _rule_faults(rule: Any) -> Iterator[Fault]:
    """Judge the grammar of a rule and of those inside of it."""
    if rule.type == "error":
        yield _broken(rule)
    elif rule.type == "at-rule" and rule.lower_at_keyword not in _AT_RULES:
        yield Fault(rule.source_line, f"@{rule.at_keyword}", _STYLES)
    elif rule.type != "declaration" and rule.content is not None:
        inside = tinycss2.parse_blocks_contents(
            rule.content, skip_comments=True, skip_whitespace=True
        )
        for one in inside:
            yield from _rule_faults(one)


def _broken(node: Any) -> Fault:
    return Fault(node.source_line, f"what is no CSS ({node.message.lower()})", "valid CSS")
