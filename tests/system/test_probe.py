"""`portvakt probe` at the stub portal, which believes anybody, and at a portal that verifies."""

from __future__ import annotations

import contextlib
import http.server
import json
import threading
import urllib.request

import jwt
import pytest

from tests.system.gateway import free_port, running_gateway, running_stub

pytestmark = [pytest.mark.system, pytest.mark.slow, pytest.mark.xdist_group("doctor")]


@contextlib.contextmanager
def verifying(portal: str = "portal"):
    """Run a portal that admits nobody without a right assertion; `keys` is our published list."""

    class Handler(http.server.BaseHTTPRequestHandler):
        def do_GET(self) -> None:
            self.server.asked.append(self.path)
            token = self.headers.get("X-Gateway-Assertion", "")
            try:
                keys = {key.key_id: key for key in jwt.PyJWKSet.from_dict(self.server.keys).keys}
                key = keys[jwt.get_unverified_header(token)["kid"]]
                who = jwt.decode(token, key, algorithms=["ES256"], audience=portal)["sub"]
                status, body = 200, f"Hello {who}".encode()
            except (jwt.PyJWTError, KeyError) as error:
                status, body = 401, type(error).__name__.encode()
                self.server.errors.append(body.decode())
            self.send_response(status)
            self.send_header("Content-Length", str(len(body)))
            self.end_headers()
            self.wfile.write(body)

        def log_message(self, *_: object) -> None:
            return

    server = http.server.ThreadingHTTPServer(("127.0.0.1", 0), Handler)
    server.keys, server.asked, server.errors = {"keys": []}, [], []
    thread = threading.Thread(target=server.serve_forever, args=(0.05,))
    thread.start()
    try:
        yield server
    finally:
        server.shutdown()
        thread.join()
        server.server_close()


def probed(gateway, *words: str) -> tuple[int, list[dict]]:
    done = gateway.cli("probe", "--json", *words, check=False)
    assert done.stdout, done.stderr
    return done.returncode, json.loads(done.stdout)["findings"]


def test_a_portal_that_believes_and_one_that_verifies(tmp_path):
    with (
        running_stub(tmp_path) as stub,
        verifying() as careful,
        running_gateway(tmp_path, portal=stub.portal, phone=stub.phone) as gateway,
    ):
        code, findings = probed(gateway, "--path", "/mitt-securitas/vem-ar-jag")
        believed = [one["found"] for one in findings if one["level"] == "problem"]
        assert code == 1
        assert any("identity fields: the answer shows the forged name" in one for one in believed)
        assert any("in lower case" in one for one in believed)
        assert any("foreign key" in one for one in believed)
        assert any("expired" in one for one in believed)
        assert all("docs/verify-assertion.md" in one["advice"] for one in findings
                   if one["level"] == "problem")  # fmt: skip
        got = stub.requests()
        assert {one["method"] for one in got} <= {"GET", "UNKNOWN"}  # what it could not read
        assert len(got) <= 12

        with urllib.request.urlopen(f"{gateway.origin}/.gateway/jwks.json", timeout=5) as answer:
            careful.keys = json.load(answer)
        text = gateway.config.read_text()
        here = f"http://127.0.0.1:{careful.server_port}"
        gateway.config.write_text(text.replace(stub.portal, here))
        code, findings = probed(gateway)
        assert (code, {one["level"] for one in findings}) == (0, {"ok"}), findings
        assert {"KeyError", "ExpiredSignatureError"} <= set(careful.errors)
        assert "Hello" not in json.dumps(findings)

        gateway.config.write_text(text.replace(stub.portal, f"http://127.0.0.1:{free_port()}"))
        code, findings = probed(gateway)
        assert (code, [one["level"] for one in findings]) == (0, ["warning"])
        assert gateway.cli("probe", "--path", "no path", check=False).returncode == 2
