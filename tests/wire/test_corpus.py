"""Every file of the corpus as the grammar reads it; `tests/wire/cases.py` says what a file says.

`valid/NAME.http` must be read as `NAME.toml` says, `invalid/NAME.http` must be refused with the status
and the reason in its `NAME.toml`; both however the bytes arrive, and also after other heads were read.
"""

from __future__ import annotations

import pytest

from gateway.wire.request import HeadReader
from tests.wire.cases import CASES, INVALID, VALID, Case, Reading, agree
from tests.wire.reading import MAX_FIELDS, MAX_URL, Outcome, conversation


def plain(value: object) -> object:
    """Return a slot's value as a .toml would say it."""
    if isinstance(value, bytes):
        return value.decode("latin-1")
    if isinstance(value, frozenset):
        return sorted(member.decode("latin-1") for member in value)
    return value


def readings(outcome: Outcome) -> list[Reading]:
    """Return the requests as an upstream is to see them."""
    return [
        Reading(
            one.head.method.decode(), one.head.target.decode(),
            one.head.authority.decode() or "localhost:8080", one.body, one.complete,
        )
        for one in outcome.requests
    ]  # fmt: skip


@pytest.mark.parametrize("case", VALID, ids=str)
def test_valid(case: Case) -> None:
    outcome = conversation([case.bytes_sent])
    assert outcome.refusal is None
    assert readings(outcome) == case.readings
    assert outcome.ended == case.closes
    for name, value in case.says.get("head", {}).items():
        assert plain(getattr(outcome.requests[0].head, name)) == value, name


@pytest.mark.parametrize("case", INVALID, ids=str)
def test_invalid(case: Case) -> None:
    outcome = conversation([case.raw])
    assert outcome.refusal == (case.says["status"], case.says["why"])
    assert agree(readings(outcome), case.readings)


def test_a_reader_that_has_read_others_reads_the_same() -> None:
    """What is remembered of a field section never changes what a head says (each order, twice)."""
    warm = HeadReader(MAX_FIELDS, MAX_URL)
    for case in [*VALID, *INVALID, *reversed(VALID), *reversed(INVALID)]:
        got = conversation([case.bytes_sent], warm).told()
        assert got == conversation([case.bytes_sent]).told(), case


CUTS = 60


@pytest.mark.parametrize("case", CASES, ids=str)
def test_however_it_arrives(case: Case) -> None:
    raw = case.bytes_sent
    whole = conversation([raw]).told()
    if len(raw) < 4096:
        assert conversation([raw[at : at + 1] for at in range(len(raw))]).told() == whole
    for cut in range(0, len(raw), max(1, len(raw) // CUTS)):
        assert conversation([raw[:cut], raw[cut:]]).told() == whole, cut


def test_the_corpus_is_whole() -> None:
    assert len(CASES) >= 440
    names = {case.path.stem for case in CASES}
    assert len(names) == len(CASES)
    assert names == {path.stem for path in CASES[0].path.parents[1].glob("*valid/*.toml")}
    assert all(case.says["source"] for case in CASES)


GAPS = {  # what the parser below lets pass, by the file that closes it
    "length or coding on GET and HEAD": "desync-length-on-get desync-chunked-on-head",
    "coding with HTTP/1.0": "rfc9112-6.1-coding-in-1.0",
    "HTTP/0.9": "rfc9112-3-version-0.9 rfc9112-3-no-version",
    "Transfer_Encoding": "desync-coding-underscore",
    "Content_Length": "desync-length-underscore",
    "Transfer---Encoding": "desync-coding-three-hyphens",
    "Transfer___Encoding": "desync-coding-three-underscores",
    "no Host, two Hosts": "rfc9112-3.2-no-host rfc9112-3.2-two-hosts",
    "other versions": "rfc9112-3-version-2.0 rfc9112-3-rtsp rfc9112-3-ice",
    "methods": "rfc9112-3-method-source rfc9112-3-method-trace rfc9112-3-method-connect",
    "absolute-form, asterisk": "rfc9112-3.2.2-absolute-form-other-host rfc9112-3-target-asterisk",
    "raw characters": "rfc9112-3-target-fragment rfc9112-3-target-backslash "
    "rfc9112-3-target-quote rfc9112-3-target-less-than rfc3986-3.3-path-characters",
    "leading LF, two spaces": "rfc9112-2.2-leading-lf rfc9112-3-two-spaces",
    "odd lengths": "rfc9110-8.6-length-leading-zeros rfc9112-6.3-length-blanks-around",
    "gzip, chunked": "rfc9112-6.1-coding-gzip-chunked",
    "upgrade with a body": "rfc9110-7.8-upgrade-with-length rfc9110-7.8-upgrade-with-chunked",
}


@pytest.mark.parametrize("gap", GAPS)
def test_gap_is_closed_by_name(gap: str) -> None:
    names = {case.path.stem for case in CASES}
    assert set(GAPS[gap].split()) <= names
