"""Every file of the corpus: one request head each, named by its RFC section or its incident.

`valid/NAME.http` must be read as `NAME.toml` says, `invalid/NAME.http` must be refused with the status
and the reason in its `NAME.toml`; both however the bytes arrive, and also after other heads were read.
"""

from __future__ import annotations

import tomllib
from pathlib import Path

import pytest

from gateway.proxy.inbox import Inbox
from gateway.wire.errors import BadMessage
from gateway.wire.request import HeadReader

CORPUS = Path(__file__).parent / "corpus"
VALID = sorted((CORPUS / "valid").glob("*.http"))
INVALID = sorted((CORPUS / "invalid").glob("*.http"))
MAX_FIELDS, MAX_URL, MAX_HEAD = 128, 16 * 1024, 64 * 1024


def expected(path: Path) -> dict:
    return tomllib.loads(path.with_suffix(".toml").read_text())


def told(head) -> dict:
    """Return everything that a head says."""
    return {name: getattr(head, name) for name in head.__slots__ if name != "shared"}


def outcome(reader: HeadReader, raw: bytes) -> object:
    """Return everything that a head says, or why it is refused."""
    try:
        return told(reader.read(raw))
    except BadMessage as error:
        return error.status, error.why


@pytest.mark.parametrize("path", VALID, ids=lambda path: path.stem)
def test_valid(path: Path) -> None:
    head = HeadReader(MAX_FIELDS, MAX_URL).read(path.read_bytes())
    for name, value in expected(path)["head"].items():
        got = getattr(head, name)
        if isinstance(got, bytes):
            got = got.decode()
        elif isinstance(got, frozenset):
            got = sorted(member.decode() for member in got)
        assert got == value, name


@pytest.mark.parametrize("path", INVALID, ids=lambda path: path.stem)
def test_invalid(path: Path) -> None:
    with pytest.raises(BadMessage) as error:
        HeadReader(MAX_FIELDS, MAX_URL).read(path.read_bytes())
    wanted = expected(path)
    assert (error.value.status, error.value.why) == (wanted["status"], wanted["why"])


def test_a_reader_that_has_read_others_reads_the_same() -> None:
    """What is remembered of a field section never changes what a head says (each order, twice)."""
    warm = HeadReader(MAX_FIELDS, MAX_URL)
    for path in [*VALID, *INVALID, *reversed(VALID), *reversed(INVALID)]:
        raw = path.read_bytes()
        assert outcome(warm, raw) == outcome(HeadReader(MAX_FIELDS, MAX_URL), raw), path.stem


def through(pieces: list[bytes]) -> tuple[str, object]:
    """Return what becomes of the first head when its bytes arrive in these pieces."""
    inbox, reader = Inbox(), HeadReader(MAX_FIELDS, MAX_URL)
    try:
        for piece in pieces:
            inbox.add(piece)
            raw = inbox.cut_head(MAX_HEAD, MAX_URL)
            if raw is not None:
                return "head", told(reader.read(raw))
    except BadMessage as error:
        return "refused", error.status
    return "incomplete", None


CUTS = 60


@pytest.mark.parametrize("path", [*VALID, *INVALID], ids=lambda path: path.stem)
def test_however_it_arrives(path: Path) -> None:
    raw = path.read_bytes()
    whole = through([raw])
    assert whole[0] == ("head" if path.parent.name == "valid" else "refused") or raw[:2] == b"\r\n"
    if len(raw) < 4096:
        assert through([raw[at : at + 1] for at in range(len(raw))]) == whole
    for cut in range(0, len(raw), max(1, len(raw) // CUTS)):
        assert through([raw[:cut], raw[cut:]]) == whole, cut


def test_the_corpus_is_whole() -> None:
    assert len(VALID) + len(INVALID) > 200
    names = {path.stem for path in CORPUS.glob("*/*.http")}
    assert names == {path.stem for path in CORPUS.glob("*/*.toml")}
    assert all(expected(path)["source"] for path in [*VALID, *INVALID])


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
    names = {path.stem for path in [*VALID, *INVALID]}
    assert set(GAPS[gap].split()) <= names
