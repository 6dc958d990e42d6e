"""TLS on both sides: what browsers get from us, and whom we believe behind us."""

from __future__ import annotations

import contextlib
import dataclasses
import http.server
import json
import re
import ssl
import threading

import pytest

from tests.system.certificates import Authority
from tests.system.gateway import INSIDE, running_gateway, running_stub
from tests.system.raw import connect, head, is_closed, read_answer
from tests.system.visitor import Visitor

pytestmark = [pytest.mark.system, pytest.mark.slow, pytest.mark.xdist_group("tls")]


@pytest.fixture(scope="module")
def authority(tmp_path_factory):
    return Authority(tmp_path_factory.mktemp("authority"))


@pytest.fixture(scope="module")
def gateway(tmp_path_factory, authority):
    directory = tmp_path_factory.mktemp("tls")
    issued = authority.issue("localhost", "127.0.0.1")
    tls = f'tls = {{ certificate = "{issued.certificate}", key = "{issued.key}" }}'
    with (
        running_stub(tmp_path_factory.mktemp("stub")) as stub,
        running_gateway(
            directory,
            portal=stub.portal,
            phone=stub.phone,
            listen=tls,
            scheme="https",
            tls=authority.client(),
        ) as gateway,
    ):
        gateway.add_users("anna,Anna Åkesson,0701740605,staff")
        yield gateway


class TestTheListener:
    def test_a_logon_keeps_to_https_and_its_cookies_to_this_host(self, gateway):
        visitor = Visitor(gateway, INSIDE)
        away = visitor.get("/debug/echo?a=b")
        assert away.location == "/.gateway/logon?next=/debug/echo%3Fa%3Db"
        page = visitor.get(away.location)
        done = visitor.password("anna", way="/debug/echo?a=b")
        assert (done.status, done.location) == (303, "/debug/echo?a=b")
        assert set(visitor.cookies) == {
            "__Host-gateway", "__Host-gateway-form", "__Host-gateway-known", "__Host-gateway-trail",
        }  # fmt: skip
        for answer in (page, done):
            for line in answer.headers.get_all("Set-Cookie"):
                name, *attributes = re.split("; *", line)
                assert name.startswith("__Host-gateway")
                assert {"secure", "httponly", "path=/", "samesite=lax"} <= {
                    attribute.lower() for attribute in attributes
                }
                assert "domain" not in line.lower()
        seen = dict(json.loads(visitor.get("/debug/echo").body)["headers"])
        assert seen["X-Forwarded-Proto"] == "https"
        assert seen["X-Remote-User"] == "anna"
        assert "Cookie" not in seen

    @pytest.mark.parametrize("path", ["/debug/echo", "/.gateway/logon", "/.gateway/nothing"])
    def test_our_own_answers_say_hsts(self, gateway, path):
        answer = Visitor(gateway).get(path)
        (field,) = answer.headers.get_all("Strict-Transport-Security")
        assert int(re.search(r"max-age=(\d+)", field)[1]) >= 31_536_000

    def test_an_insecure_cookie_is_not_taken(self, gateway):
        visitor = Visitor(gateway, INSIDE)
        visitor.password("anna")
        visitor.cookies = {"gateway": visitor.cookies["__Host-gateway"]}
        assert visitor.get("/debug/echo").status == 302

    def test_tls_1_2_and_1_3_are_spoken_with_http_1_1(self, gateway, authority):
        for version in (ssl.TLSVersion.TLSv1_2, ssl.TLSVersion.TLSv1_3):
            context = authority.client()
            context.minimum_version = context.maximum_version = version
            context.set_alpn_protocols(["h2", "http/1.1"])
            with (
                connect(gateway.port) as plain,
                context.wrap_socket(plain, server_hostname="localhost") as connection,
            ):
                assert connection.version() == version.name.replace("_", ".")
                assert connection.selected_alpn_protocol() == "http/1.1"
                connection.sendall(head("GET", "/static/portal.css", gateway.port))
                assert read_answer(connection).status == 200

    def test_tls_1_1_is_refused(self, gateway, authority):
        context = authority.client()
        context.set_ciphers("DEFAULT:@SECLEVEL=0")
        with pytest.warns(DeprecationWarning, match="TLSv1 "):
            context.minimum_version = ssl.TLSVersion.TLSv1
        with pytest.warns(DeprecationWarning, match="TLSv1_1"):
            context.maximum_version = ssl.TLSVersion.TLSv1_1
        with connect(gateway.port) as plain, pytest.raises(ssl.SSLError):
            context.wrap_socket(plain, server_hostname="localhost")

    def test_plain_http_is_closed_and_costs_no_log_line_of_trouble(self, gateway):
        before = len(gateway.log.read_text())
        for data in (head("GET", "/static/portal.css", gateway.port), b"\x16\x03\x01", b"\0" * 64):
            with connect(gateway.port) as connection:
                connection.sendall(data)
                connection.shutdown(1)
                assert is_closed(connection)
        with connect(gateway.port) as connection:
            connection.sendall(head("GET", "/static/portal.css", gateway.port))
            assert not connection.recv(4096).startswith(b"HTTP/")
        log = gateway.log.read_text()[before:]
        assert "Traceback" not in log
        assert "ERROR" not in log
        assert Visitor(gateway).get("/static/portal.css").status == 200


class Portal(http.server.BaseHTTPRequestHandler):
    protocol_version = "HTTP/1.1"

    def do_GET(self):
        body = self.headers["X-Forwarded-Proto"].encode()
        self.send_response(200)
        self.send_header("Content-Length", str(len(body)))
        self.end_headers()
        self.wfile.write(body)

    def log_message(self, *_):
        """Keep quiet."""


class Server(http.server.ThreadingHTTPServer):
    """Serves TLS; a failed handshake is what some tests are about."""

    def __init__(self, issued) -> None:
        super().__init__(("127.0.0.1", 0), Portal)
        self.context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
        self.context.load_cert_chain(issued.certificate, issued.key)

    def finish_request(self, request, client_address):
        with contextlib.suppress(OSError), self.context.wrap_socket(request, True) as wrapped:
            super().finish_request(wrapped, client_address)


@contextlib.contextmanager
def serving(issued):
    """Run an https portal; yield its port."""
    with Server(issued) as server:
        thread = threading.Thread(target=server.serve_forever)
        thread.start()
        try:
            yield server.server_address[1]
        finally:
            server.shutdown()
            thread.join()


ROUTES = """
[[upstream]]
name = "wrong-name"
url = ["https://localhost:{wrong_name}"]
tls_ca = "{ca}"

[[upstream]]
name = "wrong-authority"
url = ["https://localhost:{port}"]
tls_ca = "{other}"

[[upstream]]
name = "no-authority"
url = ["https://localhost:{port}"]

[[route]]
path = "/"
upstream = "portal"
public = true

[[route]]
path = "/wrong-name"
upstream = "wrong-name"
public = true

[[route]]
path = "/wrong-authority"
upstream = "wrong-authority"
public = true

[[route]]
path = "/no-authority"
upstream = "no-authority"
public = true
"""


class TestTheUpstream:
    @pytest.fixture(scope="module")
    @classmethod
    def gateway(cls, tmp_path_factory, authority):
        other = Authority(tmp_path_factory.mktemp("other"), "other")
        with (
            serving(authority.issue("localhost", "127.0.0.1")) as port,
            serving(authority.issue("elsewhere.example")) as wrong_name,
        ):
            routes = ROUTES.format(
                port=port, wrong_name=wrong_name, ca=authority.file, other=other.file
            )
            with running_gateway(
                tmp_path_factory.mktemp("upstream"),
                portal=f"https://localhost:{port}",
                upstream=f'tls_ca = "{authority.file}"',
                routes=routes,
            ) as gateway:
                yield gateway

    def test_the_right_name_by_the_right_authority_is_believed(self, gateway):
        for _ in range(2):
            answer = Visitor(gateway).get("/")
            assert (answer.status, answer.text) == (200, "http")

    @pytest.mark.parametrize("path", ["/wrong-name", "/wrong-authority", "/no-authority"])
    def test_anything_else_is_a_bad_gateway(self, gateway, path):
        assert Visitor(gateway).get(path).status == 502

    def test_a_file_without_a_certificate_is_refused_at_the_start(self, gateway):
        config = gateway.directory / "bad.toml"
        config.write_text(
            re.sub(r'tls_ca = ".*"', 'tls_ca = "empty.pem"', gateway.config.read_text())
        )
        (gateway.directory / "empty.pem").write_text("")
        refused = dataclasses.replace(gateway, config=config).cli("run", check=False)
        assert refused.returncode == 1
        assert "tls_ca of upstream portal" in refused.stderr
