"""gateway/cli/front_seen.py: what the way of a call tells of the proxies in front."""

from __future__ import annotations

from dataclasses import replace

import pytest

from gateway.cli.front_seen import Call, Seen, Site, judge_seen, seen_of

PATH, FORGED, OWN, PROXY, CDN = "/a%2Db", "192.0.2.213", "203.0.113.9", "10.0.0.5", "198.51.100.7"
CALL = Call(PATH, FORGED, OWN)
INLINE = Site(behind=True, tls=False, header=False, trusts=True, direct=False)
PLAIN = replace(INLINE, behind=False, trusts=False)
OWN_TLS = replace(INLINE, behind=False, tls=True)
HEADER = replace(OWN_TLS, header=True)


def seen(hops, client, unread=(), *, trusted=False, text="", network="internet", path=PATH) -> Seen:
    return Seen(tuple(hops), text or hops[-1], trusted, client, network, tuple(unread), path)


CASES = [
    # what is seen, how it is configured, the level, and words of what is found
    (seen([PROXY, OWN], OWN, [FORGED]), INLINE, "ok", f"{PROXY} is trusted"),
    (seen([PROXY, OWN], OWN), INLINE, "ok", f"{PROXY} is trusted"),
    (seen([PROXY, CDN], CDN, [OWN, FORGED]), INLINE, "problem", f"{CDN} passes requests of others"),
    (seen([PROXY, FORGED], FORGED), INLINE, "problem", "passes on what a client writes"),
    (seen([PROXY, CDN, FORGED], FORGED), INLINE, "problem", f"{CDN} passes on what a client writes"),
    (seen([PROXY, OWN, FORGED], FORGED), INLINE, "warning", f"this machine ({OWN}) is trusted"),
    (seen([OWN, FORGED], FORGED), replace(PLAIN, direct=True), "warning", "this machine"),
    (seen([OWN, FORGED], FORGED), INLINE, "problem", "passes on what a client writes"),
    (seen([OWN, FORGED], FORGED), HEADER, "warning", "this machine"),
    (seen([PROXY, ""], "", text=" "), INLINE, "problem", "no address"),
    (replace(seen([PROXY, ""], ""), last_text=""), INLINE, "problem", "does not say who calls"),
    (seen([PROXY, OWN], "", trusted=True), INLINE, "warning", "this machine"),
    (seen([PROXY, CDN], "", trusted=True), INLINE, "problem", f"{CDN}, who called, is in trusted"),
    (seen([PROXY], PROXY, [OWN]), INLINE, "problem", "is not trusted: everybody"),
    (seen([PROXY], PROXY, [FORGED]), INLINE, "problem", "is not trusted: everybody"),
    (seen([PROXY], PROXY, [OWN, FORGED]), PLAIN, "problem", "is not trusted: everybody"),
    (seen([PROXY], PROXY), PLAIN, "problem", "is not trusted: everybody"),
    (seen([PROXY], PROXY, [FORGED]), PLAIN, "ok", "nobody in between"),  # a router's NAT
    (seen(["127.0.0.1"], "127.0.0.1", [FORGED]), PLAIN, "problem", "is not trusted"),
    (seen([OWN], OWN, [FORGED]), PLAIN, "ok", "nobody in between"),
    (seen([OWN], OWN, [FORGED]), OWN_TLS, "warning", "without a proxy"),
    (seen([OWN], OWN, [FORGED]), HEADER, "ok", "nobody in between"),
    (seen([PROXY], PROXY, [OWN]), OWN_TLS, "problem", "is not trusted"),
    (replace(seen([""], ""), last_text=""), HEADER, "problem", "PROXY header names nobody"),
]  # fmt: skip


@pytest.mark.parametrize(("what", "site", "level", "words"), CASES)
def test_who_is_trusted_and_who_ought_to_be(what, site, level, words) -> None:
    client, found = judge_seen(what, CALL, site)
    assert (client.part, client.level, found.part) == ("client", "ok", "trusted_proxies")
    assert (found.level, words in found.found) == (level, True), found
    assert bool(found.advice) == (level != "ok")


def test_a_proxy_in_the_office_lets_everybody_in_without_a_code() -> None:
    inside = seen([PROXY], PROXY, [OWN], network="corporate")
    assert "nobody outside is asked for a code" in judge_seen(inside, CALL, INLINE)[1].found
    further = seen([PROXY, CDN], CDN, [OWN], network="corporate")
    assert "nobody outside is asked for a code" in judge_seen(further, CALL, INLINE)[1].found


def test_advice_fits_where_tls_ends() -> None:
    what = seen([PROXY], PROXY, [OWN])
    assert "PROXY header" in judge_seen(what, CALL, OWN_TLS)[1].advice
    assert "PROXY header" not in judge_seen(what, CALL, INLINE)[1].advice


def test_whom_the_call_was_taken_to_come_from() -> None:
    told = judge_seen(seen([PROXY, CDN, OWN], OWN), CALL, INLINE)[0].found
    assert told.endswith(f"from {OWN} (internet), by way of {CDN}, {PROXY}")
    assert "nobody knows whom" in judge_seen(seen([PROXY, ""], ""), CALL, INLINE)[0].found


def test_a_path_that_was_rewritten() -> None:
    what = seen([PROXY, OWN], OWN, path="/a-b")
    assert judge_seen(what, CALL, INLINE)[-1].part == "path"


def test_a_record_is_read() -> None:
    hops = [
        {"text": "10.0.0.5", "address": PROXY, "role": "trusted-proxy"},
        {"text": "::ffff:203.0.113.9", "address": OWN, "role": "client"},
    ]
    client = {"address": OWN, "hops": hops, "not_believed": [FORGED], "network": "internet"}
    told = seen_of({"client": client, "request": {"target": PATH}})
    assert told == seen([PROXY, OWN], OWN, [FORGED], text="::ffff:203.0.113.9")
