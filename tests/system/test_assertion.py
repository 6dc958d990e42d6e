"""The assertion as a portal sees it: fetched keys, a verifier that is not the signer, two workers.

The portal here is PyJWT, whose client fetches the published keys as it would in production.
"""

from __future__ import annotations

import json

import jwt
import pytest

from tests.system.gateway import running_gateway, running_stub, wait_for
from tests.system.processes import workers_of
from tests.system.visitor import Visitor, insider

pytestmark = [pytest.mark.system, pytest.mark.slow, pytest.mark.xdist_group("assertion")]

ROUTES = """
[[upstream]]
name = "quiet"
url = ["{portal}"]
assertion = false
[[route]]
path = "/debug/echo/quiet"
upstream = "quiet"
[[route]]
path = "/debug/echo/open"
upstream = "portal"
public = true
[[route]]
path = "/"
upstream = "portal"
"""
FORGED = (
    "X-Gateway-Assertion",
    "x-gateway-assertion",
    "X_Gateway_Assertion",
    "X.Gateway--Assertion",
)
PLACE = "/debug/echo"
ASKED = 24
"""So many connections that both workers take some."""


@pytest.fixture(scope="module")
def gateway(tmp_path_factory):
    directory = tmp_path_factory.mktemp("assertion")
    with (
        running_stub(directory) as stub,
        running_gateway(
            directory,
            portal=stub.portal,
            listen="workers = 2",
            routes=ROUTES.replace("{portal}", stub.portal),
        ) as gateway,
    ):
        gateway.add_user("anna", groups=["staff", "hr"], full_name="Anna Åkesson")
        yield gateway


@pytest.fixture(scope="module")
def anna(gateway):
    return insider(gateway, "anna")


def seen(visitor, path=PLACE, **fields):
    """Return every assertion that the portal received with a request."""
    told = json.loads(visitor.request("GET", path, **fields).body)["headers"]
    folded = [("".join(c for c in name.lower() if c.isalnum()), value) for name, value in told]
    return [value for name, value in folded if name == "xgatewayassertion"]


def assertions(visitor):
    """Return the different assertions of many requests, to both workers."""
    found = set()
    for _ in range(ASKED):
        (assertion,) = seen(visitor)
        found.add(assertion)
    return found


def keys_of(gateway):
    """Return a portal's client, which has just fetched the keys."""
    return jwt.PyJWKClient(f"http://localhost:{gateway.port}/.gateway/jwks.json", lifespan=300)


def verify(token, keys, gateway, audience="portal", leeway=5):
    key = keys.get_signing_key_from_jwt(token)
    return jwt.decode(
        token, key, algorithms=["ES256"], audience=audience, issuer=gateway.origin, leeway=leeway,
        options={"require": ["exp", "iat", "aud", "iss", "sub"]},
    )  # fmt: skip


def test_a_portal_verifies_who_asks(gateway, anna):
    (assertion,) = seen(anna)
    claims = verify(assertion, keys_of(gateway), gateway)
    assert claims["exp"] - claims["iat"] == 60
    assert claims["sid"] not in anna.cookies["gateway"]
    assert {name: claims[name] for name in ("sub", "name", "email", "groups", "amr", "network")} == {
        "sub": "anna", "name": "Anna Åkesson", "email": "anna@example.com",
        "groups": ["staff", "hr"], "amr": ["pwd"], "network": "corporate",
    }  # fmt: skip
    with pytest.raises(jwt.InvalidAudienceError):
        verify(assertion, keys_of(gateway), gateway, audience="wiki")


def test_it_is_signed_for_the_session_not_for_each_request(gateway, anna):
    assert len(workers_of(gateway.process.pid)) == 2
    assert 1 <= len(assertions(anna)) <= 4  # one a worker, and again where its minute ends


@pytest.mark.parametrize("name", FORGED)
def test_a_clients_own_never_arrives(anna, name):
    (assertion,) = seen(anna, **{name: "eyJhbGciOiJub25lIn0.e30."})
    assert jwt.get_unverified_header(assertion)["alg"] == "ES256"


def test_a_public_route_tells_it_only_of_a_session(gateway, anna):
    assert seen(Visitor(gateway), "/debug/echo/open", **{FORGED[0]: "x"}) == []
    (assertion,) = seen(anna, "/debug/echo/open")
    assert verify(assertion, keys_of(gateway), gateway)["sub"] == "anna"


def test_an_upstream_can_do_without(anna):
    assert seen(anna, "/debug/echo/quiet", **{FORGED[1]: "x"}) == []


def test_a_rotation_is_followed_by_every_worker_and_noticed_by_no_portal(gateway, anna):
    keys = keys_of(gateway)
    before = json.loads(gateway.cli("keys", "list", "--json").stdout)
    signs, following = (row["kid"] for row in before)
    (old,) = seen(anna)
    assert jwt.get_unverified_header(old)["kid"] == signs
    assert keys.get_signing_key(following)
    gateway.cli("keys", "rotate", check=False)  # too early for a key made just now, so it says
    assert [row["kid"] for row in json.loads(gateway.cli("keys", "list", "--json").stdout)] == [
        signs, following,
    ]  # fmt: skip
    _age_keys(gateway)
    assert gateway.cli("keys", "rotate").stdout

    def all_follow():
        return {jwt.get_unverified_header(one)["kid"] for one in assertions(anna)} == {following}

    wait_for(all_follow, "the rotation in both workers", 10)
    (new,) = seen(anna)
    # The portal has asked nobody anew, and believes the old and the new.
    for one in (new, old):  # however long a busy machine took to get here
        assert verify(one, keys, gateway, leeway=3600)["sub"] == "anna"
    published = {key.key_id for key in keys_of(gateway).get_signing_keys()}
    assert {signs, following} < published
    assert len(published) == 3


def test_a_restart_keeps_the_keys(gateway, anna):
    before = gateway.cli("keys", "list", "--json").stdout
    gateway.stop()
    gateway.start()
    assert gateway.cli("keys", "list", "--json").stdout == before
    (assertion,) = seen(anna)
    assert verify(assertion, keys_of(gateway), gateway)["sub"] == "anna"


def test_stolen_keys_are_believed_no_more(gateway, anna):
    (old,) = seen(anna)
    gateway.cli("keys", "rotate", "--compromised")
    kid = json.loads(gateway.cli("keys", "list", "--json").stdout)[0]["kid"]

    def all_follow():
        return {jwt.get_unverified_header(one)["kid"] for one in assertions(anna)} == {kid}

    wait_for(all_follow, "the new keys in both workers", 10)
    with pytest.raises(jwt.PyJWKClientError):
        verify(old, keys_of(gateway), gateway)
    (new,) = seen(anna)
    assert verify(new, keys_of(gateway), gateway)["sub"] == "anna"


def test_asking_for_the_session_does_not_prolong_it(gateway, anna):
    anna.get(PLACE)
    first = json.loads(anna.request("GET", "/.gateway/session").body)
    assert (first["user"], first["factors"]) == ("anna", ["pwd"])

    def runs_down():
        left = json.loads(anna.request("GET", "/.gateway/session").body)["seconds_left"]
        return left["idle"] < first["seconds_left"]["idle"] - 1

    wait_for(runs_down, "the idle time", 10)
    nobody = Visitor(gateway).request("GET", "/.gateway/session")
    assert nobody.status == 401
    assert json.loads(nobody.body)["logon"] == "/.gateway/logon"


def _age_keys(gateway):
    """Make the next key an hour old, as its file says it."""
    file = gateway.state_dir / "assertion-keys.json"
    keys = json.loads(file.read_text())
    for key in keys["keys"]:
        key["made"] -= 3600
    file.write_text(json.dumps(keys))
