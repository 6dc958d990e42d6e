"""Jinja2 templates and static files of the stub's two applications."""

from __future__ import annotations

from functools import cache
from pathlib import Path
from typing import Any, Final

from aiohttp import web
from jinja2 import Environment, PackageLoader, StrictUndefined

STATIC: Final = Path(__file__).parent / "static"
_POLICY: Final = (
    "default-src 'none'; style-src 'self'; script-src 'self'; img-src 'self'; "
    "connect-src 'self'; form-action 'self'; base-uri 'none'; frame-ancestors 'none'"
)


@cache
def _environment() -> Environment:
    return Environment(
        loader=PackageLoader("upstream_stub"),
        autoescape=True,
        undefined=StrictUndefined,
        trim_blocks=True,
        lstrip_blocks=True,
    )


def page(template: str, *, status: int = 200, **values: Any) -> web.Response:
    """Return the template filled in, as an HTML answer that no cache keeps."""
    text = _environment().get_template(template).render(**values)
    fields = {"Cache-Control": "no-store", "Content-Security-Policy": _POLICY}
    return web.Response(text=text, status=status, content_type="text/html", headers=fields)
