"""An explanation for people at a terminal: from where the request comes to what becomes of it."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any, Final

from rich.console import Console
from rich.table import Table
from rich.text import Text

from gateway.settings.problems import printable

_MARKS: Final = {
    "met": ("met", "green"),
    "unmet": ("not met", "bold red"),
    "reported": ("not met, reported only", "yellow"),
    "not-reached": ("not reached", "dim"),
}
_ROLES: Final = {
    "trusted-proxy": "a trusted proxy: it is believed who came before it",
    "client": "no trusted proxy: this is the client",
    "unreadable": "no address: the client is unknown",
}
_COLOURS: Final = {"allow": "bold green", "own-page": "bold green"}
_NARROWEST: Final = 100
"""Columns that the tables get where the terminal does not say, as in a pipe."""


def print_explanation(told: dict[str, Any], file: str) -> None:
    """Print the document of `explained`; lines are those of `file`."""
    console = _console()
    rows = Table.grid(padding=(0, 2))
    rows.add_column(style="bold")
    rows.add_column()
    rows.add_column(style="dim", no_wrap=True)
    for name, text, line in _rows(told):
        rows.add_row(name, text, f"{file}:{line}" if line else "")
    console.print(rows)
    if told["conditions"]:
        console.print()
        console.print(_conditions(told, file))
    console.print()
    console.print(_outcome(told["outcome"], file))


def print_kept(told: dict[str, Any], file: str) -> None:
    """Print the document of a reference: as it was judged then, and would be today."""
    kept, today = told["reference"], told["today"]
    console = _console()
    by = f"judged by configuration {kept['digest']}"
    now = ", which is in force" if kept["in_force"] else f"; in force is {kept['digest_now']}"
    console.print(_plain(f"Reference {kept['ref']}, {by}{now}\n", "dim"))
    print_explanation(told, file if kept["in_force"] else f"{file} of then")
    if today is not None:
        console.print()
        console.print(_outcome(today["outcome"], file, "Today    "))


def _console() -> Console:
    return Console(highlight=False, soft_wrap=True)


def _rows(told: dict[str, Any]) -> Iterator[tuple[str, Text, int | None]]:
    request, client = told["request"], told["client"]
    yield "Request", _plain(_asked(request)), None
    for place, hop in enumerate(client["hops"]):
        line = client["trusted_proxies_line"] if hop["role"] == "trusted-proxy" else None
        yield ("" if place else "Came from"), _hop(hop), line
    for text in client["not_believed"]:
        yield "", _plain(f"{text or 'nothing'}: not believed, whoever wrote it", "dim"), None
    address = client["address"] or "unknown"
    yield "Client", _plain(f"{address}, network {client['network']}"), client["network_line"]
    yield "Route", _plain(_route(told["route"])), (told["route"] or {}).get("line")
    yield "User", _plain(_user(told["user"])), None
    if told["factor"] is not None:
        yield "Factor", _plain(_factor(told["factor"])), None
    for place, text in enumerate(_limiter(told["limiter"])):
        yield ("" if place else "Limiter"), text, None


def _asked(request: dict[str, Any]) -> str:
    if request["method"] is None:
        return f"{request['target'] or 'a page of the gateway'} at {request['time']}"
    return f"{request['method']} {request['host']}{request['target']} at {request['time']}"


def _hop(hop: dict[str, Any]) -> Text:
    if not hop["text"]:
        return _plain("no X-Forwarded-For: the trusted proxy does not say who the client is")
    return _plain(f"{hop['text']}: {_ROLES[hop['role']]}")


def _route(route: dict[str, Any] | None) -> str:
    if route is None:
        return "none"
    if route["upstream"] is None:
        return f"{route['path']}, the gateway's own pages"
    more = [f"host {route['host']}"] if route["host"] else []
    more += ["public"] if route["public"] else []
    more += ["kind api"] if route["kind"] == "api" else []
    more += ["report_only"] if route["report_only"] else []
    return ", ".join([f"{route['path']} to upstream {route['upstream']}", *more])


def _user(user: dict[str, Any] | None) -> str:
    if user is None:
        return "nobody who is logged on"
    told = [user["name"]]
    if user["enabled"] is False:
        told.append("disabled, so not logged on")
    if user["groups"] is not None:
        told.append(f"groups {', '.join(user['groups'])}" if user["groups"] else "no groups")
    if user["has_mobile"] is not None:
        told.append("has a mobile number" if user["has_mobile"] else "has no mobile number")
    if "logged_on" in user:
        told.append(f"logged on at {user['logged_on']} by {' + '.join(user['factors'])}")
    return ", ".join(told)


def _factor(factor: dict[str, Any]) -> str:
    needed = "takes a" if factor["code_needed"] else "takes no"
    return f"a logon from here for this route {needed} one-time password"


def _limiter(limiter: dict[str, Any]) -> Iterator[Text]:
    if not limiter["known"]:
        yield _plain("unknown: the session store does not answer")
        return
    locks = [count for count in limiter["counters"] if count["locked_until"]]
    for lock in locks:
        told = f"{lock['step']}s locked until {lock['locked_until']} by lockout.{lock['of']}"
        yield _plain(told, "bold red")
    if not locks:
        yield _plain("not locked")


def _conditions(told: dict[str, Any], file: str) -> Table:
    table = Table(box=None, pad_edge=False, padding=(0, 2, 0, 0))
    for title in ("Condition", "Wanted", "Found", "", "Line"):
        table.add_column(title, overflow="fold")
    for one in told["conditions"]:
        words, colour = _MARKS[one["verdict"]]
        table.add_row(
            _plain(one["key"]),
            _plain(one["wanted"]),
            _plain(one["found"]),
            _plain(words, colour),
            _plain(f"{file}:{one['line']}", "dim"),
        )
    return table


def _outcome(outcome: dict[str, Any], file: str, title: str = "Outcome  ") -> Text:
    text = Text(title, style="bold")
    text.append(_plain(_what(outcome), _COLOURS.get(outcome["decision"], "bold yellow")))
    if outcome["reason"]:
        line = f", {file}:{outcome['line']}" if outcome["line"] else ""
        text.append(_plain(f" ({outcome['reason']}{line})", "not bold"))
    for route in outcome["routes"]:
        told = f"may mean {route['path']}" + (f", {file}:{route['line']}" if route["line"] else "")
        text.append(_plain(f"\n         {told}", "not bold"))
    if outcome["words"]:
        text.append(_plain(f"\n         {outcome['words']}", "not bold"))
    return text


def _what(outcome: dict[str, Any]) -> str:
    if outcome["decision"] == "own-page":
        return "an answer of the gateway itself"
    if outcome["upstream"]:
        reported = outcome["reported"]
        more = f"; without report_only: {reported}" if reported else ""
        return f"passed on to {outcome['upstream']}{more}"
    there = f" to {outcome['location']}" if outcome["location"] else ""
    return f"{outcome['status'] or outcome['decision']}{there}"


def _plain(text: str, style: str = "") -> Text:
    """Return text that can do nothing to a terminal but be read; line feeds are ours."""
    shown = "\n".join(printable(line) for line in text.split("\n"))
    return Text(shown, style=style)
