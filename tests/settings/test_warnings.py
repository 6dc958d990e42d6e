"""Legal but unsafe: what is warned of, where, and what is not."""

from __future__ import annotations

import pytest

from gateway.settings.warnings import warnings
from tests.settings.samples import KEY, NEXT, SMALL, read

PHONE = '[[sms]]\nkind = "http"\nurl = "https://a.se/b"\nform = { to = "{mobile}", m = "{text}" }\n'
SAFE = SMALL + PHONE
PUBLIC = SAFE.replace("http://localhost:8080", "https://one.example.se")
PROXY = "[listen]\ntrusted_proxies = ['10.1.1.1']\n"
END = SAFE.count("\n") + 1


def keys(directory, text):
    return {problem.key for problem in warnings(read(directory, text))}


@pytest.mark.parametrize(
    "text", [SAFE, PUBLIC + PROXY, SAFE.replace("https://a.se", "http://127.0.0.1:9001")]
)
def test_nothing_to_warn_of(tmp_path, text):
    assert keys(tmp_path, text) == set()


@pytest.mark.parametrize(
    ("text", "key"),
    [
        (SAFE.replace("localhost:8080", "one.example.se"), "public_url"),
        (SAFE.replace("https://a.se", "http://a.se"), "sms[1].url"),
        (SAFE.replace("https://a.se", "HTTP://a.se"), "sms[1].url"),
        (SMALL, "sms"),
        (PUBLIC + PROXY + "[[sms]]\nkind = 'outbox'\n", "sms[2].kind"),
        (SAFE + "[admin]\naddress = '0.0.0.0:8081'\n", "admin.address"),
        (PUBLIC, "listen.trusted_proxies"),
        (
            SAFE + "[listen]\ntrusted_proxies = ['10.1.1.1', '10.0.0.0/8']\n",
            "listen.trusted_proxies[2]",
        ),
        (PUBLIC + PROXY + "[networks]\ncorporate = ['127.0.0.0/8']\n", "networks.corporate"),
        (PUBLIC + PROXY + "[networks]\ncorporate = ['::1']\n", "networks.corporate"),
        (SAFE + "[session]\nidle = '2h'\n", "session.idle"),
        (SAFE + "[session]\nabsolute = '2d'\n", "session.absolute"),
        (SAFE + "[password]\nmin_length = 6\n", "password.min_length"),
        (SAFE.replace('path = "/"', 'path = "/"\npublic = true'), "route[1].public"),
        (
            SAFE.replace('path = "/"', 'path = "/"\nsecond_factor = "never"'),
            "route[1].second_factor",
        ),
        (
            SAFE.replace('path = "/"', 'path = "/"\nusers = ["anna"]\nreport_only = true'),
            "route[1].report_only",
        ),
    ],
)
def test_one_danger_is_one_warning(tmp_path, text, key):
    assert keys(tmp_path, text) == {key}


def test_on_this_machine_everything_may_be_corporate(tmp_path):
    assert keys(tmp_path, SAFE + "[networks]\ncorporate = ['127.0.0.0/8']\n") == set()


@pytest.mark.parametrize(
    ("mode", "warned"), [(0o600, False), (0o640, False), (0o644, True), (0o660, True)]
)
def test_key_files_that_others_can_read(tmp_path, mode, warned):
    for name in ("secret.key", "tls.key", "tls.pem"):
        (tmp_path / name).write_text(KEY)
        (tmp_path / name).chmod(mode)
    text = SAFE + (
        "[secrets]\nkey = { file = 'secret.key' }\n"
        "[listen]\ntls = { certificate = 'tls.pem', key = 'tls.key' }\n"
    )
    assert keys(tmp_path, text) == ({"secrets.key", "listen.tls.key"} if warned else set())


def test_a_warning_has_a_line_and_words(tmp_path):
    (problem,) = warnings(read(tmp_path, SAFE + "[session]\nidle = '2h'\n"))
    assert problem.line == END + 1 > NEXT
    assert problem.found.startswith('"2h"')
    assert problem.expected == 'at most "1h" (NIST 800-63B)'
