"""[[route]]: plain paths, known upstreams, no two for one place.

A case is what stands at the end of a small valid file: how many lines down the problem is, its key,
words of what was found and of what to write.
"""

from __future__ import annotations

import pytest

from tests.settings.samples import ROUTE, judge

CASES = [
    ("[[route]]\npath = '/a'\nupstream = 'portl'", 2, "route[2].upstream", '"portl"', '"portal"'),
    ("[[route]]\npath = '/a'", 0, "route[2].upstream", "nothing", '"portal"'),
    ("[[route]]\nupstream = 'portal'", 0, "route[2].path", "nothing", '"/"'),
    *[
        (f"[[route]]\nupstream = 'portal'\npath = '{path}'", 2, "route[2].path", path[:5], "path")
        for path in ("a", "/a?b", "/a#b", "/a%2fb", "/../a", "/a/..", "/a/./b", "/a//b", "/a;b", "/a b", "/å", "/.gateway",
                     "/.gateway/", "/.GATEWAY/x", "/.well-known/change-password", "/.Well-Known/change-password/x", "http://x/")
    ],
    ("[[route]]\nupstream = 'portal'\npath = '/'", 2, "route[2].path", "line 5", "once"),
    (ROUTE + ROUTE, 4, "route[3].path", "again", "once"),
    (ROUTE + ROUTE.replace("/a", "/A/"), 4, "route[3].path", "again", "once"),
    (ROUTE + "public = true\ngroups = ['hr']", 4, "route[2].groups", "public route", "nothing here"),
    (ROUTE + "public = true\nsecond_factor = 'always'", 4, "route[2].second_factor", "public route", "nothing here"),
    (ROUTE + "groups = []", 3, "route[2].groups", "a list", "leave the key out"),
    (ROUTE + "groups = 'hr'", 3, "route[2].groups", '"hr"', "a list"),
    (ROUTE + "second_factor = 'alwais'", 3, "route[2].second_factor", '"alwais"', '"always" (did you mean that?)'),
    (ROUTE + "second_factor = true", 3, "route[2].second_factor", "true", '"always"'),
    *[
        (ROUTE + f"public = true\n{key}", 4, f"route[2].{key.split()[0]}", "public route", "nothing here")
        for key in ("users = ['anna']", "idle = '10m'", "absolute = '1h'", "report_only = true")
    ],
    (ROUTE + "report_only = true", 3, "route[2].report_only", "no condition", "groups, users"),
    (ROUTE + "report_only = true\nsecond_factor = 'always'", 3, "route[2].report_only", "no condition", "groups, users"),
    (ROUTE + "kind = 'apis'", 3, "route[2].kind", '"apis"', '"api" (did you mean that?)'),
    (ROUTE + ROUTE.replace("'portal'\n", "'portal'\nmethods = ['POST']\n"), 4, "route[3].path", "again", "whatever the methods"),
    (ROUTE + "public = 'yes'", 3, "route[2].public", '"yes"', "true or false"),
    (ROUTE + "upgrades = ['h2c']", 3, "route[2].upgrades[1]", '"h2c"', "another protocol"),
    (ROUTE + "upgrades = ['WebSocket']", 3, "route[2].upgrades[1]", '"WebSocket"', "lower case"),
    (ROUTE + "origins = ['*']", 3, "route[2].origins[1]", '"*"', "an origin"),
    (ROUTE + "origins = ['null']", 3, "route[2].origins[1]", '"null"', "an origin"),
    (ROUTE + "origins = ['https://a.se/']", 3, "route[2].origins[1]", '"https://a.se/"', "an origin"),
    *[
        (ROUTE + f"host = '{host}'", 3, "route[2].host", host, "")
        for host in ("a.se:80", "https://a.se", "*", "*.se", "*.10.0.0.1", "a*.se", "*.*.se", "a..se", "010.0.0.1", "å.se")
    ],
]  # fmt: skip


@pytest.mark.parametrize("case", CASES, ids=[f"{n}-{case[2]}" for n, case in enumerate(CASES)])
def test_what_is_refused(tmp_path, case):
    judge(tmp_path, case)
