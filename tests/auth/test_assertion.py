"""gateway/auth/assertion.py, verified by a library that did not sign: PyJWT."""

from __future__ import annotations

from typing import Any

import jwt
import pytest

from gateway.auth.assertion import LIFETIME_S, USED_S, Assertions
from gateway.auth.key_ring import KeyRing, new_ring
from gateway.auth.live import LiveSession
from gateway.auth.model import SessionRecord
from tests.fakes import MORNING, FakeEntropy

ISSUER = "https://one.example.se"
KEY = "0123456789abcdef" * 4
TOKEN = b"A" * 43


def live(**changes: Any) -> LiveSession:
    told = {
        "user": "anna", "name": "Anna Åkesson", "email": "anna@example.se",
        "groups": ("hr", "a,b"), "factors": ("pwd", "otp"), "network": "corporate",
        "created": MORNING, **changes,
    }  # fmt: skip
    return LiveSession(TOKEN, KEY, SessionRecord(**told), MORNING)


def signed(ring: KeyRing, now: float = MORNING + 0.9, **changes: Any) -> str:
    assertions = Assertions(ring, FakeEntropy())
    return assertions.sign(live(**changes), ISSUER, "portal", "internet", now).decode("ascii")


def verified(token: str, ring: KeyRing, audience: str = "portal", issuer: str = ISSUER) -> Any:
    """Verify as a portal does, but for the time of day."""
    jwks = jwt.PyJWKSet.from_dict(ring.jwks(MORNING))
    key = jwks[jwt.get_unverified_header(token)["kid"]]
    return jwt.decode(
        token, key, algorithms=["ES256"], audience=audience, issuer=issuer,
        options={"verify_exp": False, "verify_iat": False,
                 "require": ["exp", "iat", "aud", "iss", "sub", "jti"]},
    )  # fmt: skip


def test_it_says_who_and_for_how_long() -> None:
    ring = new_ring(MORNING)
    claims = verified(signed(ring), ring)
    jti = claims.pop("jti")
    assert len(jti) == 22
    assert claims == {
        "iss": ISSUER, "aud": "portal", "sub": "anna", "name": "Anna Åkesson",
        "email": "anna@example.se", "groups": ["hr", "a,b"], "sid": KEY[:32],
        "amr": ["pwd", "otp"], "network": "internet", "iat": int(MORNING), "exp": int(MORNING) + 60,
    }  # fmt: skip


def test_it_never_holds_the_token() -> None:
    ring = new_ring(MORNING)
    assert TOKEN.decode() not in str(verified(signed(ring), ring))


def test_each_has_a_name_of_its_own() -> None:
    ring = new_ring(MORNING)
    assertions = Assertions(ring, FakeEntropy())
    made = [assertions.sign(live(), ISSUER, "portal", "internet", MORNING) for _ in range(3)]
    assert len({verified(one.decode(), ring)["jti"] for one in made}) == 3


def test_the_key_is_named_and_the_next_one_is_known_already() -> None:
    ring = new_ring(MORNING)
    header = jwt.get_unverified_header(signed(ring))
    assert header == {"alg": "ES256", "typ": "JWT", "kid": ring.current.kid}
    after = ring.rotated(MORNING + 400)
    # A portal that has not asked since verifies what the new key signs …
    assert verified(signed(after), ring)["sub"] == "anna"
    # … and one that has asked still verifies what the old key signed.
    assert verified(signed(ring), after)["sub"] == "anna"


def test_it_uses_other_keys_when_told() -> None:
    first, second = new_ring(MORNING), new_ring(MORNING)
    assertions = Assertions(first, FakeEntropy())
    assertions.use(second)
    token = assertions.sign(live(), ISSUER, "portal", "internet", MORNING).decode()
    assert verified(token, second)
    with pytest.raises(KeyError):
        verified(token, first)


@pytest.mark.parametrize(
    ("changes", "error"),
    [({"audience": "wiki"}, jwt.InvalidAudienceError), ({"issuer": "https://evil.example"}, jwt.InvalidIssuerError)],
)  # fmt: skip
def test_it_is_good_for_one_upstream_of_one_gateway(changes, error) -> None:
    ring = new_ring(MORNING)
    with pytest.raises(error):
        verified(signed(ring), ring, **changes)


def test_a_changed_one_is_refused() -> None:
    ring = new_ring(MORNING)
    head, body, signature = signed(ring).split(".")
    _, other, _ = signed(ring, user="root").split(".")
    assert body != other
    with pytest.raises(jwt.InvalidSignatureError):
        verified(f"{head}.{other}.{signature}", ring)


def test_an_old_one_is_refused() -> None:
    ring = new_ring(MORNING)
    token = signed(ring, now=1_000_000_000.0)
    with pytest.raises(jwt.ExpiredSignatureError):
        jwt.decode(token, ring.current.private.public_key, ["ES256"], audience="portal")


def test_it_is_used_again_for_less_than_it_lives() -> None:
    assert USED_S <= LIFETIME_S - 10


@pytest.mark.parametrize("odd", ["", "å\r\nX-Remote-User: root", "\x00", "李" * 100])
def test_no_name_breaks_out_of_it(odd: str) -> None:
    ring = new_ring(MORNING)
    token = signed(ring, name=odd)
    assert token.replace(".", "").replace("-", "").replace("_", "").isalnum()
    if odd.isprintable():
        assert verified(token, ring)["name"] == odd
