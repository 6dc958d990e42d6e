"""Secrets stay secret in every text that Python makes of them."""

from __future__ import annotations

import logging

import pytest

from gateway.settings.model import PublicUrl, Secret


@pytest.mark.parametrize(
    "form",
    [
        str,
        repr,
        "{}".format,
        "{!r}".format,
        lambda s: f"{[s]}",
        lambda s: logging.LogRecord("", 0, "", 0, "%s", (s,), None).getMessage(),
    ],
)
def test_no_text_of_a_secret_shows_it(form):
    assert "hemligt" not in form(Secret("hemligt"))


def test_secrets_are_values():
    assert Secret("a") == Secret("a")
    assert Secret("a") != Secret("b")
    assert Secret("a") != "a"
    assert len({Secret("a"), Secret("a")}) == 1
    assert Secret("a").reveal() == "a"


def test_https_is_the_scheme():
    assert PublicUrl("https", "a.se", 443, "https://a.se").is_https
    assert not PublicUrl("http", "a.se", 80, "http://a.se").is_https
