"""`python -m bench oracle`: can the time of an answer tell who has an account here?

Asks a real gateway, in random order, as people of every kind: logons that fail, outside and
inside, and the steps of a reset. Every pair of kinds is compared in every step (ASVS 6.3.8).
Two controls say whether the instrument works: made-up names against themselves must look alike,
and an answer that costs nothing must not. Exits 0 when no pair can be told apart, 1 when one can,
2 when a control failed.
"""

from __future__ import annotations

import argparse
import dataclasses
import gc
import itertools
import secrets
import tempfile
import time
from collections import defaultdict
from collections.abc import Callable, Iterator
from pathlib import Path

from bench.oracle.exchange import Answer, Line, connected
from bench.oracle.people import DISABLED, KINDS, MADE_UP, PASSWORD, Asked, gateway_with_people
from bench.oracle.verdict import NOTHING, Times, tell

LOGON, RESET, CODE = "/.gateway/logon", "/.gateway/reset", "/.gateway/reset/code"
_WRONG = "Wrong7Passw0rd"
_REST_S = 0.01
"""Between tries: what is done behind an answer must not reach into the next try."""


@dataclasses.dataclass(frozen=True)
class Browser:
    """The form cookie of one browser, and its token for the first page of each way."""

    cookies: dict[str, str]
    tokens: dict[str, str]


@dataclasses.dataclass(frozen=True)
class Try:
    """One person who fails once: at the logon from a network, or at a reset."""

    way: str
    kind: str
    name: str
    browser: Browser
    source: str


def main(words: list[str]) -> int:
    """Run the part."""
    options = _options(words)
    names = min(options.tries, options.names)
    with (
        tempfile.TemporaryDirectory(prefix="portvakt-oracle-") as place,
        gateway_with_people(Path(place), names) as asked,
    ):
        times = _measure(asked, options.tries)
    return tell(times, options)


def _options(words: list[str]) -> argparse.Namespace:
    parser = argparse.ArgumentParser(prog="python -m bench oracle", description=__doc__)
    parser.add_argument("--tries", type=int, default=400, help="of each kind in each step")
    parser.add_argument("--names", type=int, default=100, help="of each kind, tried in turn")
    return parser.parse_args(words)


def _measure(asked: Asked, tries: int) -> Times:
    times: Times = defaultdict(lambda: defaultdict(list))
    with connected(asked.port) as line:
        turns = -(-tries // len(asked.names[MADE_UP]))
        plan = list(_tries(asked, tries, [_browser(line) for _ in range(turns)]))
        secrets.SystemRandom().shuffle(plan)
        for one in _tries(asked, 4, [_browser(line)]):  # scripts, caches: not counted
            _WAYS[one.way](line, one)
        gc.disable()
        for one in plan:
            for step, seconds in _WAYS[one.way](line, one).items():
                times[step][one.kind].append(seconds)
            time.sleep(_REST_S)
        gc.enable()
    return times


def _browser(line: Line) -> Browser:
    page = line.get(LOGON, "198.18.0.1", {})
    cookies = dict(page.cookies)
    again = line.get(RESET, "198.18.0.1", cookies)
    return Browser(cookies, {LOGON: page.form_token, RESET: again.form_token})


def _tries(asked: Asked, tries: int, browsers: list[Browser]) -> Iterator[Try]:
    """Plan every try: a name never meets a browser twice, and no address comes twice."""
    sources = {
        way: (f"198.{net}.{n >> 8}.{n & 255}" for n in itertools.count(256))
        for way, net in (("logon outside", 18), ("logon inside", 19), ("reset", 18))
    }
    for way, source in sources.items():
        for kind in (*KINDS, NOTHING):
            names = asked.names[MADE_UP if kind == NOTHING else kind]
            for number in range(tries):
                turn, place = divmod(number, len(names))
                yield Try(way, kind, names[place], browsers[turn], next(source))


def _fail_to_log_on(line: Line, one: Try) -> dict[str, float]:
    password = {DISABLED: PASSWORD, NOTHING: ""}.get(one.kind, _WRONG)
    form = {"form_token": one.browser.tokens[LOGON], "username": one.name, "password": password}
    return {one.way: _expect(401, line.post(LOGON, one.source, one.browser.cookies, form))}


def _fail_to_reset(line: Line, one: Try) -> dict[str, float]:
    name = "" if one.kind == NOTHING else one.name
    form = {"form_token": one.browser.tokens[RESET], "username": name}
    asked = line.post(RESET, one.source, one.browser.cookies, form)
    if one.kind == NOTHING:
        return {"reset": _expect(422, asked)}
    first = _expect(303, asked)
    cookies = {**one.browser.cookies, **asked.cookies}
    page = line.get(CODE, one.source, cookies)
    second = _expect(200, page)
    form = {"form_token": page.form_token, "code": "000000"}
    third = _expect(401, line.post(CODE, one.source, cookies, form))
    return {"reset": first, "reset, code page": second, "reset, wrong code": third}


_WAYS: dict[str, Callable[[Line, Try], dict[str, float]]] = {
    "logon outside": _fail_to_log_on,
    "logon inside": _fail_to_log_on,
    "reset": _fail_to_reset,
}


def _expect(status: int, answer: Answer) -> float:
    if answer.status != status:
        raise RuntimeError(f"{answer.status} in place of {status}: {answer.text[:200]}")
    return answer.seconds
