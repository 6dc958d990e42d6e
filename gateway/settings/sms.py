"""`[[sms]]`: the ways to a phone, tried in order."""

from __future__ import annotations

import re
from collections.abc import Callable
from pathlib import Path
from typing import Final

from gateway.settings import shapes
from gateway.settings.phones import OutboxSms, Way
from gateway.settings.problems import choice_of
from gateway.settings.reading import Table, Value, shaped
from gateway.settings.sms_common import read_common
from gateway.settings.sms_http import read_http
from gateway.settings.sms_mail import read_smtp
from gateway.settings.sms_presets import read_elks, read_twilio
from gateway.settings.sms_smpp import read_smpp
from gateway.settings.values import file_path, one_of, text

_READERS: Final[dict[str, Callable[[Table, str], Way]]] = {
    "http": read_http,
    "46elks": read_elks,
    "twilio": read_twilio,
    "smtp": read_smtp,
    "smpp": read_smpp,
}
_KINDS: Final = (*_READERS, "outbox")
_NAME: Final = re.compile(r"[A-Za-z0-9][A-Za-z0-9_.-]{0,62}")


def read_sms(file: Table, state_dir: Path) -> tuple[Way, ...]:
    """Read every `[[sms]]`; the default name is the kind and its count, as "http-1"."""
    ways: list[Way] = []
    counts = dict.fromkeys(_KINDS, 0)
    for open_table in file.tables("sms"):
        with open_table.closing() as table:
            kind = table.need("kind", "", _kind, choice_of(None, _KINDS).replace("one of: ", ""))
            if kind not in counts:
                table.forget()
                continue
            counts[kind] += 1
            name = table.read("name", f"{kind}-{counts[kind]}", _name)
            if any(way.name == name for way in ways):
                table.tell("name", f'"{name}" twice', "a name of its own for each [[sms]]")
            reader = _READERS.get(kind)
            ways.append(reader(table, name) if reader else _outbox(table, name, state_dir))
    return tuple(ways)


def _outbox(table: Table, name: str, state_dir: Path) -> OutboxSms:
    path = table.read("path", state_dir / "outbox.jsonl", file_path)
    return OutboxSms(name=name, path=path, **read_common(table))


@shaped(shapes.words(_KINDS))
def _kind(value: Value) -> str:
    return one_of(*_KINDS)(value)


@shaped(shapes.matching(_NAME.pattern))
def _name(value: Value) -> str:
    name = text(value)
    if _NAME.fullmatch(name) is None:
        raise value.refusal("a name of letters, digits, . - and _")
    return name
