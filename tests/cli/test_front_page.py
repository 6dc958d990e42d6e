"""gateway/cli/front_page.py: what answers tell of the way between browsers and the gateway."""

from __future__ import annotations

from dataclasses import replace

import pytest

from gateway.cli.front_page import (
    Answer,
    judge_certificate,
    judge_fields,
    judge_form,
    judge_page,
    judge_peer,
    judge_upgrade,
)
from gateway.settings.model import PublicUrl

HTTPS = PublicUrl("https", "one.example.se", 443, "https://one.example.se")
HTTP = PublicUrl("http", "localhost", 8080, "http://localhost:8080")
FORM = '<input type="hidden" name="form_token" value="1.ab">'
NOW = 784_111_777.0
PAGE = Answer(
    status=200,
    location="",
    cookies=["__Host-gateway-form=1; HttpOnly; Path=/; SameSite=Lax; Secure"],
    date="Sun, 06 Nov 1994 08:49:37 GMT",
    hsts="max-age=63072000",
    body=FORM,
)
PLAIN = replace(PAGE, cookies=["gateway-form=1; HttpOnly; Path=/; SameSite=Lax"])


def levels(found) -> list[tuple[str, str]]:
    return [(one.part, one.level.value) for one in found]


@pytest.mark.parametrize(
    ("answer", "url", "told"),
    [
        (PAGE, HTTPS, [("answers", "ok"), ("cookies", "ok")]),
        (PLAIN, HTTP, [("answers", "ok"), ("cookies", "ok")]),
        (PLAIN, HTTPS, [("answers", "problem")]),
        (PAGE, HTTP, [("answers", "problem")]),
        (replace(PAGE, cookies=[]), HTTPS, [("cookies", "problem")]),
        (replace(PAGE, cookies=[], body="<h1>IIS</h1>"), HTTPS, [("answers", "problem")]),
        (
            replace(PAGE, cookies=["__Host-gateway-form=1; HttpOnly; Path=/portal; Secure"]),
            HTTPS,
            [("answers", "ok"), ("cookies", "problem")],
        ),
        (
            replace(PAGE, cookies=["__Host-gateway-form=1; HttpOnly; Path=/"]),
            HTTPS,
            [("answers", "ok"), ("cookies", "problem")],
        ),
        (
            replace(PAGE, cookies=["gateway-form=1; HttpOnly; Path=/; Domain=example.se"]),
            HTTP,
            [("answers", "ok"), ("cookies", "problem")],
        ),
        (replace(PAGE, cookies=["\x00=;;"], body=""), HTTPS, [("answers", "problem")]),
    ],
)
def test_who_answers_and_what_becomes_of_cookies(answer, url, told) -> None:
    assert levels(judge_page(answer, url)) == told


@pytest.mark.parametrize(
    ("date", "level"),
    [(0, "ok"), (5, "ok"), (-6, "warning"), (60, "warning"), (61, "problem"), (-7200, "problem")],
)
def test_clocks(date: int, level: str) -> None:
    assert levels(judge_fields(PAGE, HTTP, NOW + date)) == [("clock", level)]


def test_a_missing_date_and_hsts() -> None:
    found = judge_fields(replace(PAGE, date="yesterday", hsts=""), HTTPS, NOW)
    assert levels(found) == [("clock", "warning"), ("hsts", "problem")]
    assert levels(judge_fields(PAGE, HTTPS, NOW))[1] == ("hsts", "ok")


def test_a_refused_form_names_the_cause() -> None:
    assert judge_form(replace(PAGE, status=401)).level == "ok"
    body = '<code class="cause">wrong-host</code>'
    found = judge_form(replace(PAGE, status=403, body=body))
    assert (found.level, "403 (wrong-host)" in found.found) == ("problem", True)
    assert judge_form(replace(PAGE, status=502, body="")).level == "problem"


@pytest.mark.parametrize(
    ("status", "proxy_in_front", "trusted", "level"),
    [
        (302, True, True, "ok"),
        (302, False, True, "ok"),
        (403, True, False, "problem"),
        (403, True, True, "problem"),
        (403, False, True, "warning"),
        (403, False, False, "ok"),
    ],
)
def test_trusted_proxies(status, proxy_in_front, trusted, level) -> None:
    assert judge_peer(status, proxy_in_front=proxy_in_front, trusted=trusted).level == level


def test_certificates_and_upgrades() -> None:
    assert [judge_certificate(days * 86_400.0).level for days in (90, 14, 13)] == [
        "ok",
        "ok",
        "warning",
    ]
    assert [judge_upgrade(status).level for status in (401, 302, 400)] == [
        "ok",
        "problem",
        "problem",
    ]
