"""[[route]] title and icon: what may stand there, and that every card has a working link."""

from __future__ import annotations

import pytest

from gateway.settings.titles import LONGEST_TITLE
from policies.apps import ICONS
from tests.settings.samples import NEXT, ROUTE, SMALL, judge, problems, read

WILD = '[[route]]\npath = "/a"\nupstream = "portal"\nhost = "*.example.se"\n'
EVERYWHERE = '[[route]]\nhost = "localhost"\npath = "/"\nupstream = "portal"\n'
CASES = [
    (ROUTE + "title = ''", 3, "route[2].title", '""', "not empty"),
    (ROUTE + "title = '  '", 3, "route[2].title", '"  "', "not empty"),
    (ROUTE + "title = ' HR'", 3, "route[2].title", '" HR"', "no blanks around it"),
    (ROUTE + 'title = "a\\nb"', 3, "route[2].title", "a", "one line"),
    (ROUTE + 'title = "a\\u202eb"', 3, "route[2].title", "a", "one line"),
    (ROUTE + f"title = '{'x' * (LONGEST_TITLE + 1)}'", 3, "route[2].title", "xxx", "at most 60 characters"),
    (ROUTE + "title = true", 3, "route[2].title", "true", "text in quotes"),
    (ROUTE + "title = ['HR']", 3, "route[2].title", "a list", "text in quotes"),
    (ROUTE + "icon = 'star'", 3, "route[2].icon", "without a title", "a title as well"),
    (ROUTE + "title = ''\nicon = 'star'", 3, "route[2].title", '""', "not empty"),
    (ROUTE + "title = 'HR'\nicon = 'calender'", 4, "route[2].icon", '"calender"', '"calendar" (did you mean that?)'),
    (ROUTE + "title = 'HR'\nicon = 'Peoples'", 4, "route[2].icon", '"Peoples"', '"people" (did you mean that?)'),
    (ROUTE + "title = 'HR'\nicon = 'zzz'", 4, "route[2].icon", '"zzz"', 'one of: "book", "box"'),
    (ROUTE + "title = 'HR'\nicon = '../logo'", 4, "route[2].icon", '"../logo"', '"star"'),
    (ROUTE + "title = 'HR'\nicon = ''", 4, "route[2].icon", '""', "not empty"),
    (ROUTE + "titel = 'HR'", 3, "route[2].titel", "unknown key", '"title"'),
    (WILD + "title = 'HR'", 4, "route[2].title", '"*.example.se", which is many hosts', "an exact host"),
    (ROUTE + "title = 'HR'\nkind = 'api'", 3, "route[2].title", '"api"', '"page"'),
    (ROUTE + "title = 'HR'\nmethods = ['POST']", 3, "route[2].title", "without GET", '"GET"'),
    (ROUTE + "title = 'HR'\n" + EVERYWHERE, 3, "route[2].title", f"localhost/a, but line {NEXT + 4} serves", 'host = "localhost"'),
]  # fmt: skip


@pytest.mark.parametrize("case", CASES, ids=[f"{n}-{case[2]}" for n, case in enumerate(CASES)])
def test_what_is_refused(tmp_path, case):
    judge(tmp_path, case)


@pytest.mark.parametrize("title", ["HR", "Lön & tid", "x" * LONGEST_TITLE, "<b>", "工資", "1"])
def test_a_title(tmp_path, title):
    route = read(tmp_path, f"{SMALL}{ROUTE}title = '{title}'\n").routes[1]
    assert (route.title, route.icon) == (title, None)


@pytest.mark.parametrize("icon", ICONS)
def test_an_icon(tmp_path, icon):
    route = read(tmp_path, f"{SMALL}{ROUTE}title = 'HR'\nicon = '{icon}'\n").routes[1]
    assert (route.title, route.icon) == ("HR", icon)


def test_without_either(tmp_path):
    (route,) = read(tmp_path, SMALL).routes
    assert (route.title, route.icon) == (None, None)


@pytest.mark.parametrize(
    "further",
    [
        "host = 'a.example.se'",
        "host = 'localhost'",
        "public = true",
        "second_factor = 'always'",
        "groups = ['hr']",
        "methods = ['GET', 'POST']",
        "report_only = true\nusers = ['anna']",
        "networks = ['corporate']",
    ],
)
def test_a_title_stands_with_every_guard(tmp_path, further):
    text = f"{SMALL}{ROUTE}title = 'HR'\n{further}\n"
    assert read(tmp_path, text).routes[1].title == "HR"


def test_an_exact_host_makes_the_link_work_again(tmp_path):
    text = f"{SMALL}{ROUTE}title = 'HR'\nhost = 'localhost'\n{EVERYWHERE}"
    assert read(tmp_path, text).routes[1].title == "HR"


def test_links_are_judged_only_in_a_file_without_other_faults(tmp_path):
    text = f"{SMALL}{ROUTE}title = 'HR'\n{EVERYWHERE}[[route]]\npath = '/b'\nupstream = 'p'\n"
    assert [problem.key for problem in problems(tmp_path, text)] == ["route[4].upstream"]
