"""gateway/auth/try_buckets.py: no two counters share a name, and no name tells whose it is."""

from __future__ import annotations

from datetime import timedelta

from gateway.auth.ports import Bucket
from gateway.auth.sealing import Sealer
from gateway.auth.try_buckets import TryBuckets
from gateway.settings.model import Lockout, Rate
from tests.fakes import FakeEntropy

RULES = Lockout(user=Rate(7, timedelta(hours=1)), codes_per_day=33)
OF = TryBuckets(Sealer(b"0" * 32, FakeEntropy()), RULES)


def of(user: str) -> list[Bucket]:
    return [*OF.of_user(user), OF.pair(user, "192.0.2.1"), OF.known_browser(user, "192.0.2.1")]


def test_every_counter_has_a_name_of_its_own() -> None:
    places = [OF.address(step, "192.0.2.1") for step in ("password", "code")]
    names = [bucket.name for bucket in (*of("anna"), *of("bo"), *places)]
    names += [OF.usual_place("anna", "192.0.2.1"), OF.usual_place("anna", "corporate")]
    assert len(set(names)) == len(names)
    assert not any("anna" in name or "192" in name for name in names if len(name) == 64)


def test_those_of_places_and_browsers_can_be_found_by_user() -> None:
    assert OF.pair("anna", "x").name.startswith(OF.pairs_of("anna"))
    assert OF.known_browser("anna", "x").name.startswith(OF.pairs_of("anna"))
    assert not OF.pair("bo", "x").name.startswith(OF.pairs_of("anna"))


def test_what_is_judged_apart_is_bounded_alike() -> None:
    apart = (OF.at_usual_places("anna"), OF.in_known_browsers("password", "anna"))
    assert {bucket.count for bucket in apart} == {7}
    assert OF.known_browser("anna", "x").count == OF.pair("anna", "x").count
    assert OF.day("anna").locks_s == (86400.0,)
