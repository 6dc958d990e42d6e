"""gateway/auth/live.py: the record's bytes, and who hears of an end."""

from __future__ import annotations

from hypothesis import given
from hypothesis import strategies as st

from gateway.auth.live import LiveSession, dump, load
from gateway.auth.model import SessionRecord

texts = st.text(st.characters(exclude_categories=["Cs"]))
records = st.builds(
    SessionRecord,
    user=texts,
    name=texts,
    email=texts,
    groups=st.lists(texts).map(tuple),
    factors=st.sampled_from([("pwd",), ("pwd", "otp")]),
    network=texts,
    created=st.floats(0, 4e9),
)


@given(records)
def test_a_record_comes_back_as_it_was(record: SessionRecord) -> None:
    assert load(dump(record)) == record


def live() -> LiveSession:
    record = SessionRecord("anna", "Anna", "a@example.se", (), ("pwd",), "corporate", 0.0)
    return LiveSession(b"token", "key", record, 0.0)


def test_watchers_are_called_once_and_one_failing_stops_no_other() -> None:
    session, calls = live(), []

    def broken() -> None:
        calls.append("broken")
        raise RuntimeError

    session.watch(broken)
    session.watch(lambda: calls.append("first"))
    undo = session.watch(lambda: calls.append("undone"))
    undo()
    session.end()
    session.end()
    assert sorted(calls) == ["broken", "first"]


def test_who_comes_too_late_hears_at_once() -> None:
    session, calls = live(), []
    session.end()
    session.watch(lambda: calls.append("late"))()
    assert calls == ["late"]
    assert not session.watchers


def test_sessions_are_compared_by_identity() -> None:
    assert live() != live()
    assert len({live(), live()}) == 2


def test_the_memo_is_gone_with_the_session() -> None:
    session = live()
    session.memo["portal"] = b"X-Remote-User: anna\r\n"
    session.end()
    assert session.memo == {}
