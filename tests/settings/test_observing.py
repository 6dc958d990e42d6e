"""gateway/settings/observing.py: `[log]` and `[telemetry]`."""

from __future__ import annotations

import pytest

from gateway.settings.model import Log, Telemetry
from gateway.settings.parse import read_settings
from gateway.settings.problems import SettingsError

LEAST = """
public_url = "http://localhost:8080"
[[upstream]]
name = "portal"
url = ["http://127.0.0.1:9"]
[[route]]
path = "/"
upstream = "portal"
"""
URL = "https://collector.example.se/v1/traces"


def read(tmp_path, tables):
    path = tmp_path / "gateway.toml"
    path.write_text(LEAST + tables)
    found = read_settings(path, {})
    return found.log, found.telemetry


@pytest.mark.parametrize(
    ("tables", "expected"),
    [
        ("", (Log("human", "info"), Telemetry(None, 0.01, False))),
        ('[log]\nformat = "json"\nlevel = "debug"', (Log("json", "debug"), Telemetry())),
        (f'[telemetry]\ntraces = "{URL}"\nsample = 1', (Log(), Telemetry(URL, 1.0))),
        (
            "[telemetry]\nsample = 0\ncontinue_from_proxies = true",
            (Log(), Telemetry(None, 0, True)),
        ),
    ],
)
def test_what_the_tables_say(tmp_path, tables, expected):
    assert read(tmp_path, tables) == expected


@pytest.mark.parametrize(
    ("tables", "key"),
    [
        ('[log]\nformat = "xml"', "log.format"),
        ('[log]\nlevel = "INFO"', "log.level"),
        ("[telemetry]\nsample = 1.1", "telemetry.sample"),
        ("[telemetry]\nsample = -0.1", "telemetry.sample"),
        ("[telemetry]\nsample = nan", "telemetry.sample"),
        ("[telemetry]\nsample = true", "telemetry.sample"),
        ('[telemetry]\nsample = "1%"', "telemetry.sample"),
        ('[telemetry]\ntraces = "collector:4317"', "telemetry.traces"),
        ('[telemetry]\ntraces = "grpc://collector:4317"', "telemetry.traces"),
        ('[telemetry]\ntraces = "https://me:pw@collector/v1/traces"', "telemetry.traces"),
    ],
)
def test_what_they_may_not_say(tmp_path, tables, key):
    with pytest.raises(SettingsError) as refused:
        read(tmp_path, tables)
    assert [problem.key for problem in refused.value.problems] == [key]
    assert "pw@" not in str(refused.value)
