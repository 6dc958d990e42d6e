"""Recipes with a mistake in them: `portvakt doctor` names each, seen through the real server.

One gateway; nearly all mistakes are nginx', which starts fastest. What the doctor asks is asked in
this process.
"""

from __future__ import annotations

import asyncio
import contextlib
import dataclasses
import itertools
import os
import tempfile
from pathlib import Path

import pytest

from gateway.checking import read_checked
from gateway.cli.front import look_at_front
from gateway.settings.model import PublicUrl
from gateway.settings.warnings import warnings
from tests.system.certificates import Authority
from tests.system.gateway import free_port, running_gateway, running_stub, wait_for
from tests.system.inline_recipes import Way, running

pytestmark = [pytest.mark.system, pytest.mark.slow, pytest.mark.xdist_group("wrong-recipes")]

CALLERS = (f"127.0.0.{number}" for number in itertools.count(10))
"""Each call from another address: of one, 20 refusals a minute are kept."""
TRUSTING = 'trusted_proxies = ["127.0.0.1"]'
BUFFERED = ("proxy_request_buffering off;", "proxy_request_buffering on;")
FIELD = "proxy_set_header X-Forwarded-For $remote_addr;"


@pytest.fixture(scope="module")
def house(tmp_path_factory):
    """A gateway behind whatever is run at its public address; and how to run it."""
    directory = tmp_path_factory.mktemp("wrong")
    authority = Authority(directory)
    issued = authority.issue("localhost", "127.0.0.1")
    with (
        running_stub(directory) as stub,
        running_gateway(
            directory, portal=stub.portal, phone=stub.phone, scheme="https", listen=TRUSTING,
            public_port=free_port(), tls=authority.client(),
        ) as gateway,
    ):  # fmt: skip
        public = int(gateway.origin.rpartition(":")[2])
        admin = int(gateway.admin.rpartition(":")[2])
        way = Way(public, gateway.port, admin, free_port(), issued=issued)
        yield gateway, way, authority


@pytest.fixture
def doctor(house, tmp_path):
    """Run a recipe with mistakes and return what the doctor finds wrong, by part."""
    gateway, way, authority = house

    def doctor(server, kind, *mistakes, **other):
        settings = dataclasses.replace(read_checked(gateway.config, os.environ), **other)
        home = tempfile.mkdtemp(dir=tmp_path)
        with running(server, kind, Path(home) / server, way, *mistakes):
            found = asyncio.run(look_at_front(settings, authority.file, next(CALLERS)))
        assert all(one.advice for one in found if one.level != "ok")
        return {
            one.part: (one.level.value, one.found)
            for one in found
            if one.level != "ok" and one.part != "certificate"  # a day long
        }

    return doctor


MISTAKES = [
    # server, what is written instead of what, part, level, what the doctor says of it
    ("nginx", [(FIELD, "")], "trusted_proxies", "problem", "passes on what a client writes"),
    ("nginx", [(FIELD, FIELD.replace("$remote_addr", '""'))], "trusted_proxies", "problem",
     "does not say who calls"),
    ("nginx", [(FIELD, FIELD.replace("$remote_addr", '"$remote_addr:$remote_port"'))],
     "trusted_proxies", "problem", "which is no address"),
    ("nginx", [(FIELD, FIELD.replace("$remote_addr", '"$remote_addr, 203.0.113.7"'))],
     "trusted_proxies", "problem", "203.0.113.7 passes requests of others on"),
    ("nginx", [("proxy_buffering off;", "")], "streams", "warning", "kept back"),
    ("nginx", [BUFFERED], "uploads", "warning", "kept back"),
    ("nginx", [("client_max_body_size 0;", "")], "uploads", "warning", "refused before"),
    ("nginx", [("proxy_set_header Upgrade $http_upgrade;", "")], "websocket", "problem", "upgrade"),
    ("nginx", [("proxy_pass http://portvakt;", "proxy_pass http://portvakt/;")], "path", "warning",
     "/portvakt-doctor"),
    ("nginx", [("Host $http_host", "Host $proxy_host")], "answers", "problem", "status 400"),
    ("envoy", [("use_remote_address: true", "use_remote_address: false")], "trusted_proxies",
     "problem", "passes on what a client writes"),
]  # fmt: skip


@pytest.mark.parametrize(("server", "mistakes", "part", "level", "words"), MISTAKES)
def test_a_mistake_in_a_recipe_is_named(doctor, server, mistakes, part, level, words):
    found = doctor(server, "inline", *mistakes)
    found.pop("listen", None)  # where nothing of ours answers, the gateway itself is asked
    assert list(found) == [part]
    assert found[part][0] == level
    assert words in found[part][1]


def test_a_field_that_is_added_to_is_as_good_as_one_written_anew(doctor):
    added = FIELD.replace("$remote_addr", "$proxy_add_x_forwarded_for")
    assert doctor("nginx", "inline", (FIELD, added)) == {}


def test_a_redirect_to_https_says_that_public_url_is_another(doctor, house):
    _, way, _ = house
    plain = PublicUrl("http", "localhost", way.plain, f"http://localhost:{way.plain}")
    found = doctor("nginx", "inline", public_url=plain)
    assert list(found) == ["redirects"]
    assert "redirects to https://localhost" in found["redirects"][1]


@contextlib.contextmanager
def edited(gateway, *changes):
    """Another gateway.toml in force for a while."""
    before = text = gateway.config.read_text()
    for old, new in changes:
        assert old in text
        text = text.replace(old, new)
    for wanted in (text, before):
        gateway.config.write_text(wanted)
        digest = read_checked(gateway.config, os.environ).digest[:12]
        count = gateway.log.read_text().count(f"{digest} in force")
        wait_for(
            lambda: gateway.log.read_text().count(f"{digest} in force") > count,  # noqa: B023
            "the edit", 10,
        )  # fmt: skip
        if wanted is text:
            yield read_checked(gateway.config, os.environ)


def advice(settings, gateway):
    return [f"{one.key}: {one.found}" for one in warnings(settings, gateway.config, 2)]


def test_a_proxy_that_is_not_trusted(house, doctor):
    gateway, _, _ = house
    with edited(gateway, (TRUSTING, "")) as settings:
        found = doctor("nginx", "inline")
        assert any("no trusted proxy" in line for line in advice(settings, gateway))
    level, words = found.pop("trusted_proxies")
    assert (level, found) == ("problem", {})
    assert "127.0.0.1 passes requests on and is not trusted" in words
    assert "asked for a code" not in words


def test_a_proxy_in_the_office_that_is_not_trusted(house, doctor):
    gateway, _, _ = house
    office = ('corporate = ["127.0.0.2/32"]', 'corporate = ["127.0.0.0/31", "127.0.0.2/32"]')
    with edited(gateway, (TRUSTING, ""), office):
        level, words = doctor("nginx", "inline")["trusted_proxies"]
    assert level == "problem"
    assert words.endswith("It is in corporate: nobody outside is asked for a code")


def test_a_proxy_header_that_is_missing_and_one_too_many(house, doctor):
    """ "listen" says that the gateway is well and how it wants to be called."""
    gateway, _, _ = house
    with edited(gateway, (TRUSTING, f"{TRUSTING}\nproxy_protocol = true")) as settings:
        found = doctor("nginx", "inline")
        assert any(line.startswith("listen.proxy_protocol") for line in advice(settings, gateway))
        assert found["answers"][0] == "problem"
        assert "the gateway itself answers" in found["listen"][1]
        wait_for(lambda: "PROXY header missing" in gateway.log.read_text(), "the log's line")
    sent = ("server portvakt 127.0.0.1:8080", "server portvakt 127.0.0.1:8080 send-proxy")
    found = doctor("haproxy", "inline", sent)
    assert found["answers"][0] == "problem"
    assert "the gateway itself answers" in found["listen"][1]
    wait_for(lambda: "a PROXY header, and none is expected" in gateway.log.read_text(), "the line")


def test_tls_passed_on_without_a_word_of_who_calls(house, doctor):
    gateway, way, _ = house
    keys = f'tls = {{ certificate = "{way.issued.certificate}", key = "{way.issued.key}" }}'
    header = "send-proxy-v2"
    with edited(gateway, (TRUSTING, f"{TRUSTING}\n{keys}")) as settings:
        assert any(line.startswith("listen.trusted_proxies") for line in advice(settings, gateway))
        level, words = doctor("haproxy", "passthrough", (header, ""))["trusted_proxies"]
        assert (level, "passes on what a client writes" in words) == ("problem", True)
    with edited(gateway, (TRUSTING, keys)):
        level, words = doctor("haproxy", "passthrough", (header, ""))["trusted_proxies"]
        assert (level, "127.0.0.1 passes requests on" in words) == ("problem", True)
    with edited(gateway, (TRUSTING, f"{TRUSTING}\n{keys}\nproxy_protocol = true")):
        assert doctor("haproxy", "passthrough") == {}
        found = doctor("haproxy", "passthrough", (header, ""))
        assert found["reached"][0] == "problem"
        assert "the gateway itself answers" in found["listen"][1]
