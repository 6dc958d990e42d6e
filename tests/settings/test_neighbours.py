"""[redis] and [directory]: addresses, without their passwords in the problem.

A case is what stands at the end of a small valid file: how many lines down the problem is, its key,
words of what was found and of what to write.
"""

from __future__ import annotations

import pytest

from tests.settings.samples import judge

CASES = [
    ("[redis]\nurl = 'redis:/x'", 1, "redis.url", "something else", "redis://"),
    ("[redis]\nurl = 'http://u:pass@x'", 1, "redis.url", '"http://…"', "redis://"),
    ("[directory]\nkind = 'sql'", 0, "directory.url", "nothing", "postgresql+asyncpg"),
    ("[directory]\nkind = 'sql'\nurl = 'postgresql://u:pass@x'", 2, "directory.url", "without asyncio", '"postgresql+asyncpg://…"'),
    ("[directory]\nurl = 'x'", 1, "directory.url", 'kind = "sqlite"', "path"),
    ("[directory]\nkind = 'sql'\npath = 'x'\nurl = 'mysql+aiomysql://x'", 2, "directory.path", 'kind = "sql"', "url"),
]  # fmt: skip


@pytest.mark.parametrize("case", CASES, ids=[f"{n}-{case[2]}" for n, case in enumerate(CASES)])
def test_what_is_refused(tmp_path, case):
    judge(tmp_path, case)
