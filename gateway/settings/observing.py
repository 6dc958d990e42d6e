"""`[log]` and `[telemetry]`: what is told of the gateway's work, and to whom."""

from __future__ import annotations

from typing import Final

from gateway.settings.model import Log, Telemetry
from gateway.settings.reading import Table
from gateway.settings.sms_http import call_url
from gateway.settings.values import flag, one_of, share

FORMS: Final = ("human", "json")
LEVELS: Final = ("debug", "info", "warning", "error")


def read_log(file: Table) -> Log:
    """Read `[log]`."""
    usual = Log()
    with file.table("log").closing() as table:
        return Log(
            form=table.read("format", usual.form, one_of(*FORMS)),
            level=table.read("level", usual.level, one_of(*LEVELS)),
        )


def read_telemetry(file: Table) -> Telemetry:
    """Read `[telemetry]`; `portvakt check` warns of plain text that leaves this machine."""
    usual = Telemetry()
    with file.table("telemetry").closing() as table:
        return Telemetry(
            traces=table.read("traces", None, call_url),
            sample=table.read("sample", usual.sample, share),
            continue_from_proxies=table.read(
                "continue_from_proxies", usual.continue_from_proxies, flag
            ),
        )
