"""Parts of the machine that some tests need, and what becomes of a test whose part is missing.

It is skipped by name, and the last line of the run says how to get the part. With CI=true a skip
is a failure, whatever its reason. `tests/conftest.py` takes the hooks from here.
"""

from __future__ import annotations

import os
import shutil
from collections.abc import Iterator
from pathlib import Path
from typing import Final

import pytest

PARTS: Final = {
    "curl": ("curl",),
    # The first is the same browser without its windows: half the processor time.
    "chromium": ("chromium-headless-shell", "chromium", "chromium-browser", "google-chrome"),
    "haproxy": ("haproxy",),
    "keepalived": ("keepalived",),
    "logrotate": ("logrotate",),
    "nginx": ("nginx",),
    "openssl": ("openssl",),
    "php-cli": ("php",),
    "postgresql": ("postgres",),
    "prometheus": ("prometheus",),
    "redis-server": ("redis-server", "valkey-server"),
    "samba": ("samba",),
    "slapd": ("slapd",),
    "sqlite3": ("sqlite3",),
    "systemd": ("systemd-analyze",),
}
"""Debian's package, and the programs that will do."""
FILES: Final = {
    "libldap-dev": Path("/usr/include/ldap.h"),
    "libnginx-mod-stream": Path("/usr/lib/nginx/modules/ngx_stream_module.so"),
    "libnginx-mod-http-js": Path("/usr/lib/nginx/modules/ngx_http_js_module.so"),
}
"""Debian's package, and what it brings."""
_NEEDS: Final = "needs "
_PLACES: Final = (
    *("/usr/sbin", "/sbin", "/usr/local/sbin"),
    *map(str, sorted(Path("/usr/lib/postgresql").glob("*/bin"), reverse=True)),
)
"""Servers stand here on Debian, and not everybody has it on PATH."""
_LAST_LINE: Final = "Not everything was tested. Missing: {}. On Debian or Ubuntu: apt install {}"


def program(part: str) -> str:
    """Return the path of a part's program, or skip the test that asks, by the part's name."""
    path = os.pathsep.join((os.environ.get("PATH", os.defpath), *_PLACES))
    for name in PARTS[part]:
        found = shutil.which(name, path=path)
        if found is not None:
            return found
    pytest.skip(f"{_NEEDS}{part} (apt install {part})")


def part_file(part: str) -> Path:
    """Return the file of a part that is no program, or skip the test that asks."""
    if not FILES[part].exists():
        pytest.skip(f"{_NEEDS}{part} (apt install {part})")
    return FILES[part]


def skips_fail() -> bool:
    """Return whether a skip is a failure here."""
    return os.environ.get("CI", "").lower() == "true"


def _fail_skipped(report: pytest.TestReport | pytest.CollectReport) -> None:
    if not skips_fail() or not report.skipped or hasattr(report, "wasxfail"):
        return
    told = report.longrepr
    reason = told[2] if isinstance(told, tuple) else str(told)
    report.outcome = "failed"
    report.longrepr = f"With CI=true a skip is a failure. {reason}"


@pytest.hookimpl(wrapper=True)
def pytest_runtest_makereport(item: pytest.Item) -> Iterator[None]:
    """Fail a test that was skipped where a skip is a failure."""
    report = yield
    _fail_skipped(report)
    return report


@pytest.hookimpl(wrapper=True)
def pytest_make_collect_report(collector: pytest.Collector) -> Iterator[None]:
    """Fail a module that skipped itself where a skip is a failure."""
    report = yield
    _fail_skipped(report)
    return report


def pytest_unconfigure(config: pytest.Config) -> None:
    """Say in the last line how to get what was missing."""
    reporter = config.pluginmanager.get_plugin("terminalreporter")
    if reporter is None:
        return
    reasons = {str(report.longrepr[2]) for report in reporter.stats.get("skipped", ())}
    parts = sorted(
        part for part in (*PARTS, *FILES) if any(f"{_NEEDS}{part} " in why for why in reasons)
    )
    if parts:
        reporter.write_line(_LAST_LINE.format(", ".join(parts), " ".join(parts)))
