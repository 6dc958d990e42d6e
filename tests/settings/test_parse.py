"""gateway.toml as a whole: what is refused, on which line; and all of it at once."""

from __future__ import annotations

from datetime import timedelta

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from gateway.settings.model import HostPort, Rate, Secret, Tls, UpstreamUrl
from gateway.settings.phones import HttpSms, OutboxSms
from gateway.settings.problems import SettingsError
from policies.factors import SecondFactor
from tests.settings.samples import KEY, NEXT, SMALL, problems, read


def test_the_smallest_file_has_every_default(tmp_path):
    found = read(tmp_path, SMALL)
    assert found.public_url.origin == "http://localhost:8080"
    assert found.state_dir == tmp_path / "var"
    assert found.listen.address == (HostPort("127.0.0.1", 8080),)
    assert found.listen.trusted_proxies == ()
    assert found.listen.workers == 1
    assert found.admin == HostPort("127.0.0.1", 8081)
    assert found.redis_url == Secret("embedded")
    assert found.secret_key == Secret("")
    assert found.secret_key_file == tmp_path / "var/secret.key"
    assert dict(found.networks) == {
        "corporate": ("10.0.0.0/8", "172.16.0.0/12", "192.168.0.0/16", "fd00::/8")
    }
    assert found.session.absolute == timedelta(hours=10)
    assert found.one_time_password.lifetime == timedelta(minutes=5)
    assert found.lockout.user == Rate(50, timedelta(hours=1))
    assert found.self_service.first_logon == "corporate"
    assert found.directory.url == Secret(f"sqlite+aiosqlite:///{tmp_path}/var/directory.sqlite3")
    assert found.sms == ()
    assert found.audit_file == tmp_path / "var/audit.jsonl"
    assert found.limits.body == 10 * 1024**3
    (upstream,) = found.upstreams
    assert upstream.urls == (UpstreamUrl("http", "127.0.0.1", 9000),)
    assert dict(upstream.identity)["X-Remote-User"] == "{user}"
    assert (upstream.host, upstream.connections, upstream.line) == ("preserve", 256, 2)
    (route,) = found.routes
    assert (route.path, route.upstream, route.host, route.line) == ("/", "portal", None, 5)
    assert route.second_factor is SecondFactor.OUTSIDE_CORPORATE
    assert (route.upgrades, route.origins) == ({"websocket"}, ("public_url",))


def test_state_dir_moves_the_files_in_it(tmp_path):
    found = read(tmp_path, f'state_dir = "{tmp_path}/a b"\n{SMALL}')
    assert found.secret_key_file == tmp_path / "a b/secret.key"
    assert found.audit_file == tmp_path / "a b/audit.jsonl"
    assert found.directory.url.reveal().endswith("/a%20b/directory.sqlite3")


TABLES = """
[listen]
address = ["0.0.0.0:443", "[::]:443"]
trusted_proxies = ["10.1.0.0/24", "FD01::1"]
proxy_protocol = true
workers = "auto"
tls = { certificate = "cert.pem", key = "key.pem" }
[redis]
url = { env = "REDIS_URL" }
[secrets]
key = { env = "KEY" }
[networks]
branch = ["10.20.0.0/16", "!10.20.9.0/24"]
corporate = []
[self_service]
first_logon = "branch"
[lockout]
lock = ["30s"]
[directory]
kind = "sql"
url = "postgresql://u:p@db/directory"
[limits]
head = "32KiB"
[[sms]]
kind = "http"
url = "https://api.example.se/sms?v=1"
json = { to = ["{mobile}"], body = { text = "Hej {text} {}" }, flash = false, n = 1, f = 1.5 }
headers = { X-Key = { file = "api.key" }, X-Plain = "plain" }
username = "user"
password = { env = "SMS" }
success_text = "created"
timeout = "3s"
[[sms]]
kind = "outbox"
path = "out.jsonl"
[[sms]]
kind = "http"
name = "second"
url = "http://127.0.0.1/sms"
form = { to = "{mobile}", message = "{text}" }
[[upstream]]
name = "hr"
url = ["https://a.internal", "unix:///run/hr.sock"]
host = "upstream"
identity = { Remote-User = "DOMAIN\\\\{user}" }
timeout.connect = "500ms"
connections = 8
[[route]]
path = "/hr/"
host = "*.Example.SE"
upstream = "hr"
groups = ["hr", "chiefs"]
second_factor = "always"
upgrades = []
origins = ["public_url", "https://One.example.se:443"]
"""


def test_every_table_is_read(tmp_path):
    for name, text in {"cert.pem": "c", "key.pem": "k", "api.key": "file-value\n"}.items():
        (tmp_path / name).write_text(text)
    environ = {"REDIS_URL": "rediss://:pw@r:6379/0", "KEY": KEY, "SMS": "sms-password"}
    found = read(tmp_path, SMALL + TABLES, environ)
    assert found.listen.address == (HostPort("0.0.0.0", 443), HostPort("::", 443))
    assert found.listen.trusted_proxies == ("10.1.0.0/24", "fd01::1/128")
    assert found.listen.workers == 0
    assert found.listen.tls == Tls(tmp_path / "cert.pem", tmp_path / "key.pem")
    assert found.redis_url == Secret("rediss://:pw@r:6379/0")
    assert (found.secret_key, found.secret_key_file) == (Secret(KEY), None)
    assert found.networks == (("branch", ("10.20.0.0/16", "!10.20.9.0/24")), ("corporate", ()))
    assert found.lockout.lock == (timedelta(seconds=30),)
    assert found.directory.kind == "sql"
    first, second, third = found.sms
    assert isinstance(first, HttpSms)
    assert first.name == "http-1"
    assert dict(first.headers) == {"X-Key": Secret("file-value"), "X-Plain": Secret("plain")}
    assert (first.username, first.password) == ("user", Secret("sms-password"))
    assert first.json["body"] == {"text": "Hej {text} {}"}
    assert second == OutboxSms(name="outbox-1", path=tmp_path / "out.jsonl")
    assert third.form == (("to", "{mobile}"), ("message", "{text}"))
    upstream = found.upstreams[1]
    assert upstream.urls[1] == UpstreamUrl("unix", "localhost", 0, "/run/hr.sock")
    assert upstream.identity == (("Remote-User", "DOMAIN\\{user}"),)
    assert upstream.connect_timeout == timedelta(milliseconds=500)
    assert upstream.first_byte_timeout == timedelta(seconds=60)
    route = found.routes[1]
    assert (route.host, route.groups) == ("*.example.se", {"hr", "chiefs"})
    assert route.origins == ("public_url", "https://one.example.se")
    assert route.upgrades == frozenset()
    assert "sms-password" not in repr(found)
    assert KEY not in repr(found)


@pytest.mark.parametrize(
    ("text", "keys"),
    [
        ("", {"public_url": 1, "upstream": 1, "route": 1}),
        (
            'public_url = "https://one.example.se/portal"\n' + SMALL.partition("\n")[2],
            {"public_url": 1},
        ),
        (
            'public_url = "https://u:hemligt@one.example.se"\n' + SMALL.partition("\n")[2],
            {"public_url": 1},
        ),
        ("upstream = []\nroute = 1\n" + SMALL.partition("\n")[0], {"route": 2}),
    ],
)
def test_what_has_no_default(tmp_path, text, keys):
    found = problems(tmp_path, text)
    assert {problem.key: problem.line for problem in found} == keys
    assert "hemligt" not in str(found)


def test_all_errors_at_once_by_line(tmp_path):
    faults = "sesion.idle = 1\n[session]\nidle = 3\nabsolute = '4'\n[[route]]\npath = 'a'\nupstream = 'portl'\n"
    found = problems(
        tmp_path, SMALL.replace("http:", "htp:", 1) + faults + "[secrets]\nkey = 'short'\n"
    )
    assert [(problem.line, problem.key) for problem in found] == [
        (1, "public_url"),
        (NEXT, "route[1].sesion"),
        (NEXT + 2, "session.idle"),
        (NEXT + 3, "session.absolute"),
        (NEXT + 5, "route[2].path"),
        (NEXT + 6, "route[2].upstream"),
        (NEXT + 8, "secrets.key"),
    ]


_words = st.sampled_from(
    ["public_url", "listen", "route", "path", "idle", "x", "upstream", "sms", "kind", "form", "networks", "corporate",
     "secrets", "key", "tls", "identity", "timeout", "address", "json", "headers", "host", "groups", "url", "redis"]
)  # fmt: skip
_plain = st.one_of(
    st.booleans(), st.integers(-5, 2**70), st.text('a/{}:."\\\n', max_size=6).map(lambda text: f'"{_escaped(text)}"'),
    st.sampled_from(['"http"', '"/"', '"10.0.0.0/8"', '"5m"', "1.5", "nan", "inf", "2026-01-01", '"unix:///a"', '"outbox"']),
)  # fmt: skip


def _escaped(text):
    return text.replace("\\", "\\\\").replace('"', '\\"').replace("\n", "\\n")


_toml = st.recursive(
    _plain.map(lambda value: str(value).lower() if isinstance(value, bool) else str(value)),
    lambda inner: st.one_of(
        st.lists(inner, max_size=3).map(lambda items: f"[{', '.join(items)}]"),
        st.dictionaries(_words, inner, max_size=3).map(
            lambda entries: (
                "{ " + ", ".join(f"{key} = {value}" for key, value in entries.items()) + " }"
            )
        ),
    ),
    max_leaves=5,
)
_line = st.one_of(
    _words.map("[{}]".format),
    _words.map("[[{}]]".format),
    st.builds("{} = {}".format, _words, _toml),
    st.text(max_size=8),
)


@settings(suppress_health_check=[HealthCheck.function_scoped_fixture], max_examples=300)
@given(st.lists(_line, max_size=8).map("\n".join), st.booleans())
def test_any_file_gives_settings_or_problems(tmp_path, text, whole):
    try:
        read(tmp_path, (SMALL if whole else "") + text)
    except SettingsError as error:
        told = error.problems
    else:
        return
    assert told
    for problem in told:
        assert problem.found
        assert problem.expected
        assert problem.sentence().isprintable()
