"""Numbers out of a query string, within bounds, for the debugging pages."""

from __future__ import annotations

import math

from aiohttp import web


def number_of(request: web.Request, name: str, *, default: float, most: float) -> float:
    """Return the query's `name` as a number in 0..most. Raises HTTPBadRequest for anything else."""
    text = request.query.get(name)
    if text is None:
        return default
    try:
        number = float(text)
    except ValueError:
        number = math.nan
    if not 0 <= number <= most:
        raise web.HTTPBadRequest(text=f"{name}: a number from 0 to {most:g} is wanted\n")
    return number


def count_of(request: web.Request, name: str, *, default: int, most: int) -> int:
    """Return the query's `name` as a whole number in 0..most. Raises HTTPBadRequest."""
    number = float(number_of(request, name, default=default, most=most))
    if not number.is_integer():
        raise web.HTTPBadRequest(text=f"{name}: a whole number is wanted\n")
    return int(number)
