"""Units are written, numbers are not quoted.

A case is what stands at the end of a small valid file: how many lines down the problem is, its key,
words of what was found and of what to write.
"""

from __future__ import annotations

import pytest

from tests.settings.samples import judge

CASES = [
    ("[session]\nidle = 30", 1, "session.idle", "30", '"30s"'),
    ("[session]\nidle = '30'", 1, "session.idle", '"30"', '"30s"'),
    ("[session]\nidle = '30 min'", 1, "session.idle", '"30 min"', '"30s"'),
    ("[session]\nidle = true", 1, "session.idle", "true", "a duration"),
    ("[session]\nidle = 07:30:00", 1, "session.idle", "a date or time", "a duration"),
    ("[limits]\nhead = 65536", 1, "limits.head", "65536", '"64KiB"'),
    ("[limits]\nhead = '64kb'", 1, "limits.head", '"64kb"', '"64KiB"'),
    ("[limits]\nurl = '128KiB'", 1, "limits.url", "more than limits.head", "at most"),
    ("[lockout]\nuser = '50'", 1, "lockout.user", '"50"', '"5/5m"'),
    ("[lockout]\nuser = 50", 1, "lockout.user", "50", '"5/5m"'),
]  # fmt: skip


@pytest.mark.parametrize("case", CASES, ids=[f"{n}-{case[2]}" for n, case in enumerate(CASES)])
def test_what_is_refused(tmp_path, case):
    judge(tmp_path, case)
