"""gateway/operate/logs.py: nobody writes a line of the log but us, in either form."""

from __future__ import annotations

import io
import json
import logging
import os
import re
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest

from gateway.operate.logs import HumanForm, JsonForm, priority_of, set_up_logging, this_process_is
from gateway.settings.model import Log
from gateway.spans import HERE, Here

HOSTILE = [
    "\r", "\x1b", "\x00", "\x07", "\x7f", "\x85", "\x9b", "\t", "\u2028", "\u2029", "\u202e", "\u2066",
    "\u2069", "\u200f", "\u061c", "\u200b", "\ufeff", "\ud800", "\U000e0041",
]  # fmt: skip


@pytest.fixture
def tidy() -> Iterator[None]:
    """Put the process's logging back as it was."""
    root, ours = logging.getLogger(), logging.getLogger("portvakt")
    before = root.handlers[:], root.level, ours.level
    yield
    root.handlers[:], root.level, ours.level = before
    logging.getLogger("portvakt").setLevel(before[2])
    this_process_is("parent")


def record(message: str, *args: object, error: BaseException | None = None) -> logging.LogRecord:
    info = (type(error), error, error.__traceback__) if error else None
    made = logging.LogRecord("portvakt.sms", logging.INFO, __file__, 1, message, args, info)
    made.created = 1_700_000_000.25
    return made


def crash() -> BaseException:
    try:
        int("why\nERROR forged")
    except ValueError as error:
        return error
    raise AssertionError


def human(*args: object, **more: BaseException) -> str:
    text = HumanForm().format(record(*args, **more))  # type: ignore[arg-type]
    return text.partition(" ")[2].partition(" ")[2]


def read_json(*args: object, **more: BaseException) -> dict[str, str]:
    line = JsonForm().format(record(*args, **more))  # type: ignore[arg-type]
    assert line.isascii()
    assert line.isprintable(), "one line, without a control character"
    found: dict[str, str] = json.loads(line)
    return found


@pytest.mark.parametrize("sign", HOSTILE)
def test_what_could_mislead_is_written_out(sign: str) -> None:
    line = human("user %s", f"a{sign}b")
    assert line.isascii()
    assert line.isprintable()
    assert re.search(r"user a\\[xuU][0-9a-f]+b|user a\\rb", line)
    assert read_json("user %s", f"a{sign}b")["event"] == f"user a{sign}b"


def test_what_can_be_read_stays_as_it_is() -> None:
    assert human("Åsa Öberg 山") == "INFO    portvakt.sms: Åsa Öberg 山"


def test_a_new_line_in_a_value_cannot_pass_for_a_log_line() -> None:
    first, second = human("user %s", "anna\nERROR portvakt: forged").split("\n")
    assert first == "INFO    portvakt.sms: user anna"
    assert second.startswith("    ")
    assert read_json("user %s", "anna\nERROR")["event"] == "user anna\nERROR"


def test_what_is_very_long_is_cut() -> None:
    assert len(human("x" * 100_000)) < 5000
    assert len(read_json("x" * 100_000)["event"]) < 5000


def test_a_traceback_keeps_its_lines() -> None:
    text = human("crash", error=crash())
    assert text.splitlines()[0] == "INFO    portvakt.sms: crash"
    assert all(line.startswith("    ") for line in text.splitlines()[1:])
    assert "ValueError: invalid literal" in text
    assert "ValueError: invalid literal" in read_json("crash", error=crash())["exception"]


@pytest.mark.usefixtures("tidy")
def test_the_keys_of_a_json_line() -> None:
    this_process_is("worker 3")
    assert read_json("sent %d", 2) == {
        "time": "2023-11-14T22:13:20.250Z",
        "level": "info",
        "worker": "worker 3",
        "logger": "portvakt.sms",
        "event": "sent 2",
    }


def test_a_line_names_its_request_and_trace() -> None:
    token = HERE.set(Here("1f-2a", "ab" * 16))
    try:
        assert human("sent").endswith(f"sent [request_id=1f-2a trace_id={'ab' * 16}]")
        told = read_json("sent")
    finally:
        HERE.reset(token)
    assert (told["request_id"], told["trace_id"]) == ("1f-2a", "ab" * 16)
    token = HERE.set(Here("1f-2a\x1b[2J"))
    try:
        assert "\x1b" not in human("sent")
        assert "trace_id" not in read_json("sent")
    finally:
        HERE.reset(token)


class Terminal(io.StringIO):
    def isatty(self) -> bool:
        return True


@pytest.mark.parametrize(
    ("stream", "environ", "coloured"),
    [
        (Terminal(), {}, True),
        (Terminal(), {"NO_COLOR": ""}, True),  # no-color.org: when not empty
        (Terminal(), {"NO_COLOR": "1"}, False),
        (io.StringIO(), {}, False),
    ],
)
@pytest.mark.usefixtures("tidy")
def test_colours_are_for_terminals(
    stream: io.StringIO, environ: dict[str, str], coloured: bool
) -> None:
    set_up_logging(Log(), stream, environ)
    logging.getLogger("portvakt.x").error("a\x1bb")
    assert ("\x1b[31mERROR" in stream.getvalue()) is coloured
    assert "a\\x1bb" in stream.getvalue()


@pytest.mark.parametrize("form", ["human", "json"])
@pytest.mark.usefixtures("tidy")
def test_the_journal_is_told_priorities(form: str, tmp_path: Path) -> None:
    with (tmp_path / "log").open("w+") as stream:
        about = os.fstat(stream.fileno())
        journal = {"JOURNAL_STREAM": f"{about.st_dev}:{about.st_ino}"}
        set_up_logging(Log(form=form), stream, journal)
        log = logging.getLogger("portvakt.x")
        log.info("one")
        log.warning("two\nlines")
        set_up_logging(Log(form=form), stream, {"JOURNAL_STREAM": "1:2"})
        log.error("into a file")
        stream.seek(0)
        starts = [line[:3] for line in stream]
    lines = ["<6>", "<4>", "<4>"] if form == "human" else ["<6>", "<4>"]
    assert starts[:-1] == lines
    assert starts[-1][0] != "<"


def test_priorities_are_those_of_syslog() -> None:
    levels = (logging.CRITICAL, logging.ERROR, logging.WARNING, logging.INFO, logging.DEBUG)
    assert [priority_of(level) for level in levels] == [3, 3, 4, 6, 7]


@pytest.mark.parametrize(
    ("level", "told"),
    [("debug", 4), ("info", 3), ("warning", 2), ("error", 1)],
)
@pytest.mark.usefixtures("tidy")
def test_a_level_keeps_the_rest_back(level: str, told: int) -> None:
    stream = io.StringIO()
    set_up_logging(Log(form="json", level=level), stream, {})
    log = logging.getLogger("portvakt.x")
    for say in (log.debug, log.info, log.warning, log.error):
        say("hej")
    assert len(stream.getvalue().splitlines()) == told
    assert logging.getLogger("asyncio").level == logging.CRITICAL
    assert sys.stderr is not stream
