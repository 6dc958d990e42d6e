"""Legal but unsafe: what is warned of, where, and what is not."""

from __future__ import annotations

import pytest

from gateway.settings.warnings import warnings
from tests.settings.samples import KEY, NEXT, SMALL, read

PHONE = '[[sms]]\nkind = "http"\nurl = "https://a.se/b"\nform = { to = "{mobile}", m = "{text}" }\n'
SAFE = SMALL + PHONE
PUBLIC = SAFE.replace("http://localhost:8080", "https://one.example.se")
PROXY = "[listen]\ntrusted_proxies = ['10.1.1.1']\n"
OWN_TLS = "[listen]\naddress = ['{}']\ntls = {{ certificate = 'a.pem', key = 'a.pem' }}\n"
MAIL = "[[sms]]\nkind = 'smtp'\nhost = 'h.se'\nfrom = 'a@b.se'\nto = '{mobile}@b.se'\n"
SMSC = "[[sms]]\nkind = 'smpp'\nhost = 'h.se'\nfrom = 'A'\nusername = 'u'\npassword = 'pw'\n"
TRACES = "[telemetry]\ntraces = '{}/v1/traces'\n"
COUNTRIES = "countries = ['NO']\n"
SEVEN = "7: the instructions ask no more, NIST does"
"""The hint that every file without [password] gets; `found` leaves it out."""
END = SAFE.count("\n") + 1


def keys(directory, text):
    return {problem.key for problem in found(directory, text)}


def found(directory, text, cores=4):
    settings = read(directory, text)
    (directory / "gateway.toml").chmod(0o600)
    problems = warnings(settings, directory / "gateway.toml", cores)
    return tuple(problem for problem in problems if problem.found != SEVEN)


@pytest.mark.parametrize(
    "text",
    [
        SAFE,
        PUBLIC + PROXY,
        SAFE.replace("https://a.se", "http://127.0.0.1:9001"),
        SAFE + TRACES.format("https://traces.example.se"),
        *(
            SAFE + TRACES.format(f"http://{here}:4318")
            for here in ("127.0.0.1", "localhost", "[::1]")
        ),
    ],
)
def test_nothing_to_warn_of(tmp_path, text):
    assert keys(tmp_path, text) == set()


@pytest.mark.parametrize(
    ("text", "key"),
    [
        (SAFE.replace("localhost:8080", "one.example.se") + PROXY, "public_url"),
        (SAFE.replace("https://a.se", "http://a.se"), "sms[1].url"),
        (SAFE.replace("https://a.se", "HTTP://a.se"), "sms[1].url"),
        (SMALL, "sms"),
        (PUBLIC + PROXY + "[[sms]]\nkind = 'outbox'\n", "sms[2].kind"),
        (SAFE + COUNTRIES, "sms[1].countries"),
        (SAFE + TRACES.format("http://traces.example.se:4318"), "telemetry.traces"),
        (SAFE + TRACES.format("HTTP://192.0.2.7:4318"), "telemetry.traces"),
        (SAFE + MAIL + "tls = 'none'\n", "sms[2].tls"),
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
    (problem,) = found(tmp_path, SAFE + "[session]\nidle = '2h'\n")
    assert problem.line == END + 1 > NEXT
    assert problem.found.startswith('"2h"')
    assert problem.expected == 'at most "1h" (NIST 800-63B)'


PLAIN = "[listen]\naddress = ['{}']\n"
CORPORATE = "[networks]\ncorporate = ['10.1.0.0/24']\n"
BELOW = '[[route]]\npath = "{}"\nupstream = "portal"\npublic = true\n'
GUARDED = '[[route]]\npath = "{}"\nupstream = "portal"\n'


def on_host(table, host):
    return table.replace("path", f'host = "{host}"\npath', 1)


def with_root(*lines):
    return SAFE.replace('path = "/"', "\n".join(('path = "/"', *lines)))


@pytest.mark.parametrize(
    ("text", "near", "key"),
    [
        # A proxy in front that nobody said is one.
        (PUBLIC, PUBLIC + OWN_TLS.format("0.0.0.0:443"), "listen.trusted_proxies"),
        (PUBLIC + OWN_TLS.format("127.0.0.1:443"), PUBLIC + OWN_TLS.format("10.0.0.5:443"), "listen.trusted_proxies"),
        (PUBLIC + OWN_TLS.format("10.0.0.5:8443"), PUBLIC + OWN_TLS.format("0.0.0.0:8443"), "listen.trusted_proxies"),
        # Whose word is taken.
        (SAFE + CORPORATE + "[listen]\ntrusted_proxies = ['10.1.0.0/16']\n",
         SAFE + CORPORATE + "[listen]\ntrusted_proxies = ['10.1.0.0/25']\n", "listen.trusted_proxies[1]"),
        (SAFE + "[listen]\ntrusted_proxies = ['fd00::/8']\n",
         SAFE + "[listen]\ntrusted_proxies = ['fd00::/64']\n", "listen.trusted_proxies[1]"),
        # Plain text on a public address.
        (SAFE + PLAIN.format("8.8.8.8:80"), SAFE + PLAIN.format("192.168.1.2:80"), "listen.address[1]"),
        (SAFE + PLAIN.format("8.8.8.8:80"), SAFE + OWN_TLS.format("8.8.8.8:443"), "listen.address[1]"),
        (SAFE + PLAIN.format("8.8.8.8:80"), SAFE + PLAIN.format("0.0.0.0:80"), "listen.address[1]"),
        # A second factor that nobody is asked for, a door without a lock.
        (with_root('second_factor = "never"', 'networks = ["internet"]'),
         with_root('second_factor = "never"', 'networks = ["corporate"]'), "route[1].second_factor"),
        (with_root("public = true"), with_root("public = true", 'networks = ["corporate"]'), "route[1].public"),
        # Routes that let nobody in.
        (with_root('networks = ["corporate"]') + "[networks]\ncorporate = []\n",
         with_root('networks = ["corporate"]') + CORPORATE, "route[1].networks"),
        (with_root('networks = ["corporate"]') + "[networks]\ncorporate = ['10.1.0.0/24', '!10.1.0.0/16']\n",
         with_root('networks = ["!corporate"]') + "[networks]\ncorporate = []\n", "route[1].networks"),
        # Routes that another one hides.
        (PUBLIC + PROXY + on_host(GUARDED.format("/hr"), "one.example.se") + GUARDED.format("/hr/pay"),
         PUBLIC + PROXY + on_host(GUARDED.format("/hr"), "two.example.se") + GUARDED.format("/hr/pay"), "route[3]"),
        (PUBLIC + PROXY + GUARDED.format("/hr/") + on_host(GUARDED.format("/hr"), "*.example.se"),
         PUBLIC + PROXY + GUARDED.format("/hr/") + on_host(GUARDED.format("/hr"), "*.example.org"), "route[2]"),
        # A public route over a guarded one.
        (PUBLIC + PROXY + GUARDED.format("/hr/") + on_host(BELOW.format("/hr"), "two.example.se"),
         PUBLIC + PROXY + GUARDED.format("/hr/") + on_host(BELOW.format("/x"), "two.example.se"), "route[3].public"),
        (SAFE + BELOW.format("/api/"), SAFE + BELOW.format("/static/"), "route[2].public"),
        (SAFE + BELOW.format("/hr/exports"), SAFE + BELOW.format("/hr/exportedly"), "route[2].public"),
        (SAFE + BELOW.format("/api/"), SAFE + BELOW.format("/api/health"), "route[2].public"),
        (SAFE + BELOW.format("/api/"), SAFE + BELOW.format("/api/") + "networks = ['corporate']\n", "route[2].public"),
        # Laxer than NIST.
        (SAFE + "[lockout]\nuser = '101/1h'\n", SAFE + "[lockout]\nuser = '100/1h'\n", "lockout.user"),
        (SAFE + "[lockout]\nuser_and_address = '101/1h'\n", SAFE + "[lockout]\naddress = '101/1h'\n", "lockout.user_and_address"),
        (SAFE + "[lockout]\ncodes_per_day = 101\n", SAFE + "[lockout]\ncodes_per_day = 100\n", "lockout.codes_per_day"),
        (SAFE + "[session]\nidle = '61m'\n", SAFE + "[session]\nidle = '1h'\n", "session.idle"),
        (SAFE + "[listen]\nworkers = 5\n", SAFE + "[listen]\nworkers = 4\n", "listen.workers"),
        (SAFE + "[listen]\nworkers = 5\n", SAFE + "[listen]\nworkers = 'auto'\n", "listen.workers"),
        # A proxy's way of saying who calls, and where TLS ends.
        (PUBLIC + OWN_TLS.format("0.0.0.0:443") + "trusted_proxies = ['10.1.1.1']\n",
         PUBLIC + OWN_TLS.format("0.0.0.0:443") + "trusted_proxies = ['10.1.1.1']\nproxy_protocol = true\n", "listen.trusted_proxies"),
        (PUBLIC + PROXY + "proxy_protocol = true\n", PUBLIC + PROXY, "listen.proxy_protocol"),
        (PUBLIC + "[listen]\naddress = ['127.0.0.1:80', '10.0.0.5:80']\ntrusted_proxies = ['127.0.0.1']\n",
         PUBLIC + "[listen]\naddress = ['127.0.0.1:80', '10.0.0.5:80']\ntrusted_proxies = ['10.0.0.1']\n", "listen.address[2]"),
        # Secrets in the file.
        (SAFE + f"[secrets]\nkey = '{KEY}'\n", SAFE + "[secrets]\nkey = { file = 'a.pem' }\n", "secrets.key"),
        (SAFE + "[redis]\nurl = 'redis://:p@h/0'\n", SAFE + "[redis]\nurl = 'redis://h/0'\n", "redis.url"),
        (SAFE + "[directory]\nkind = 'sql'\nurl = 'postgresql://u:p@h/d'\n",
         SAFE + "[directory]\nkind = 'sql'\nurl = 'postgresql://u@h/d'\n", "directory.url"),
        # A database whose certificate is not verified.
        (SAFE + "[directory]\nkind = 'sql'\nurl = 'postgresql://u@h/d?sslmode=require'\n",
         SAFE + "[directory]\nkind = 'sql'\nurl = 'postgresql://u@[::1],localhost:5433/d?host=/run/pg&sslmode=disable'\n", "directory.url"),
        (SAFE + "headers = { X-Api-Key = 'k' }\n", SAFE + "headers = { X-Plain = 'k' }\n", "sms[1].headers.X-Api-Key"),
        (SAFE + "headers = { X-Api-Key = 'k' }\n", SAFE + "headers = { X-Api-Key = { file = 'a.pem' } }\n", "sms[1].headers.X-Api-Key"),
        (SAFE + "username = 'u'\npassword = 'p'\n", SAFE + "username = 'u'\npassword = { file = 'a.pem' }\n", "sms[1].password"),
    ],
)  # fmt: skip
def test_a_danger_and_its_near_miss(tmp_path, text, near, key):
    (tmp_path / "a.pem").write_text(KEY)
    (tmp_path / "a.pem").chmod(0o600)
    assert keys(tmp_path, text) == {key}
    assert keys(tmp_path, near) == set()


def test_a_public_host_may_hide_a_catch_all(tmp_path):
    text = on_host(BELOW.format("/x"), "static.example.se")
    root = on_host(BELOW.format("/"), "static.example.se") + "methods = ['GET']\n"
    assert keys(tmp_path, PUBLIC + PROXY + text) == set()
    assert keys(tmp_path, PUBLIC + PROXY + root) == {"route[2].public"}  # for all that it opens


@pytest.mark.parametrize(("mode", "warned"), [(0o700, False), (0o750, True), (0o701, True)])
def test_the_state_directory_is_private(tmp_path, mode, warned):
    (tmp_path / "var").mkdir()
    (tmp_path / "var").chmod(mode)
    assert keys(tmp_path, SAFE) == ({"state_dir"} if warned else set())


def test_in_the_state_directory_a_group_has_no_business(tmp_path):
    (tmp_path / "var").mkdir(mode=0o700)
    (tmp_path / "var/secret.key").write_text(KEY)
    (tmp_path / "var/secret.key").chmod(0o640)
    assert keys(tmp_path, SAFE) == {"secrets.key"}


def test_a_secret_in_a_file_that_others_read(tmp_path):
    settings = read(tmp_path, SAFE + f"[secrets]\nkey = '{KEY}'\n")
    for mode, is_hint in ((0o640, True), (0o644, False)):
        (tmp_path / "gateway.toml").chmod(mode)
        _seven, problem = warnings(settings, tmp_path / "gateway.toml", 4)
        assert (problem.key, problem.is_hint) == ("secrets.key", is_hint)
        assert KEY not in problem.sentence()


@pytest.mark.parametrize("text", ["[session]\nidle = '2h'\n", "[lockout]\nuser = '200/1h'\n"])
def test_custom_is_only_hinted_at(tmp_path, text):
    assert [problem.is_hint for problem in found(tmp_path, SAFE + text)] == [True]
    assert [problem.is_hint for problem in found(tmp_path, SMALL)] == [False]


@pytest.mark.parametrize(("length", "hints"), [("", [True]), (6, [False]), (7, [True]), (8, [])])
def test_short_passwords(tmp_path, length, hints):
    """ASVS 5.0 6.2.1: a warning below the instructions' seven, a hint below NIST's eight."""
    text = SAFE + (f"[password]\nmin_length = {length}\n" if length else "")
    problems = warnings(read(tmp_path, text), tmp_path / "gateway.toml", 4)
    assert {problem.key for problem in problems} <= {"password.min_length"}
    assert [problem.is_hint for problem in problems] == hints


@pytest.mark.parametrize(
    ("countries", "behind", "hints"),
    [
        ("['NO', 'SE']", "", [True]),  # nobody elsewhere gets a code
        ("['NO']", "", [False]),  # nobody at home does
        ("['NO']", PHONE, []),
        ("['NO']", PHONE + "countries = ['SE']\n", [True]),
    ],
)
def test_countries_without_a_provider(tmp_path, countries, behind, hints):
    problems = found(tmp_path, f"{SAFE}countries = {countries}\n{behind}")
    assert [problem.is_hint for problem in problems] == hints
    assert {problem.key for problem in problems} <= {"sms[1].countries"}


def test_an_smsc_in_clear_text(tmp_path):
    assert keys(tmp_path, SAFE + SMSC) == {"sms[2].password"}  # stands in the file
    clear = SAFE + SMSC + "tls = 'none'\n"
    assert keys(tmp_path, clear) == {"sms[2].password", "sms[2].tls"}
    assert "sms[2].tls" not in keys(tmp_path, clear.replace("'h.se'", "'127.0.0.1'"))
