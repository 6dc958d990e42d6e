"""What a browser calls itself, in the two words an employee knows it by: browser and system.

Only for people who look at their sessions and ask "is that me?": a User-Agent field (RFC 9110
section 10.1.5) says what its sender likes, so nothing is ever decided by it. A table of a dozen
tokens is enough for that; a catalogue of all devices would cost seconds and go stale. Pure.
"""

from __future__ import annotations

from typing import Final

_MAX_READ: Final = 512
# The first one found wins: each browser below also names those that stand after it.
_BROWSERS: Final = (
    ("Edg", "Edge"),
    ("OPR/", "Opera"),
    ("SamsungBrowser/", "Samsung Internet"),
    ("Vivaldi/", "Vivaldi"),
    ("Firefox/", "Firefox"),
    ("FxiOS/", "Firefox"),
    ("CriOS/", "Chrome"),
    ("Chrome/", "Chrome"),
    ("Safari/", "Safari"),
    ("Trident/", "Internet Explorer"),
    ("curl/", "curl"),
)
_SYSTEMS: Final = (
    ("iPhone", "iPhone"),
    ("iPad", "iPad"),
    ("Android", "Android"),
    ("CrOS", "ChromeOS"),
    ("Windows", "Windows"),
    ("Macintosh", "macOS"),
    ("Linux", "Linux"),
)


def describe(user_agent: str) -> str:
    """Return "Firefox, Windows", "Safari", or "" when nothing known is named."""
    read = user_agent[:_MAX_READ]
    found = (
        next((name for token, name in table if token in read), "")
        for table in (_BROWSERS, _SYSTEMS)
    )
    return ", ".join(name for name in found if name)
