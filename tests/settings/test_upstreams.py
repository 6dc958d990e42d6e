"""[[upstream]]: names, addresses, and fields that identity may not write.

A case is what stands at the end of a small valid file: how many lines down the problem is, its key,
words of what was found and of what to write.
"""

from __future__ import annotations

import pytest

from tests.settings.samples import UPSTREAM, judge

CASES = [
    (UPSTREAM, 0, "upstream[2].url", "nothing", "url ="),
    (UPSTREAM + "url = 'http://a'", 2, "upstream[2].url", '"http://a"', "a list"),
    (UPSTREAM + "url = ['http://a/x']", 2, "upstream[2].url[1]", '"http://a/x"', "without path"),
    (UPSTREAM + "url = []", 2, "upstream[2].url", "a list", "one address"),
    ("[[upstream]]\nname = 'portal'\nurl = ['http://a']", 1, "upstream[2].name", "twice", "its own"),
    ("[[upstream]]\nname = 'a b'\nurl = ['http://a']", 1, "upstream[2].name", '"a b"', "letters"),
    (UPSTREAM + "url = ['http://a']\nhost = 'keep'", 3, "upstream[2].host", '"keep"', '"preserve"'),
    (UPSTREAM + "url = ['http://a']\ntimeout = { conect = '5s' }", 3, "upstream[2].timeout.conect", "unknown", '"connect"'),
    (UPSTREAM + "url = ['http://a']\ntimeout = '5s'", 3, "upstream[2].timeout", '"5s"', "a table"),
    (UPSTREAM + "url = ['https://a']\ntls_ca = 'none.pem'", 3, "upstream[2].tls_ca", "no such file", "readable"),
    (UPSTREAM + "url = ['http://a']\ntls_ca = 'gateway.toml'", 3, "upstream[2].tls_ca", "no https", "https"),
    (UPSTREAM + "url = ['http://a']\nassertion = 1", 3, "upstream[2].assertion", "1", "true or false"),
    (UPSTREAM + "url = ['http://a']\nconnections = 0", 3, "upstream[2].connections", "0", "from 1"),
    *[
        (UPSTREAM + f"url = ['http://a']\nidentity.{name} = '{{user}}'", 3, f"upstream[2].identity.{name}", name, "X-Remote-User")
        for name in ("Host", "Cookie", "Connection", "Content-Length", "Transfer-Encoding", "te", "Upgrade", "X-Forwarded-For",
                     "Forwarded", "X-Request-Id", "X-Gateway-Assertion", "X_Remote_User", "Set-Cookie", "Proxy-Authorization")
    ],
    (UPSTREAM + "url = ['http://a']\nidentity = { X-A = '{user}', X--A = 'x' }", 3, "upstream[2].identity.X--A", "look-alike", "one of"),
    (UPSTREAM + "url = ['http://a']\nidentity = { X-A = '{mobile}' }", 3, "upstream[2].identity.X-A", "{mobile}", "{email}"),
    (UPSTREAM + 'url = ["http://a"]\nidentity = { X-A = "{user}\\r\\nX: y" }', 3, "upstream[2].identity.X-A", "\\r", "one line"),
    (UPSTREAM + "url = ['http://a']\nidentity = { X-A = 'å{user}' }", 3, "upstream[2].identity.X-A", "å", "ASCII"),
]  # fmt: skip


@pytest.mark.parametrize("case", CASES, ids=[f"{n}-{case[2]}" for n, case in enumerate(CASES)])
def test_what_is_refused(tmp_path, case):
    judge(tmp_path, case)
