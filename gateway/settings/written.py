"""Values of the model as gateway.toml writes them: the inverse of their parsers. Pure."""

from __future__ import annotations

import enum
from datetime import timedelta
from pathlib import Path
from typing import Any

from gateway.settings.model import HostPort, OwnLook, Rate, Secret
from gateway.settings.shapes import SECRET, SIZE, Fragment
from gateway.settings.units import format_duration, format_size
from policies.signs import Signs


def written(value: object, shape: Fragment, base: Path) -> Any:
    """Return a value as plain JSON, None for one that cannot be written ("off").

    `shape` is its parser's, `base` what its paths are relative to. Raises TypeError for a type
    that nobody has taught it, so that no default gets lost.
    """
    if isinstance(value, int) and shape.get("pattern") == SIZE["pattern"]:
        return format_size(value)
    if isinstance(value, Path) and shape == SECRET:
        return {"file": str(value.relative_to(base))}
    if not value and shape.get("minItems"):
        return None
    if isinstance(value, (list, tuple, frozenset)):
        return _several(value, shape, base)
    return _single(value, base)


def _several(
    value: list[Any] | tuple[Any, ...] | frozenset[Any], shape: Fragment, base: Path
) -> Any:
    if shape.get("type") == "object":
        return {name: written(one, {}, base) for name, one in value}
    element = shape.get("items", {})
    listed = sorted(value) if isinstance(value, frozenset) else value
    return [written(one, element, base) for one in listed]


def _single(value: object, base: Path) -> Any:
    plain: Any = value
    match value:
        case None | bool() | int() | float() | str() if not isinstance(value, enum.Enum):
            pass
        case OwnLook(directory=None):
            plain = None
        case enum.Enum():
            plain = value.value
        case timedelta():
            plain = format_duration(value)
        case Rate(count, period):
            plain = f"{count}/{format_duration(period)}"
        case HostPort(host, port):
            plain = f"[{host}]:{port}" if ":" in host else f"{host}:{port}"
        case Signs():
            plain = value.written
        case Secret():
            plain = value.reveal()
        case Path():
            plain = str(value.relative_to(base))
        case _:
            raise TypeError(f"no way to write a {type(value).__name__}")
    return plain
