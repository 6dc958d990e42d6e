"""Requests that two servers would cut apart differently: each is refused, and nothing follows it.

Every request goes where anybody may go, so that only its bytes can be what it is refused for.
"""

from __future__ import annotations

from tests.security.advisories.replay import (
    STOWAWAY,
    Replay,
    attack,
    status,
    statuses,
)

REFUSED = {400, 405, 413, 414, 417, 431, 501, 505}


def stowaway(case: Replay) -> bytes:
    return case.bytes_of(f"GET {STOWAWAY} HTTP/1.1\r\nHost: {{host}}\r\n\r\n")


def refused(case: Replay, data: bytes, *pieces: bytes) -> None:
    """Send it; one refusal comes back, the connection is closed and the portal saw nothing."""
    answer = case.talk(data, *pieces)
    assert status(answer) in REFUSED, case.told(data[:200], answer[:200])
    assert len(statuses(answer)) == 1, case.told(data[:200], answer[:2000])


def nothing_reached(case: Replay) -> None:
    seen = case.reached()
    assert seen == [], case.told(seen)


@attack("framing-fields")
def fields_that_frame(case: Replay) -> None:
    """Field lines of a POST, its body both an empty chunked one and a request of its own."""
    for lines in case.row.tries:
        for method in ("POST", "GET"):
            head = f"{method} /static/a HTTP/1.1\r\nHost: {{host}}\r\n{lines}\r\n\r\n"
            refused(case, case.bytes_of(head) + b"0\r\n\r\n" + stowaway(case))
    nothing_reached(case)


@attack("heads")
def heads_of_another_grammar(case: Replay) -> None:
    """Whole heads, each with a request behind it."""
    for head in case.row.tries:
        refused(case, case.bytes_of(head) + stowaway(case))
    nothing_reached(case)


@attack("chunks")
def bodies_in_odd_chunks(case: Replay) -> None:
    """Chunked bodies: the portal sees no more than one request, unfinished, and never the next."""
    head = "POST /static/a HTTP/1.1\r\nHost: {host}\r\nTransfer-Encoding: chunked\r\n\r\n"
    for body in case.row.tries:
        answer = case.talk(case.bytes_of(head + body) + stowaway(case))
        assert status(answer) in REFUSED, case.told(body[:50], answer[:200])
        assert len(statuses(answer)) == 1, case.told(body[:50], answer[:2000])
    assert all(request["target"] == "/static/a" for request in case.reached())


@attack("heads-1.0")
def old_versions(case: Replay) -> None:
    """HTTP/1.0: what is refused there, and what passes is one request on one connection."""
    for lines in case.row.tries:
        head = f"POST /static/old HTTP/1.0\r\n{lines}\r\n"
        answer = case.talk(case.bytes_of(head) + stowaway(case))
        assert len(statuses(answer)) == 1, case.told(lines, answer[:1000])
    seen = case.reached()
    assert [one["target"] for one in seen].count(STOWAWAY) == 0, case.told(seen)


@attack("one-request")
def one_request_and_no_other(case: Replay) -> None:
    """Whole requests that may pass, but must be one request upstream, whatever they hold."""
    for text in case.row.tries:
        answer = case.talk(case.bytes_of(text))
        assert len(statuses(answer)) == 1, case.told(text[:200], answer[:1000])
        seen = case.reached()
        assert len(seen) <= 1, case.told(text[:200], seen)
        assert not any(one["target"] == STOWAWAY for one in seen), case.told(seen)


@attack("cut-anywhere")
def pieces_of_a_request(case: Replay) -> None:
    """A guarded target, cut at every place, also byte by byte: never taken for an open one."""
    for target in case.row.tries:
        data = case.bytes_of(
            f"GET {target} HTTP/1.1\r\nHost: {{host}}\r\nConnection: close\r\n\r\n"
        )
        cuts = [[data[:at], data[at:]] for at in range(1, len(data), 3)]
        for pieces in (*cuts, [data[at : at + 1] for at in range(len(data))]):
            assert status(case.talk(*pieces)) in {302, 401, 400}, case.told(target, pieces[0])
    nothing_reached(case)


@attack("pipelined-behind")
def requests_behind_one_another(case: Replay) -> None:
    """One write of several requests: answers come in order, or the connection ends early."""
    for lines in case.row.tries:
        first = case.bytes_of(f"GET /static/one HTTP/1.1\r\nHost: {{host}}\r\n{lines}\r\n\r\n")
        rest = b"".join(
            case.bytes_of(f"GET /static/{name} HTTP/1.1\r\nHost: {{host}}\r\n{last}\r\n")
            for name, last in (("two", ""), ("three", "Connection: close\r\n"))
        )
        case.talk(first + rest)
        asked = [one["target"] for one in case.reached()]
        assert asked in (
            ["/static/one", "/static/two", "/static/three"],
            ["/static/one"],
            [],
        ), case.told(lines, asked)
