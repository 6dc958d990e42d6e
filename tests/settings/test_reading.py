"""Unknown keys, keys of later versions, tables that are none.

A case is what stands at the end of a small valid file: how many lines down the problem is, its key,
words of what was found and of what to write.
"""

from __future__ import annotations

import pytest

from tests.settings.samples import ROUTE, judge

CASES = [
    ("[sesion]\nidle = '30m'", 0, "sesion", "unknown key", '"session"'),
    ("[session]\nidel = '30m'", 1, "session.idel", "unknown key", '"idle"'),
    ("[session]\nzzzzzz = 1", 1, "session.zzzzzz", "unknown key", 'one of: "idle"'),
    ("session = 3", 0, "route[1].session", "unknown key", "one of"),
    ("[session.idle]\nx = 1", 0, "session.idle", "a table", "a duration"),
    ("[session]\n'a\u001bb'=1".replace("\u001b", "\u2028"), 1, 'session."a\\u2028b"', "unknown", "one of"),
    (ROUTE + "ours = 'x'", 3, "route[2].ours", "unknown key", '"hours"'),
    ("[directory]\nkind = 'ldapp'", 1, "directory.kind", '"ldapp"', '"ldap"'),
    (
        "[directory]\nkind = 'ldap'\n[ldap]\nbind_dn = 'x'\nbind_password = 'x'\nbase = 'x'",
        2, "ldap.servers", "nothing", '["ldaps://dc1.example.se"]',
    ),
    ("[ldap]\nservers = ['ldap://dc1.example.se']", 1, "ldap.servers", "without start_tls", "ldaps://"),
    ("[ldap]\nservers = ['https://dc1.example.se']", 1, "ldap.servers[1]", "https", '"ldaps://'),
    ("[ldap]\nfilter = '(uid=anna)'", 1, "ldap.filter", "(uid=anna)", "{user}"),
    ("[ldap]\nfilter = '(uid={user}))'", 1, "ldap.filter", "(uid={user}))", "in parentheses"),
    ("[ldap]\nfilter = '(&(uid={user})(x={y}))'", 1, "ldap.filter", "{y}", "{user}"),
    ("[ldap]\nuser = 'a)(b'", 1, "ldap.user", "a)(b", "attribute"),
    ("[ldap]\nkind = 'novell'", 1, "ldap.kind", "novell", '"active-directory"'),
    ("[redis]\nurl = 'redis+sentinel://a,b'", 1, "redis.url", '"redis+sentinel://…"', "NAME"),
]  # fmt: skip


@pytest.mark.parametrize("case", CASES, ids=[f"{n}-{case[2]}" for n, case in enumerate(CASES)])
def test_what_is_refused(tmp_path, case):
    judge(tmp_path, case)
