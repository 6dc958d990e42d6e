"""`portvakt doctor` in front of real gateways, and behind proxies that spoil something."""

from __future__ import annotations

import contextlib
import http.client
import http.server
import json
import threading
from collections.abc import Iterator

import pytest

from tests.system.certificates import Authority
from tests.system.gateway import free_port, running_gateway, running_stub

pytestmark = [pytest.mark.system, pytest.mark.slow, pytest.mark.xdist_group("doctor")]

ROUTES = """[[route]]
path = "/"
upstream = "portal"
upgrades = ["websocket"]
"""


@pytest.fixture(scope="module")
def stub(tmp_path_factory):
    with running_stub(tmp_path_factory.mktemp("stub")) as stub:
        yield stub


def found(gateway, *words: str) -> tuple[int, dict[str, str]]:
    """The exit code, and the level of each part."""
    done = gateway.cli("doctor", "--json", *words, check=False)
    assert done.stdout, done.stderr
    told = json.loads(done.stdout)
    assert told["well"] is (done.returncode == 0)
    assert all(one["advice"] for one in told["findings"] if one["level"] != "ok")
    return done.returncode, {one["part"]: one["level"] for one in told["findings"]}


class _Between(http.server.BaseHTTPRequestHandler):
    """A proxy in front that does what `server.spoil` says."""

    def do_GET(self) -> None:
        spoil = self.server.spoil
        if spoil == "circle":
            self.send_response(301)
            self.send_header("Location", self.path)
            self.send_header("Content-Length", "0")
            self.end_headers()
            return
        body = self.rfile.read(int(self.headers.get("Content-Length", 0)))
        fields = {name: value for name, value in self.headers.items() if name != "Connection"}
        if spoil == "host":
            fields["Host"] = "portal.internal"
        if spoil == "cookie":
            fields.pop("Cookie", None)
        if spoil == "upgrade":
            fields.pop("Upgrade", None)
        elif "Upgrade" in fields:
            fields["Connection"] = "Upgrade"
        upstream = http.client.HTTPConnection("127.0.0.1", self.server.target, timeout=10)
        upstream.request(self.command, self.path, body or None, fields)
        answer = upstream.getresponse()
        content = answer.read()
        self.send_response(answer.status)
        for name, value in answer.getheaders():
            if name.lower() in {"date", "server", "content-length", "connection"}:
                continue
            changed = value.replace("Path=/", "Path=/x") if spoil == "path" else value
            self.send_header(name, changed)
        self.send_header("Content-Length", str(len(content)))
        upstream.close()
        with contextlib.suppress(ConnectionError):  # who waited for the first piece has gone
            self.end_headers()
            self.wfile.write(content)

    def do_POST(self) -> None:
        self.do_GET()

    def log_message(self, *_: object) -> None:
        return


@contextlib.contextmanager
def between() -> Iterator[http.server.ThreadingHTTPServer]:
    server = http.server.ThreadingHTTPServer(("127.0.0.1", 0), _Between)
    server.spoil, server.target = "", 0
    thread = threading.Thread(target=server.serve_forever, args=(0.05,))
    thread.start()
    try:
        yield server
    finally:
        server.shutdown()
        thread.join()
        server.server_close()


def test_a_gateway_that_is_well_and_what_a_proxy_spoils(tmp_path, stub):
    with (
        between() as proxy,
        running_gateway(
            tmp_path,
            portal=stub.portal,
            phone=stub.phone,
            public_port=proxy.server_port,
            routes=ROUTES,
        ) as gateway,
    ):
        proxy.target = gateway.port
        lines = len(gateway.audit())
        code, levels = found(gateway)
        spoilt = {part for part, level in levels.items() if level != "ok"}
        assert (code, spoilt) == (0, {"uploads", "streams"}), levels  # it passes on what is whole
        parts = {"answers", "cookies", "form", "clock", "trusted_proxies", "websocket"}
        assert parts | {"redis", "directory", "ready"} <= set(levels)
        assert len(gateway.audit()) == lines
        assert stub.messages() == []
        for spoil, part in (
            ("circle", "redirects"),
            ("path", "cookies"),
            ("host", "answers"),
            ("cookie", "form"),
            ("upgrade", "websocket"),
        ):
            proxy.spoil = spoil
            code, levels = found(gateway)
            assert (code, levels[part]) == (1, "problem"), (spoil, levels)


def test_tls_and_nothing_there(tmp_path, stub):
    authority = Authority(tmp_path)
    issued = authority.issue("localhost")
    keys = f'tls = {{ certificate = "{issued.certificate}", key = "{issued.key}" }}'
    with running_gateway(
        tmp_path, portal=stub.portal, phone=f"http://127.0.0.1:{free_port()}", scheme="https",
        listen=keys, tls=authority.client(),
    ) as gateway:  # fmt: skip
        assert gateway.cli("doctor", "--from", "127.1", check=False).returncode == 2
        code, levels = found(gateway, "--ca", str(authority.file), "--from", "127.0.0.7")
        assert levels["client"] == levels["uploads"] == levels["streams"] == "ok"
        assert (levels["certificate"], levels["hsts"], levels["form"]) == (
            "warning",
            "ok",
            "ok",
        )  # a day long
        assert (code, levels["sms http-1"]) == (1, "problem")
        _, levels = found(gateway)
        assert levels["certificate"] == "problem"
        assert levels["form"] == "ok"
        gateway.stop()
        code, levels = found(gateway)
        assert (code, levels["reached"]) == (1, "problem")
        assert levels["ready"] == "warning"
