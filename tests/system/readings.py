"""Which places a request target may lead to, told without any code of the gateway."""

from __future__ import annotations

import re
from urllib.parse import unquote


def readings(target: str) -> set[str]:
    """Return the places that servers may take a target for, in lower case."""
    found, path = set(), target.partition("?")[0]
    for _ in range(4):
        plain = path.replace("\\", "/").lower()
        bare = re.sub(";[^/]*", "", plain)
        for text in (plain, bare, "/".join(map(_trimmed, bare.split("/")))):
            parts: list[str] = []
            for part in text.split("/"):
                if part == "..":
                    parts = parts[:-1]
                elif part not in {"", "."}:
                    parts.append(part)
            found.add("/" + "/".join(parts))
        path = unquote(path, "latin-1")
    return found


def _trimmed(part: str) -> str:
    """Return a segment without blanks around it, and without dots behind a name."""
    part = part.strip(" ")
    return part.rstrip(". ") if part.strip(".") else part


def is_under(path: str, place: str) -> bool:
    return path == place or path.startswith(place + "/")
