"""gateway/settings/postgres_url.py: which machines a URL names, and whose word is taken for them."""

from __future__ import annotations

import contextlib

import pytest
from hypothesis import given
from hypothesis import strategies as st

from gateway.settings.postgres_url import parse_postgres_url


@pytest.mark.parametrize(
    ("url", "is_local", "sslmode", "is_verified"),
    [
        ("postgresql://u:p@db.example.se:5433/d", False, "", True),
        ("postgres://db/d?sslmode=prefer", False, "prefer", False),
        ("postgresql+psycopg://db/d?sslmode=verify-ca", False, "verify-ca", False),
        ("postgresql://db/d?sslmode=verify-full", False, "verify-full", True),
        ("postgresql://127.0.0.1,[::1]:5433,localhost/d?sslmode=disable", True, "disable", True),
        ("postgresql://127.0.0.1,db/d?sslmode=disable", False, "disable", False),
        ("postgresql:///d?host=/run/postgresql&sslmode=disable", True, "disable", True),
        ("postgresql://%2Frun%2Fpostgresql/d?sslmode=disable", True, "disable", True),
        ("postgresql://localhost/d?hostaddr=10.0.0.5&sslmode=allow", False, "allow", False),
    ],
)
def test_what_is_read(url, is_local, sslmode, is_verified):
    found = parse_postgres_url(url)
    assert (found.is_local, found.sslmode, found.is_verified) == (is_local, sslmode, is_verified)
    assert found.uri.startswith("postgresql://")


@pytest.mark.parametrize(
    "url",
    ["", "postgresql:", "postgresql://", "mysql://u:hemligt@h", "postgresql://h/d?hemligt", "x"],
)
def test_what_is_none_and_is_not_shown(url):
    with pytest.raises(ValueError, match="PostgreSQL") as refused:
        parse_postgres_url(url)
    assert "hemligt" not in str(refused.value)


@given(st.text())
def test_nothing_else_is_ever_raised(rest):
    for start in ("postgresql://", "postgresql://[", "postgresql://h/d?"):
        with contextlib.suppress(ValueError):
            parse_postgres_url(start + rest)
