"""What every `[[sms]]` may say whatever its kind: countries it is for, how long it may take."""

from __future__ import annotations

from datetime import timedelta
from typing import Final, TypedDict

from gateway.settings import shapes
from gateway.settings.phones import TIMEOUT
from gateway.settings.reading import Table, Value, shaped
from gateway.settings.values import lasting, list_of, text
from policies.mobiles import is_region

_COUNTRIES: Final = 'a list of countries in two capitals, as ["SE", "NO"]'


class Common(TypedDict):
    """The fields of `phones.Way` that all kinds share, but the name."""

    countries: tuple[str, ...]
    timeout: timedelta


def read_common(table: Table) -> Common:
    """Read the keys that every kind has."""
    return Common(
        countries=table.read("countries", (), list_of(_country, _COUNTRIES)),
        timeout=table.read("timeout", TIMEOUT, lasting("1s", "1m")),
    )


@shaped(shapes.matching("[A-Z]{2}"))
def _country(value: Value) -> str:
    written = text(value)
    if not is_region(written):
        raise value.refusal('a country in two capitals, as "SE" (ISO 3166-1)')
    return written
