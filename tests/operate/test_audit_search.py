"""gateway/operate/audit_search.py: who, what, where, when."""

from __future__ import annotations

import pytest

from gateway.operate.audit_search import Wanted, read_clients, read_user, read_when

LINE = {
    "time": "2026-11-22T15:12:23.250Z",
    "event": "logon.password",
    "user": "anna",
    "client": "192.0.2.7",
    "outcome": "rejected",
    "ref": "r-1",
    "request_id": "q-1",
}
AT = 1_795_360_343.25


@pytest.mark.parametrize(
    ("wanted", "fits"),
    [
        (Wanted(), True),
        (Wanted(user="anna"), True),
        (Wanted(user="ann"), False),
        (Wanted(event="logon.password"), True),
        (Wanted(event="logon"), True),
        (Wanted(event="log"), False),
        (Wanted(event="logon.code"), False),
        (Wanted(ref="r-1"), True),
        (Wanted(ref="q-1"), True),
        (Wanted(ref="r-2"), False),
        (Wanted(outcome="rejected"), True),
        (Wanted(outcome="right"), False),
        (Wanted(clients=read_clients("192.0.2.7")), True),
        (Wanted(clients=read_clients("::ffff:192.0.2.7")), True),
        (Wanted(clients=read_clients("192.0.2.0/24")), True),
        (Wanted(clients=read_clients("198.51.100.0/24")), False),
        (Wanted(since=AT), True),
        (Wanted(since=AT + 0.001), False),
        (Wanted(until=AT + 0.001), True),
        (Wanted(until=AT), False),
        (Wanted(user="anna", outcome="right"), False),
    ],
)
def test_a_line_fits_all_or_it_does_not(wanted: Wanted, fits: bool) -> None:
    assert wanted.matches(LINE) is fits


@pytest.mark.parametrize("line", [{}, {"time": "never", "client": None, "event": 7}])
def test_a_line_that_lacks_something_is_no_crash(line: dict[str, object]) -> None:
    assert Wanted(since=AT).matches(line), "better shown than hidden"
    assert not Wanted(user="anna", clients=read_clients("10.0.0.0/8")).matches(line)


@pytest.mark.parametrize(
    ("text", "end", "when"),
    [
        ("2h", False, AT - 7200),
        ("2026-11-22", False, 1_795_305_600.0),
        ("2026-11-22", True, 1_795_392_000.0),
        ("2026-11-22T15:12:23.250Z", False, AT),
        ("2026-11-22T16:12:23.250+01:00", True, AT),
        ("2026-11-22T15:12", True, 1_795_360_320.0),
    ],
)
def test_times(text: str, end: bool, when: float) -> None:
    assert read_when(text, AT, end=end) == when


@pytest.mark.parametrize("text", ["", "yesterday", "2026-13-01", "7"])
def test_no_time(text: str) -> None:
    with pytest.raises(ValueError, match="a time of day in UTC"):
        read_when(text, AT, end=False)


@pytest.mark.parametrize("text", ["", "anna", "0.0.0.0/0", "192.0.2.7/24"])
def test_no_address(text: str) -> None:
    with pytest.raises(ValueError, match=r"network|prefix"):
        read_clients(text)


def test_users_are_found_by_any_spelling() -> None:
    assert read_user(" ANNA ") == "anna"
