"""What ops write about a person, judged by the policies: one place for options and CSV cells."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import TypeVar

from gateway.auth.model import Person
from policies import mobiles, people, user_names

T = TypeVar("T")


class Fault(ValueError):
    """A value that is not acceptable; the text says why."""


@dataclass(frozen=True, slots=True)
class Written:
    """A person as somebody wrote them."""

    user: str
    name: str
    email: str = ""
    mobile: str = ""
    groups: Sequence[str] = ()
    enabled: bool = True
    region: str = mobiles.HOME  # of a number without a country code


def person(written: Written, faults: list[str]) -> Person | None:
    """Return the person, or None with everything that is wrong appended to `faults`."""
    before = len(faults)
    user = _kept(user_name, written.user, "", faults)
    full_name = _kept(name, written.name, "", faults)
    address = _kept(email, written.email, "", faults)
    number = _kept(lambda text: mobile(text, written.region), written.mobile, None, faults)
    nowhere: tuple[str, ...] = ()
    in_groups = _kept(groups, written.groups, nowhere, faults)
    if len(faults) > before:
        return None
    return Person(user, full_name, address, number, in_groups, written.enabled)


def user_name(text: str) -> str:
    """Return the canonical user name of a new account. Raises Fault."""
    canonical = user_names.canonical(text)
    if not user_names.is_possible(canonical):
        raise Fault(
            f"{text[:80]!r} cannot be a user name: letters, digits and . _ - @, "
            f"at most {user_names.LONGEST}"
        )
    return canonical


def name(text: str) -> str:
    """Return a person's name, trimmed. Raises Fault."""
    return _accepted(text.strip(), people.name_fault)


def email(text: str) -> str:
    """Return an e-mail address, trimmed; "" for none. Raises Fault."""
    return _accepted(text.strip(), people.email_fault)


def mobile(text: str, region: str) -> str | None:
    """Return a mobile number in E.164, None for none. Raises Fault."""
    if not text.strip():
        return None
    judged = mobiles.normalise(text, region)
    if isinstance(judged, mobiles.NotMobile):
        raise Fault(f"mobile {text[:40]!r}: {judged.reason.value}")
    return judged.e164


def groups(texts: Sequence[str]) -> tuple[str, ...]:
    """Return groups, each once, in their order. Raises Fault."""
    return _accepted(tuple(dict.fromkeys(text.strip() for text in texts)), people.groups_fault)


def _accepted(value: T, fault_of: Callable[[T], str | None]) -> T:
    fault = fault_of(value)
    if fault is not None:
        raise Fault(fault)
    return value


_W = TypeVar("_W")


def _kept(parse: Callable[[_W], T], written: _W, stand_in: T, faults: list[str]) -> T:
    try:
        return parse(written)
    except Fault as fault:
        faults.append(str(fault))
        return stand_in
