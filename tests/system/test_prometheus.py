"""Dashboard and alerts of deploy/, asked of a real Prometheus that scrapes a loaded gateway."""

from __future__ import annotations

import contextlib
import json
import urllib.parse
import urllib.request

import pytest

from tests.system.gateway import (
    INSIDE,
    ROOT,
    free_port,
    running_gateway,
    running_stub,
    wait_for,
)
from tests.system.prometheus import running_prometheus
from tests.system.visitor import Visitor, insider

pytestmark = [pytest.mark.system, pytest.mark.slow]

DASHBOARD = json.loads((ROOT / "deploy/grafana/portvakt.json").read_text("utf-8"))
VARIABLES = {"$__rate_interval": "1m", "$__interval": "15s", "$__range": "1h"}
QUERIES = sorted(
    {t["expr"] for panel in DASHBOARD["panels"] for t in panel.get("targets", [])}
    | {note["expr"] for note in DASHBOARD["annotations"]["list"]}
)
MAY_BE_EMPTY = {'increase(portvakt_config_reloads_total{outcome="applied"}[1m]) > 0'}
"""What only an edit shows."""
LOG_ONS = 'sum(portvakt_logons_total{step="password"})'


@pytest.fixture(scope="module")
def place(tmp_path_factory):
    """A gateway that has met every kind of request, twice, and a Prometheus that has seen both."""
    directory = tmp_path_factory.mktemp("prometheus")
    dead = free_port()
    with running_stub(directory) as stub:
        phones = f"""[[sms]]
kind = "46elks"
url = "{stub.phone}/a1/sms"
from = "Portal"
username = "u"
password = "p"
receipts = true
countries = ["SE"]
[[sms]]
kind = "http"
name = "dead"
url = "http://127.0.0.1:{dead}/"
form = {{ to = "{{mobile}}", message = "{{text}}" }}
countries = ["NO"]
"""
        tables = f"""
[telemetry]
traces = "http://127.0.0.1:{dead}/v1/traces"
sample = 1
[sms_budget]
number = "3/1h"
[[upstream]]
name = "dead"
url = ["http://127.0.0.1:{dead}"]
"""
        routes = "".join(
            f'[[route]]\npath = "{path}"\nupstream = "{upstream}"\n{more}\n'
            for path, upstream, more in (
                ("/", "portal", ""),
                ("/static/", "portal", "public = true"),
                ("/dead/", "dead", "public = true"),
                ("/hr/", "portal", 'groups = ["hr"]'),
                ("/soon/", "portal", 'groups = ["hr"]\nreport_only = true'),
            )
        )
        with (
            running_gateway(
                directory, portal=stub.portal, tables=tables, routes=routes, phones=phones
            ) as gateway,
            running_prometheus(directory, gateway.admin) as prometheus,
        ):
            names = ("anna", "lars", "lena", "olle", "otto")
            people = [f"{name},{name},070174060{n},staff" for n, name in enumerate(names)]
            gateway.add_users(*people, "nora,Nora,+4791234567,staff")
            # A counter is known from its first event on, and rises by the second.
            load(gateway, stub, "lars", "olle")
            wait_for(lambda: prometheus.query(f"{LOG_ONS} >= 6"), "the first scrape of the load")
            load(gateway, stub, "lena", "otto")
            yield gateway, prometheus


def load(gateway, stub, locked: str, outside: str) -> None:
    """Cause a little of everything that is counted; `locked` is who is locked out."""
    visitor = insider(gateway, "anna")
    for path in ("/", "/static/x", "/hr/", "/soon/", "/dead/", "/.gateway/help", "/.gateway/apps"):
        visitor.get(path)
    visitor.request("GET", "/a%zz")
    Visitor(gateway).get("/")
    for _ in range(6):
        Visitor(gateway, INSIDE).password(locked, "Fel8losen9")
    Visitor(gateway).log_on(outside, stub)
    receipt(stub.messages()[-1])
    for _ in range(3):  # one more than the budget has
        Visitor(gateway).password(outside)
    wrong = Visitor(gateway)
    wrong.password("nora")
    wait_for(lambda: any(e["event"] == "code.failed" for e in gateway.audit()), "a code that fails")
    visitor.post("/.gateway/logout", visitor.get("/.gateway/logout").form())


def receipt(sent: dict) -> None:
    """Tell the gateway what became of a message, as the provider does."""
    told = urllib.parse.urlencode({"id": sent["id"], "status": "delivered"}).encode()
    with contextlib.closing(
        urllib.request.urlopen(sent["whendelivered"], told, timeout=5)
    ) as answer:
        assert answer.status == 204


def substituted(expression: str) -> str:
    for name, value in VARIABLES.items():
        expression = expression.replace(name, value)
    assert "$" not in expression, "a variable that Grafana would fill in"
    return expression


def test_every_query_of_the_dashboard_has_an_answer(place):
    _, prometheus = place
    missing = set(QUERIES) - MAY_BE_EMPTY

    def all_answered() -> bool:
        for query in list(missing):
            if prometheus.query(substituted(query)):
                missing.discard(query)
        return not missing

    with contextlib.suppress(AssertionError):
        wait_for(all_answered, "an answer", 20)
    assert missing == set(), "nothing to show"
    for query in MAY_BE_EMPTY:
        prometheus.query(substituted(query))


RISEN = [
    'portvakt_requests_total{outcome="allowed"}',
    'portvakt_requests_total{outcome="group-missing"}',
    'portvakt_requests_total{outcome="no-session"}',
    "portvakt_reported_total",
    'portvakt_refusals_total{status="400"}',
    'portvakt_upstream_failures_total{upstream="dead"}',
    'portvakt_logons_total{outcome="rejected"}',
    "portvakt_lockouts_total",
    "portvakt_codes_failed_total",
    "portvakt_messages_refused_total",
    "portvakt_sessions_ended_total",
    'portvakt_spans_total{outcome="failed"}',
]


def test_what_was_done_is_what_is_seen(place):
    _, prometheus = place
    left = set(RISEN)

    def all_risen() -> bool:
        for name in list(left):
            if prometheus.query(f"sum(increase({name}[1m])) > 0"):
                left.discard(name)
        return not left

    with contextlib.suppress(AssertionError):
        wait_for(all_risen, "a rise", 20)
    assert left == set()


def test_the_alerts_are_loaded_and_can_be_asked(place):
    _, prometheus = place
    wait_for(
        lambda: all(rule["health"] == "ok" for rule in rules(prometheus)), "an evaluation of each"
    )
    told = {rule["name"]: rule for rule in rules(prometheus)}
    assert len(told) > 12
    assert not [rule for rule in told.values() if rule.get("lastError")]
    wait_for(
        lambda: {"PortvaktMessagesOverBudget"} <= firing(prometheus), "an alert of what was done"
    )
    assert not {"PortvaktDown", "PortvaktNotReady", "PortvaktAuditFails"} & firing(prometheus)


def rules(prometheus) -> list[dict]:
    return [rule for group in prometheus.ask("rules")["groups"] for rule in group["rules"]]


def firing(prometheus) -> set[str]:
    return {rule["name"] for rule in rules(prometheus) if rule["state"] == "firing"}


def test_prometheus_has_no_complaint(place):
    """Names, labels and types are as it likes them: nothing of a scrape is left out."""
    _, prometheus = place
    (target,) = prometheus.ask("targets")["activeTargets"]
    assert (target["health"], target["lastError"]) == ("up", "")
    kinds = {name: told[0]["type"] for name, told in prometheus.ask("metadata").items()}
    assert kinds["portvakt_upstream_latency_seconds"] == "histogram"
    assert all(kind != "unknown" for name, kind in kinds.items() if name.startswith("portvakt_"))
