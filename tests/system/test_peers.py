"""Two gateways on one Redis with two secrets: the newcomer is kept out, the other goes on."""

from __future__ import annotations

import hashlib
import json
import urllib.error
import urllib.request

import pytest

from tests.system.gateway import running_gateway, wait_for

pytestmark = [pytest.mark.system, pytest.mark.slow]


SECRETS = {name: hashlib.sha256(name.encode()).hexdigest() for name in ("right", "wrong")}


def readiness(gateway) -> tuple[int, dict[str, str]]:
    try:
        with urllib.request.urlopen(f"{gateway.admin}/readyz", timeout=5) as answer:
            return answer.status, json.load(answer)["checks"]
    except urllib.error.HTTPError as error:
        with error:
            return error.code, json.load(error)["checks"]


def gateway_of(directory, redis_url: str, secret: str, **more):
    directory.mkdir()
    tables = f'[redis]\nurl = "{redis_url}"\n[secrets]\nkey = "{SECRETS[secret]}"\n'
    return running_gateway(directory, portal="http://127.0.0.1:1", tables=tables, **more)


def test_the_newcomer_is_kept_out_and_everybody_says_so(tmp_path, redis_url) -> None:
    right = gateway_of(tmp_path / "right", redis_url, "right")
    with right as gw1, gateway_of(tmp_path / "wrong", redis_url, "wrong", start=False) as gw2:
        gw2.is_ready = lambda: readiness(gw2)[0] == 503  # all that it will ever be
        gw2.start()
        status, checks = readiness(gw2)
        amiss = {part for part, state in checks.items() if state != "ok"}
        assert (status, amiss) == (503, {"peers"})
        assert "PORTVAKT_SECRETS_KEY" in checks["peers"]
        wait_for(lambda: "this gateway is kept out" in gw2.log.read_text(), "its own line")
        told = json.loads(gw2.cli("doctor", "--json", check=False).stdout)
        (one,) = (
            each
            for each in told["findings"]
            if each["level"] == "problem" and each["part"] == "gateways"
        )
        assert "no gateway here gets ready" in one["found"]
        assert "PORTVAKT_SECRETS_KEY" in one["advice"]
        wait_for(lambda: "has another secret than this one" in gw1.log.read_text(), "the other's")
        assert readiness(gw1)[0] == 200
        said = gw1.log.read_text() + gw2.log.read_text() + json.dumps(told)
        assert not [secret for secret in SECRETS.values() if secret in said]
