"""The verifiers of `deploy/verify/`, each run for real: what they believe and what they do not.

The keys are served by a server of the test's own, so that it can count who fetches them, and when.
"""

from __future__ import annotations

import contextlib
import functools
import hashlib
import hmac
import http.server
import importlib.util
import json
import os
import subprocess
import threading
import urllib.error
import urllib.request

import jwt
import pytest
from cryptography.hazmat.primitives.asymmetric.utils import encode_dss_signature

from gateway.auth.assertion import Assertions
from gateway.auth.key_ring import KeyRing, new_ring
from gateway.auth.live import LiveSession
from gateway.auth.model import SessionRecord
from gateway.system import SystemClock, SystemEntropy
from tests.requirements import part_file, program
from tests.system.gateway import ROOT, free_port, wait_for

pytestmark = [pytest.mark.system, pytest.mark.slow, pytest.mark.xdist_group("verifiers")]

VERIFY = ROOT / "deploy" / "verify"
NOW = SystemClock().now
ISSUER, AUDIENCE = "https://one.example.se", "portal"


class Keys:
    """The published keys, at an address; `fetched` counts."""

    def __init__(self) -> None:
        self.ring: KeyRing = new_ring(NOW())
        self.fetched = 0
        self.up = True
        keys = self

        class Handler(http.server.BaseHTTPRequestHandler):
            def do_GET(self) -> None:
                keys.fetched += 1
                body = json.dumps(keys.ring.jwks(NOW())).encode()
                self.send_response(200 if keys.up else 503)
                self.send_header("Content-Type", "application/json")
                self.send_header("Cache-Control", "public, max-age=300" if keys.up else "no-store")
                self.send_header("Content-Length", str(len(body)))
                self.end_headers()
                self.wfile.write(body)

            def log_message(self, *_: object) -> None:
                return

        self.server = http.server.ThreadingHTTPServer(("127.0.0.1", 0), Handler)
        self.port = self.server.server_port
        self.url = f"http://127.0.0.1:{self.port}/.gateway/jwks.json"

    def sign(self, *, ring=None, age=0.0, issuer=ISSUER, audience=AUDIENCE, **who) -> str:
        told = {"user": "anna", "name": "Anna Åkesson", "email": "", "groups": ("hr", "ö"),
                "factors": ("pwd",), "network": "corporate", "created": 0.0, **who}  # fmt: skip
        live = LiveSession(b"t", "k" * 64, SessionRecord(**told), 0.0)
        signer = Assertions(ring or self.ring, SystemEntropy())
        return signer.sign(live, issuer, audience, "internet", NOW() - age).decode()


@contextlib.contextmanager
def serving_keys():
    keys = Keys()
    thread = threading.Thread(target=functools.partial(keys.server.serve_forever, 0.05))
    thread.start()
    try:
        yield keys
    finally:
        keys.server.shutdown()
        thread.join()
        keys.server.server_close()


class InPython:
    def __init__(self, keys, _directory):
        spec = importlib.util.spec_from_file_location("verifier", VERIFY / "portvakt_assertion.py")
        module = importlib.util.module_from_spec(spec)
        spec.loader.exec_module(module)
        self._verifier = module.Verifier(ISSUER, AUDIENCE, keys.url)

    def user(self, assertion):
        """Return whom a request with this assertion is from; None for nobody, 503 without keys."""
        try:
            claims = self._verifier.verify(assertion)
        except jwt.PyJWKClientConnectionError:
            return 503
        return None if claims is None else claims["sub"]

    def close(self):
        return


class InPhp:
    _SCRIPT = """
        require $argv[1];
        while (($line = fgets(STDIN)) !== false) {
            $_SERVER['HTTP_X_GATEWAY_ASSERTION'] = json_decode($line);
            try {
                $claims = portvakt_verify($argv[2], $argv[3], $argv[4]);
                echo json_encode($claims === null ? null : $claims['sub']), "\\n";
            } catch (RuntimeException $error) {
                echo "503\\n";
            }
        }
    """

    def __init__(self, keys, directory):
        words = [
            program("php-cli"),
            "-d",
            "display_errors=stderr",
            "-d",
            "error_reporting=-1",
            "-r",
        ]
        words += [
            self._SCRIPT,
            "--",
            str(VERIFY / "portvakt_assertion.php"),
            ISSUER,
            AUDIENCE,
            keys.url,
        ]
        self._errors = directory / "php.err"
        with self._errors.open("wb") as errors:
            self._process = subprocess.Popen(
                words, stdin=subprocess.PIPE, stdout=subprocess.PIPE, stderr=errors, text=True,
                env=os.environ | {"TMPDIR": str(directory)},
            )  # fmt: skip

    def user(self, assertion):
        self._process.stdin.write(json.dumps(assertion) + "\n")
        self._process.stdin.flush()
        return json.loads(self._process.stdout.readline())

    def close(self):
        self._process.stdin.close()
        self._process.wait(10)
        self._process.stdout.close()
        assert self._errors.read_text() == ""


class InNginx:
    """The portal behind it answers with the user that it was told."""

    def __init__(self, keys, directory):
        module = part_file("libnginx-mod-http-js")
        port, portal = free_port(), free_port()
        text = (VERIFY / "nginx.conf").read_text()
        for old, new in (
            ("/etc/nginx/portvakt;", f"{VERIFY};"),
            ("/var/cache/nginx/portvakt", f"{directory}/cache"),
            ("listen 9000;", f"listen 127.0.0.1:{port};"),
            ("http://127.0.0.1:9080", f"http://127.0.0.1:{portal}"),
            ("http://127.0.0.1:8080/", f"http://127.0.0.1:{keys.port}/"),
        ):
            assert old in text
            text = text.replace(old, new)
        user = "user root;" if os.geteuid() == 0 else ""
        echo = f'server {{ listen 127.0.0.1:{portal}; return 200 "$http_x_remote_user $http_x_remote_groups"; }}'
        file = directory / "nginx.conf"
        file.write_text(
            f"load_module {module}; {user} worker_processes 1; daemon off; pid {directory}/nginx.pid;"
            f"error_log {directory}/error.log; events {{}}\n"
            f"http {{ access_log off; proxy_temp_path {directory}/p; client_body_temp_path {directory}/b;\n"
            f"fastcgi_temp_path {directory}/f; uwsgi_temp_path {directory}/u; scgi_temp_path {directory}/s;\n"
            f"{text}\n{echo} }}\n"
        )
        command = [program("nginx"), "-c", str(file), "-e", str(directory / "start.log")]
        self._process = subprocess.Popen(command)
        self._url = f"http://127.0.0.1:{port}/some/where"
        wait_for(lambda: self.user(None) is None, "nginx with njs")

    def user(self, assertion):
        fields = {"X-Remote-User": "root"} | (
            {"X-Gateway-Assertion": assertion} if assertion else {}
        )
        request = urllib.request.Request(self._url, headers=fields)
        try:
            with urllib.request.urlopen(request, timeout=10) as answer:
                user, groups = answer.read().decode().split(" ")
        except urllib.error.HTTPError as error:
            with error:
                return None if error.code == 401 else error.code
        assert groups == "hr,%C3%B6"
        return user

    def close(self):
        self._process.terminate()
        self._process.wait(10)


@pytest.fixture(params=[InPython, InPhp, InNginx], ids=["python", "php", "nginx"])
def portal(request, tmp_path):
    with serving_keys() as keys:
        verifier = request.param(keys, tmp_path)
        try:
            yield verifier, keys
        finally:
            verifier.close()


def encoded(part) -> str:
    return jwt.utils.base64url_encode(
        part if isinstance(part, bytes) else json.dumps(part).encode()
    ).decode()


def forged(keys):
    """Return what must not be believed, by what is wrong with it."""
    good = keys.sign()
    head, body, signature = good.split(".")
    header = jwt.get_unverified_header(good)
    claims = jwt.decode(good, options={"verify_signature": False})
    raw = jwt.utils.base64url_decode(signature)
    numbers = [int.from_bytes(half, "big") for half in (raw[:32], raw[32:])]
    other = new_ring(NOW())
    public = keys.ring.current.private.as_pem(private=False)
    root = encoded(claims | {"sub": "root"})

    def signed(header, claims, private=keys.ring.current.private):
        return jwt.encode(claims, private.private_key, algorithm="ES256", headers=header)

    return {
        "nothing": None,
        "empty": "",
        "no token": "anna",
        "two parts": f"{head}.{body}",
        "four parts": f"{good}.{signature}",
        "another user": f"{head}.{root}.{signature}",
        "no signature": f"{head}.{body}.",
        "nobody's signature": f"{head}.{body}.{encoded(bytes(64))}",
        "a DER signature": f"{head}.{body}.{encoded(encode_dss_signature(*numbers))}",
        "half a signature": f"{head}.{body}.{encoded(raw[:32])}",
        "alg none": f"{encoded(header | {'alg': 'none'})}.{root}.",
        "alg none, signed": f"{encoded(header | {'alg': 'none'})}.{body}.{signature}",
        "keyed with the public key": _keyed(header | {"alg": "HS256"}, claims | {"sub": "root"}, public),
        "another's key": keys.sign(ring=other),
        "another's key under our name": signed(header, claims, other.current.private),
        "no kid": signed({"kid": ""}, claims),
        "expired": keys.sign(age=90),
        "from the future": keys.sign(age=-90),
        "for another upstream": keys.sign(audience="wiki"),
        "of another gateway": keys.sign(issuer="https://evil.example"),
        "without an end": signed(header, {k: v for k, v in claims.items() if k != "exp"}),
        "an end in words": signed(header, claims | {"exp": "never"}),
        "for everybody": signed(header, {k: v for k, v in claims.items() if k != "aud"}),
        "no object": signed_text(keys, "[]"),
        "two at once": f"{good}, {good}",
    }  # fmt: skip


def _keyed(header, claims, key):
    text = f"{encoded(header)}.{encoded(claims)}"
    return f"{text}.{encoded(hmac.digest(key, text.encode(), hashlib.sha256))}"


def signed_text(keys, text):
    key = keys.ring.current
    return jwt.PyJWS().encode(
        text.encode(), key.private.private_key, "ES256", headers={"kid": key.kid}
    )


def test_what_is_believed_and_what_is_not(portal):
    verifier, keys = portal
    assert verifier.user(keys.sign()) == "anna"
    believed = {what: verifier.user(one) for what, one in forged(keys).items()}
    assert {what for what, user in believed.items() if user is not None} == set()
    assert verifier.user(keys.sign()) == "anna"


def test_each_signature_is_read_right(portal):
    """Numbers with leading zeros are where formats differ: one in 128 signatures has one."""
    verifier, keys = portal
    assert {verifier.user(keys.sign()) for _ in range(300)} == {"anna"}


def test_the_keys_are_fetched_once_and_kept(portal):
    verifier, keys = portal
    verifier.user(keys.sign())
    before = keys.fetched
    for _ in range(5):
        assert verifier.user(keys.sign()) == "anna"
    assert keys.fetched == before <= 2
    keys.up = False
    assert verifier.user(keys.sign()) == "anna"


def test_a_rotation_goes_unnoticed(portal):
    verifier, keys = portal
    old = keys.sign()
    assert verifier.user(old) == "anna"
    before = keys.fetched
    keys.ring = keys.ring.rotated(NOW())
    assert verifier.user(keys.sign()) == "anna"
    assert verifier.user(old) == "anna"
    assert keys.fetched == before


def test_a_key_that_is_not_known_is_fetched(portal):
    verifier, keys = portal
    if isinstance(verifier, InPython):
        verifier._verifier._keys.cooldown_duration = 0  # else at most one fetch in half a minute
    assert verifier.user(keys.sign()) == "anna"
    keys.ring = new_ring(NOW())
    assert verifier.user(keys.sign()) == "anna"


def test_without_keys_nobody_is_believed(portal):
    verifier, keys = portal
    keys.up = False
    assert verifier.user(keys.sign()) == 503
    keys.up = True
    assert verifier.user(keys.sign()) == "anna"
