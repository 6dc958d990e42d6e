"""[redis] and [directory]: addresses, without their passwords in the problem.

A case is what stands at the end of a small valid file: how many lines down the problem is, its key,
words of what was found and of what to write.
"""

from __future__ import annotations

import pytest
from sqlalchemy import make_url

from gateway.settings.model import Secret
from tests.settings.samples import SMALL, judge, problems, read

CASES = [
    ("[redis]\nurl = 'redis:/x'", 1, "redis.url", "something else", "redis://"),
    ("[redis]\nurl = 'http://u:pass@x'", 1, "redis.url", '"http://…"', "redis://"),
    ("[directory]\nkind = 'sql'", 0, "directory.url", "nothing", "postgresql://user@host"),
    ("[directory]\nkind = 'sql'\nurl = 'postgresql+asyncpg://u:pass@x'", 2, "directory.url", '"postgresql+asyncpg:…"', '"postgresql://user@host'),
    ("[directory]\nkind = 'sql'\nurl = 'sqlite+aiosqlite:///x'", 2, "directory.url", '"sqlite…"', 'kind = "sqlite" and path'),
    ("[directory]\nurl = 'x'", 1, "directory.url", 'kind = "sqlite"', "path"),
    ("[directory]\nkind = 'sql'\npath = 'x'\nurl = 'postgresql://x'", 2, "directory.path", 'kind = "sql"', "url"),
]  # fmt: skip


@pytest.mark.parametrize("case", CASES, ids=[f"{n}-{case[2]}" for n, case in enumerate(CASES)])
def test_what_is_refused(tmp_path, case):
    judge(tmp_path, case)


@pytest.mark.parametrize(
    "url",
    [
        "embedded",
        "redis://localhost",
        "redis://localhost:6379/0",
        "rediss://user:p%40ss@redis.example.se:6380/1?x=y",
        "redis://:pw@[::1]:6379",
        "unix:///run/redis.sock",
        "unix://:pw@/run/redis.sock?db=1",
    ],
)
def test_redis_urls(tmp_path, url):
    assert read(tmp_path, f"{SMALL}[redis]\nurl = '{url}'\n").redis_url == Secret(url)


@pytest.mark.parametrize(
    "url", ["redis://", "redis://u:hemligt@", "unix://run", "tcp://u:hemligt@a", "hemligt"]
)
@pytest.mark.parametrize("table", ["[redis]", "[directory]\nkind = 'sql'"])
def test_a_refused_url_does_not_show_its_password(tmp_path, table, url):
    assert "hemligt" not in str(problems(tmp_path, f"{SMALL}{table}\nurl = '{url}'\n"))


def test_numbers_beside_ldap_may_be_kept_in_postgresql(tmp_path):
    ldap = "[ldap]\nservers = ['ldaps://h']\nbind_dn = 'x'\nbind_password = 'Gurka7Tolv9x'\nbase = 'x'\n"
    url = "[directory]\nkind = 'ldap'\nurl = 'postgresql://u@h/d'\n"
    found = read(tmp_path, SMALL + url + ldap).directory
    assert (found.kind, found.url) == ("ldap", Secret("postgresql://u@h/d"))
    assert "path" in str(problems(tmp_path, SMALL + url + "path = 'x'\n" + ldap))


@pytest.mark.parametrize("name", ["d.sqlite3", "a b#c?d%20é.sqlite3"])
def test_a_sqlite_file_is_found_again_in_its_url(tmp_path, name):
    found = read(tmp_path, f"{SMALL}[directory]\npath = '{name}'\n")
    url = make_url(found.directory.url.reveal())
    assert (url.drivername, url.database) == ("sqlite+aiosqlite", str(tmp_path / name))


@pytest.mark.parametrize(
    "url",
    [
        "redis+sentinel://a,b:26380,[::1]:1/portvakt",
        "rediss+sentinel://u:p%40@a/portvakt/3?sentinel_password=x&ssl_ca_certs=/ca.pem",
        "redis+cluster://a:7000,b",
        "rediss+cluster://:pw@a",
    ],
)
def test_groups_of_redis(tmp_path, url):
    assert read(tmp_path, f"{SMALL}[redis]\nurl = '{url}'\n").redis_url == Secret(url)


@pytest.mark.parametrize(
    "url",
    [
        "redis+sentinel://u:hemligt@a",
        "redis+sentinel://u:hemligt@/n",
        "redis+sentinel://u:hemligt@a:0/n",
        "redis+sentinel://u:hemligt@a,/n",
        "redis+sentinel://u:hemligt@a/n?x=hemligt",
        "redis+cluster://u:hemligt@a/1",
        "redis+cluster://u:hemligt@a/n",
        "redis+cluster://u:hemligt@a:65536",
        "redis+cluster://u:hemligt@",
        "redis+cluster://u:hemligt@a?sentinel_password=x",
    ],
)
def test_groups_that_are_none(tmp_path, url):
    told = str(problems(tmp_path, f"{SMALL}[redis]\nurl = '{url}'\n"))
    assert "hemligt" not in told
    assert "redis.url" in told
