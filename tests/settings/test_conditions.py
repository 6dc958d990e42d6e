"""Keys of [[route]] that say who, where, when and how: what they mean, and what is refused.

A case is what stands at the end of a small valid file: how many lines down the problem is, its key,
words of what was found and of what to write.
"""

from __future__ import annotations

from datetime import timedelta
from zoneinfo import ZoneInfo

import pytest

from policies.routes import Kind
from tests.settings.samples import ROUTE, SMALL, judge, read

GUEST = "[networks]\ncorporate = ['10.0.0.0/8']\nguest = ['10.9.0.0/16']\n"
CASES = [
    (ROUTE + "users = 'anna'", 3, "route[2].users", '"anna"', "a list"),
    (ROUTE + "users = ['a b']", 3, "route[2].users[1]", '"a b"', "a user name"),
    (ROUTE + "users = ['']", 3, "route[2].users[1]", '""', "one line of text"),
    (ROUTE + "methods = ['get']", 3, "route[2].methods[1]", '"get"', '"GET"'),
    (ROUTE + "methods = ['TRACE']", 3, "route[2].methods[1]", '"TRACE"', "GET"),
    (ROUTE + "methods = ['GET', 7]", 3, "route[2].methods[2]", "7", "text"),
    (ROUTE + "networks = []", 3, "route[2].networks", "a list", "leave the key out"),
    (ROUTE + "networks = ['corprate']", 3, "route[2].networks[1]", "corprate", '"corporate" (did you mean that?)'),
    (ROUTE + "networks = ['!corprate']", 3, "route[2].networks[1]", "!corprate", '"corporate" (did you mean that?)'),
    (ROUTE + "networks = ['10.0.0.0/8']", 3, "route[2].networks[1]", "10.0.0.0/8", '"corporate"'),
    (ROUTE + "networks = ['corporate', '!internet']", 3, "route[2].networks", "both kinds", "not both"),
    (ROUTE + "networks = ['!corporate', '!internet']", 3, "route[2].networks", "every network", "fewer"),
    (ROUTE + "hours = 'Mon-Fri 06:00-20:00'", 3, "route[2].hours", "Mon-Fri", "Europe/Stockholm"),
    (ROUTE + "hours = 'Mon-Fri 06:00-20:00 Europe/Stokholm'", 3, "route[2].hours", "Stokholm", 'zone "Europe/Stockholm"'),
    (ROUTE + "hours = 'Mon-Fri 06:00-20:00 Europe'", 3, "route[2].hours", "Europe", "time zone"),
    (ROUTE + "hours = 'Mon-Fri 06:00-20:00 ../../etc/passwd'", 3, "route[2].hours", "etc", "time zone"),
    (ROUTE + "hours = 'Mon-Fri 06:00-20:00 /etc/localtime'", 3, "route[2].hours", "etc", "time zone"),
    (ROUTE + "hours = ['Mon']", 3, "route[2].hours", "a list", "text in quotes"),
    (ROUTE + "hours = 'Mon 20:00-20:00 UTC'", 3, "route[2].hours", "Mon", "differ"),
    (ROUTE + "idle = '31m'", 3, "route[2].idle", "31m", 'at most session.idle ("30m")'),
    (ROUTE + "idle = '4s'", 3, "route[2].idle", "4s", '"5s"'),
    (ROUTE + "idle = 10", 3, "route[2].idle", "10", "a duration"),
    (ROUTE + "absolute = '11h'", 3, "route[2].absolute", "11h", 'at most session.absolute ("10h")'),
    (ROUTE + "report_only = 'yes'", 3, "route[2].report_only", '"yes"', "true or false"),
]  # fmt: skip


@pytest.mark.parametrize("case", CASES, ids=[f"{n}-{case[2]}" for n, case in enumerate(CASES)])
def test_what_is_refused(tmp_path, case):
    judge(tmp_path, case)


def route(directory, lines, before=""):
    text = SMALL.replace("[[upstream]]", before + "[[upstream]]", 1)
    return read(directory, f"{text}{ROUTE}{lines}\n").routes[1]


def test_every_key_at_once(tmp_path):
    found = route(
        tmp_path,
        """
users = ["ANNA", " bo@Example.se "]
groups = ["hr", "hr"]
networks = ["corporate", "internet"]
hours = "Mon-Fri 06:00-20:00,  Sat 08:00-12:00 Europe/Stockholm"
methods = ["GET", "POST"]
idle = "10m"
absolute = "1h"
kind = "api"
report_only = true
""",
    )
    assert found.users == {"anna", "bo@example.se"}
    assert found.groups == {"hr"}
    assert found.networks == {"corporate", "internet"}
    assert found.hours.zone == ZoneInfo("Europe/Stockholm")
    assert found.hours.text == "Mon-Fri 06:00-20:00, Sat 08:00-12:00 Europe/Stockholm"
    assert found.methods == {b"GET", b"HEAD", b"POST"}
    assert (found.idle, found.absolute) == (timedelta(minutes=10), timedelta(hours=1))
    assert found.kind is Kind.API
    assert found.report_only


def test_defaults_and_empty_lists_are_no_condition(tmp_path):
    plain = route(tmp_path, "")
    assert route(tmp_path, "users = []\nmethods = []\nkind = 'page'\nreport_only = false") == plain
    assert [one.key for one in plain.conditions] == ["public", "second_factor"]


@pytest.mark.parametrize(
    ("written", "let_in"),
    [
        ("['guest']", {"guest"}),
        ("['!guest']", {"corporate", "internet"}),
        ("['!internet']", {"corporate", "guest"}),
        ("['!internet', '!guest', '!guest']", {"corporate"}),
        ("['internet']", {"internet"}),
    ],
)
def test_networks(tmp_path, written, let_in):
    assert route(tmp_path, f"networks = {written}", GUEST).networks == let_in


def test_a_public_route_may_have_a_place_a_time_and_methods(tmp_path):
    found = route(
        tmp_path, "public = true\nnetworks = ['corporate']\nmethods = ['GET']\nusers = []"
    )
    assert [one.key for one in found.conditions] == ["networks", "methods"]


def test_the_shortest_idle_of_all_routes_is_known_to_the_sessions(tmp_path):
    assert read(tmp_path, SMALL).session.shortest_idle is None
    text = f"{SMALL}idle = '20m'\n{ROUTE}idle = '10m'\n"
    assert read(tmp_path, text).session.shortest_idle == timedelta(minutes=10)
