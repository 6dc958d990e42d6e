"""Reading a posted form strictly, and turning away the posts of other sites (ASVS 3.5, 15.3.7).

Only `application/x-www-form-urlencoded` in UTF-8, at most 16 KiB and 16 fields, none twice.
"""

from __future__ import annotations

from collections.abc import Collection, Mapping
from typing import Final
from urllib.parse import parse_qsl

from aiohttp import web

MAX_BODY: Final = 16 * 1024
TOKEN_FIELD: Final = "form_token"  # noqa: S105 - the name of a field, no secret
_MAX_FIELDS: Final = 16
_FORM: Final = "application/x-www-form-urlencoded"
_OWN_SITES: Final = frozenset({"same-origin", "none"})


class FormRefused(Exception):
    """A forged or stale form: nothing was done. `again` is the page to start from.

    `without_mark`: it came from our own page, but without the cookie that came with the page.
    """

    def __init__(self, again: str, *, without_mark: bool = False) -> None:
        super().__init__("form refused")
        self.again = again
        self.without_mark = without_mark


def is_cross_site(headers: Mapping[str, str], own_origins: Collection[str]) -> bool:
    """Whether a browser says that another site sent this (Origin, Sec-Fetch-Site).

    `Origin: null` is another site. A client that sends neither field is judged by the token alone.
    """
    origin = headers.get("Origin")
    if origin is not None and origin not in own_origins:
        return True
    return headers.get("Sec-Fetch-Site", "none").lower() not in _OWN_SITES


async def read_form(request: web.Request) -> dict[str, str]:
    """Return the fields of a posted form.

    Raises HTTPUnsupportedMediaType (415), HTTPRequestEntityTooLarge (413; the application's
    `client_max_size` is MAX_BODY) or HTTPBadRequest (400: twice the same field, not UTF-8, NUL).
    """
    charset = (request.charset or "utf-8").lower()
    coded = request.headers.get("Content-Encoding", "identity").lower()
    if request.content_type != _FORM or charset != "utf-8" or coded != "identity":
        raise web.HTTPUnsupportedMediaType
    return read_fields(await request.read())


def read_query(request: web.Request) -> dict[str, str]:
    """Return the fields of the query; raises HTTPBadRequest as `read_form` does."""
    return read_fields(request.rel_url.raw_query_string.encode("utf-8", "surrogateescape"))


def read_fields(raw: bytes) -> dict[str, str]:
    """Return the fields of urlencoded bytes, each at most once; raises HTTPBadRequest."""
    try:
        pairs = parse_qsl(
            raw.decode("ascii"), keep_blank_values=True, errors="strict", max_num_fields=_MAX_FIELDS
        )
    except ValueError:  # UnicodeDecodeError is one
        raise web.HTTPBadRequest from None
    fields = dict(pairs)
    if len(fields) != len(pairs) or any("\0" in text for pair in pairs for text in pair):
        raise web.HTTPBadRequest
    return fields


def required(fields: Mapping[str, str], name: str) -> str:
    """Return a field that every browser sends, be it empty; raises HTTPBadRequest without it."""
    try:
        return fields[name]
    except KeyError:
        raise web.HTTPBadRequest from None
