"""The nouns of the logon domain: who a person is, a session, a challenge's outside.

Plain values; times are seconds since the epoch (UTC) as the Clock port gives them.
"""

from __future__ import annotations

from dataclasses import dataclass, field


@dataclass(frozen=True, slots=True)
class Person:
    """A directory entry. `user` is the canonical user name; `mobile` is E.164 or None.

    `credential` stands for the password that is set: another text after each change, "" where the
    directory cannot tell. It opens nothing, and says nothing about who somebody is.
    """

    user: str
    name: str
    email: str
    mobile: str | None
    groups: tuple[str, ...]
    enabled: bool
    credential: str = field(default="", compare=False, repr=False)


@dataclass(frozen=True, slots=True)
class Client:
    """Where a request comes from, as the front door worked it out.

    `address` is the text of an IP address, or "" when unknown (then the network is "internet").
    `device` is what the browser called itself ("Firefox, Windows"), for people's eyes only.
    `known` is the cookie of those who have logged on in this browser before, unverified.
    """

    address: str
    network: str
    request_id: str
    language: str = "en"
    device: str = ""
    known: str = field(default="", compare=False, repr=False)


@dataclass(frozen=True, slots=True)
class SessionRecord:
    """A live session as it stands in the store, sealed. Groups are those of the last logon."""

    user: str
    name: str
    email: str
    groups: tuple[str, ...]
    factors: tuple[str, ...]  # ("pwd",) or ("pwd", "otp"): the amr of the assertion
    network: str  # where it was opened
    created: float
