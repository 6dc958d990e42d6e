"""deploy/prometheus/alerts.yml: each alert goes off by what it is for, and tells what to do."""

from __future__ import annotations

import json
import re
import subprocess
from pathlib import Path

import pytest

from gateway.operate.metric_families import FAMILIES
from tests.requirements import program

ROOT = Path(__file__).resolve().parents[2]
RULES = ROOT / "deploy/prometheus/alerts.yml"
TEXT = RULES.read_text("utf-8")
OPERATIONS = (ROOT / "docs/operations.md").read_text("utf-8")
NAMES = re.findall(r"- alert: (\w+)", TEXT)
EXPRESSIONS = re.findall(r"expr: >-\n +(.*)", TEXT)

WELL = {
    "portvakt_workers": "2x120",
    'portvakt_ready{part="redis"}': "1x120",
    'portvakt_ready{part="configuration"}': "1x120",
    "portvakt_audit_failures_total": "0x120",
    'portvakt_upstream_failures_total{upstream="portal",status="502"}': "0+1x120",
    'portvakt_requests_total{route="/",outcome="allowed"}': "0+6000x120",
    'portvakt_codes_sent_total{provider="a"}': "0+20x120",
    'portvakt_codes_failed_total{reason="sms"}': "0x120",
    'portvakt_receipts_total{provider="a",outcome="failed"}': "0+1x120",
    'portvakt_restarts_total{process="worker 0"}': "0x120",
    'portvakt_sms_passed_over{provider="a"}': "0x120",
    'portvakt_directory_passed_over{server="database"}': "0x120",
    'portvakt_peers{what="seen"}': "2x120",
    'portvakt_peers{what="keys"}': "0x120",
    'portvakt_peers{what="configuration"}': "2x120",
    'portvakt_logons_total{step="password",outcome="rejected"}': "0+2x120",
    'portvakt_logons_total{step="password",outcome="right"}': "0+30x120",
    'portvakt_lockouts_total{what="password"}': "0x120",
    'portvakt_messages_refused_total{kind="code"}': "0x120",
    "portvakt_redis_errors_total": "0x120",
    'portvakt_worker_lag_seconds{worker="0"}': "0.01x120",
    'portvakt_upstream_latency_seconds_bucket{upstream="portal",le="1.0"}': "0+100x120",
    'portvakt_upstream_latency_seconds_bucket{upstream="portal",le="5.0"}': "0+100x120",
    'portvakt_upstream_latency_seconds_bucket{upstream="portal",le="+Inf"}': "0+100x120",
    'portvakt_spans_total{outcome="sent"}': "0+100x120",
    'portvakt_spans_total{outcome="dropped"}': "0x120",
}
"""An ordinary hour, a value a minute."""

AMISS = {
    "PortvaktDown": {"portvakt_workers": "_x120"},
    "PortvaktNotReady": {'portvakt_ready{part="redis"}': "0x120"},
    "PortvaktAuditFails": {"portvakt_audit_failures_total": "0+1x120"},
    "PortvaktPortalFails": {
        'portvakt_upstream_failures_total{upstream="portal",status="502"}': "0+400x120"
    },
    "PortvaktNoCodesLeave": {
        'portvakt_codes_sent_total{provider="a"}': "7x120",
        'portvakt_codes_failed_total{reason="sms"}': "0+2x120",
        'portvakt_receipts_total{provider="a",outcome="failed"}': "0x120",
    },
    "PortvaktMessagesLost": {'portvakt_receipts_total{provider="a",outcome="failed"}': "0+10x120"},
    "PortvaktCrashes": {'portvakt_restarts_total{process="worker 0"}': "0+1x120"},
    "PortvaktProviderPassedOver": {'portvakt_sms_passed_over{provider="a"}': "1x120"},
    "PortvaktDirectoryPassedOver": {'portvakt_directory_passed_over{server="database"}': "2x120"},
    "PortvaktConfigurationWaits": {'portvakt_ready{part="configuration"}': "0x120"},
    "PortvaktGatewaysDiffer": {'portvakt_peers{what="keys"}': "1x120"},
    "PortvaktPasswordsTried": {
        'portvakt_logons_total{step="password",outcome="rejected"}': "0+200x120"
    },
    "PortvaktManyLockouts": {'portvakt_lockouts_total{what="password"}': "0+1x120"},
    "PortvaktMessagesOverBudget": {'portvakt_messages_refused_total{kind="code"}': "0+1x120"},
    "PortvaktRedisErrors": {"portvakt_redis_errors_total": "0+1x120"},
    "PortvaktTooFewProcessors": {'portvakt_worker_lag_seconds{worker="0"}': "0.4x120"},
    "PortvaktPortalSlow": {
        'portvakt_upstream_latency_seconds_bucket{upstream="portal",le="1.0"}': "0+90x120"
    },
    "PortvaktTracesLost": {'portvakt_spans_total{outcome="dropped"}': "0+1x120"},
}
"""What sets each off, alone: every other one stays silent in the same hour."""


def promtool(*words: str) -> str:
    tool = str(Path(program("prometheus")).with_name("promtool"))
    done = subprocess.run([tool, *words], capture_output=True, text=True, check=False, timeout=60)
    assert done.returncode == 0, done.stdout + done.stderr
    return done.stdout


def test_promtool_finds_no_fault() -> None:
    assert f"{len(NAMES)} rules found" in promtool("check", "rules", "--lint-fatal", str(RULES))
    promtool("check", "config", str(RULES.with_name("prometheus.yml")))


def test_each_goes_off_by_its_own_cause_and_by_no_other(tmp_path: Path) -> None:
    """One run of promtool for all: the hour of each cause, and the hour of none."""
    hours = [hour({**WELL, **changed}, name) for name, changed in AMISS.items()]
    tests = {"rule_files": [str(RULES)], "evaluation_interval": "1m", "tests": [*hours, hour(WELL)]}
    file = tmp_path / "alerts.test.yml"
    file.write_text(json.dumps(tests))  # JSON is YAML
    assert "SUCCESS" in promtool("test", "rules", str(file))


def hour(series: dict[str, str], expected: str = "") -> dict[str, object]:
    """Return a test of promtool: these alerts after an hour, and no other."""
    return {
        "interval": "1m",
        "input_series": [{"series": name, "values": values} for name, values in series.items()],
        "promql_expr_test": [
            {
                "expr": f'count by (alertname) (ALERTS{{alertstate="firing",alertname="{name}"}})',
                "eval_time": "60m",
                "exp_samples": [{"labels": f'{{alertname="{name}"}}', "value": 1}]
                if name == expected
                else [],
            }
            for name in NAMES
        ],
    }


@pytest.mark.parametrize("name", NAMES)
def test_each_has_a_cause_a_heading_and_a_way_there(name: str) -> None:
    assert name in AMISS
    assert f"\n### {name}\n" in OPERATIONS
    part = TEXT.partition(f"- alert: {name}\n")[2].partition("- alert:")[0]
    assert f"runbook_url: docs/operations.md#{name.lower()}\n" in part
    assert re.search(r"severity: (page|ticket) ", part)


def test_they_ask_for_what_is_there() -> None:
    shown = {name for family in FAMILIES.values() for name in family.shown}
    asked = {name for text in EXPRESSIONS for name in re.findall(r"\bportvakt_\w+", text)}
    assert asked <= shown
    assert sorted(re.findall(r"^### (Portvakt\w+)$", OPERATIONS, re.MULTILINE)) == sorted(NAMES)
