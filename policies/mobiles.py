"""The normal form of a mobile number: E.164, as an SMS provider and the directory want it.

Numbering plans come from the `phonenumbers` library, which is imported only here. What people
write is accepted (spaces, dashes, 0046, a national number); what cannot get an SMS is refused by
a named reason.
"""

from __future__ import annotations

import enum
import re
import unicodedata
from dataclasses import dataclass
from typing import Final

import phonenumbers
from phonenumbers import (
    NumberParseException,
    PhoneNumberFormat,
    PhoneNumberType,
    ValidationResult,
)


class NotMobileReason(enum.Enum):
    """Why a text is not a mobile number; the value is a sentence for the person who wrote it."""

    EMPTY = "no number was given"
    NOT_A_NUMBER = "a mobile number has digits only, as 0701234567 or +46701234567"
    UNKNOWN_COUNTRY = "no country has this country code"
    TOO_SHORT = "the number is too short"
    TOO_LONG = "the number is too long"
    NOT_IN_USE = "no such number is in use"
    LANDLINE = "this is a landline, which cannot receive a code"
    OTHER_SERVICE = "this is not a mobile number, so it cannot receive a code"


@dataclass(frozen=True, slots=True)
class Mobile:
    """A number that can get an SMS, in E.164: "+46701234567"."""

    e164: str


@dataclass(frozen=True, slots=True)
class NotMobile:
    """A text that is not a mobile number, and why."""

    reason: NotMobileReason


_E164: Final = re.compile(r"\+[1-9][0-9]{4,14}")
_LONGEST: Final = 40  # 15 digits (E.164) and generous punctuation
_PUNCTUATION: Final = frozenset(" -./()")
# What word processors put for a hyphen: hyphens, dashes, minus.
_DASHES: Final = dict.fromkeys(map(ord, "\u2010\u2011\u2012\u2013\u2014\u2212"), "-")
# Where a country's plan cannot tell mobile from fixed (as in North America), believe the writer.
_MOBILE_TYPES: Final = frozenset({PhoneNumberType.MOBILE, PhoneNumberType.FIXED_LINE_OR_MOBILE})
_PARSE_REASONS: Final = {
    NumberParseException.INVALID_COUNTRY_CODE: NotMobileReason.UNKNOWN_COUNTRY,
    NumberParseException.TOO_SHORT_AFTER_IDD: NotMobileReason.TOO_SHORT,
    NumberParseException.TOO_SHORT_NSN: NotMobileReason.TOO_SHORT,
    NumberParseException.TOO_LONG: NotMobileReason.TOO_LONG,
}
_LENGTH_REASONS: Final = {
    ValidationResult.TOO_SHORT: NotMobileReason.TOO_SHORT,
    ValidationResult.IS_POSSIBLE_LOCAL_ONLY: NotMobileReason.TOO_SHORT,
    ValidationResult.TOO_LONG: NotMobileReason.TOO_LONG,
    ValidationResult.INVALID_COUNTRY_CODE: NotMobileReason.UNKNOWN_COUNTRY,
}


_NOWHERE: Final = phonenumbers.REGION_CODE_FOR_NON_GEO_ENTITY
"""Satellites and services of the whole world: no employee's phone, and dear to send to."""

HOME: Final = "SE"
"""The region a number without a country code belongs to, where nobody names another one."""


def normalise(text: str, region: str = HOME) -> Mobile | NotMobile:
    """Return the number in E.164, or why it is none.

    `region` (ISO 3166-1 alpha-2) is where a number without a country code belongs.
    """
    if len(text) > _LONGEST:
        return NotMobile(NotMobileReason.TOO_LONG)
    written = unicodedata.normalize("NFKC", text).translate(_DASHES).strip()
    if not written:
        return NotMobile(NotMobileReason.EMPTY)
    # The library would pick a number out of a sentence, and read letters as a keypad does.
    if not all(c in _PUNCTUATION or c in "0123456789" for c in written.removeprefix("+")):
        return NotMobile(NotMobileReason.NOT_A_NUMBER)
    try:
        number = phonenumbers.parse(written, region)
    except NumberParseException as error:
        return NotMobile(_PARSE_REASONS.get(error.error_type, NotMobileReason.NOT_A_NUMBER))
    return _judge(number)


def _judge(number: phonenumbers.PhoneNumber) -> Mobile | NotMobile:
    kind = phonenumbers.number_type(number)
    if phonenumbers.region_code_for_number(number) == _NOWHERE:
        return NotMobile(NotMobileReason.OTHER_SERVICE)
    if kind in _MOBILE_TYPES:
        return Mobile(phonenumbers.format_number(number, PhoneNumberFormat.E164))
    if kind == PhoneNumberType.FIXED_LINE:
        return NotMobile(NotMobileReason.LANDLINE)
    if kind != PhoneNumberType.UNKNOWN:
        return NotMobile(NotMobileReason.OTHER_SERVICE)
    length = phonenumbers.is_possible_number_with_reason(number)
    return NotMobile(_LENGTH_REASONS.get(length, NotMobileReason.NOT_IN_USE))


def masked(e164: str) -> str:
    """Return the number as a stranger may see it: "•••• 67"."""
    return f"•••• {e164[-2:]}"


def spoken(e164: str, region: str = HOME) -> str:
    """Return the number as people in `region` write it: "070-123 45 67", abroad "+47 91 23 45 67".

    `e164` is one that `normalise` made.
    """
    number = phonenumbers.parse(e164, None)
    at_home = phonenumbers.region_code_for_number(number) == region
    style = PhoneNumberFormat.NATIONAL if at_home else PhoneNumberFormat.INTERNATIONAL
    return phonenumbers.format_number(number, style)


def region_of(e164: str) -> str:
    """Return the region (ISO 3166-1 alpha-2) of a number that `normalise` made, "" for none."""
    try:
        number = phonenumbers.parse(e164, None)
    except NumberParseException:
        return ""
    return phonenumbers.region_code_for_number(number) or ""


def is_e164(text: str) -> bool:
    """Whether a text has the form of a number in E.164, and so holds nothing but + and digits."""
    return _E164.fullmatch(text) is not None


def is_region(text: str) -> bool:
    """Whether a text is a region whose mobile numbers are known, in capitals: "SE"."""
    return text in phonenumbers.SUPPORTED_REGIONS and _example(text) is not None


@dataclass(frozen=True, slots=True)
class Example:
    """One number in the two ways people write it: "0701234567" and "+46701234567"."""

    national: str
    e164: str


def example(region: str) -> Example:
    """Return a number that shows people in `region` (see `is_region`) what is asked for."""
    number = _example(region)
    if number is None:
        raise ValueError(f"{region!r} is no region with mobile numbers")
    national = phonenumbers.format_number(number, PhoneNumberFormat.NATIONAL)
    digits = "".join(sign for sign in national if sign.isdecimal())
    return Example(digits, phonenumbers.format_number(number, PhoneNumberFormat.E164))


def _example(region: str) -> phonenumbers.PhoneNumber | None:
    return phonenumbers.example_number_for_type(region, PhoneNumberType.MOBILE)
