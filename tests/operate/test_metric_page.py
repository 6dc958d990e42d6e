"""gateway/operate/metric_page.py: what Prometheus reads, parsed as it parses it."""

from __future__ import annotations

import pytest
from prometheus_client.openmetrics.parser import text_string_to_metric_families as open_metrics
from prometheus_client.parser import text_string_to_metric_families as plain

from gateway.counters import LATENCIES_S
from gateway.operate.metric_families import FAMILIES, PREFIX, Kind
from gateway.operate.metric_page import render

OPEN = "application/openmetrics-text; version=1.0.0"
LATENCY = ("upstream_latency_seconds", ("portal",))


def samples(values, accept: str = "") -> dict[tuple[str, tuple[tuple[str, str], ...]], float]:
    body, _ = render(values, accept)
    read = open_metrics if accept else plain
    return {
        (sample.name, tuple(sorted(sample.labels.items()))): sample.value
        for metric in read(body.decode())
        for sample in metric.samples
    }


@pytest.mark.parametrize("accept", ["", OPEN])
def test_numbers_with_their_labels(accept: str) -> None:
    found = samples(
        {
            ("requests", ("one.example.se/hr/", "allowed")): 3,
            ("requests", ('/"\\\n', "no-session")): 1,
            ("connections", ("tunnel",)): 2,
            LATENCY: [1, 2, *[0] * (len(LATENCIES_S) - 2), 4, 99.5],
        },
        accept,
    )
    route = (("outcome", "allowed"), ("route", "one.example.se/hr/"))
    assert found["portvakt_requests_total", route] == 3
    assert found["portvakt_requests_total", (("outcome", "no-session"), ("route", '/"\\\n'))] == 1
    assert found["portvakt_connections", (("kind", "tunnel"),)] == 2
    upstream = ("upstream", "portal")
    bucket = "portvakt_upstream_latency_seconds_bucket"
    assert found[bucket, (("le", "0.001"), upstream)] == 1
    assert found[bucket, (("le", "0.0025"), upstream)] == 3
    assert found[bucket, (("le", "60.0"), upstream)] == 3
    assert found[bucket, (("le", "+Inf"), upstream)] == 7
    assert found["portvakt_upstream_latency_seconds_count", (upstream,)] == 7
    assert found["portvakt_upstream_latency_seconds_sum", (upstream,)] == 99.5


@pytest.mark.parametrize("accept", ["", OPEN])
def test_every_family_is_there_before_anything_has_happened(accept: str) -> None:
    body, content_type = render({}, accept)
    read = open_metrics if accept else plain
    kinds = {metric.name: metric.type for metric in read(body.decode())}
    assert kinds == {PREFIX + family.name: family.kind.value for family in FAMILIES.values()}
    assert content_type.startswith(accept.partition(";")[0] or "text/plain")
    assert samples({}, accept)["portvakt_audit_failures_total", ()] == 0


def test_numbers_that_do_not_fit_their_family_are_left_out() -> None:
    values = {("connections", ("client",)): [1.0], LATENCY: 7}
    assert not [name for name, _ in samples(values) if "connections" in name or "bucket" in name]


def test_names_keep_to_the_rules_of_the_trade() -> None:
    for family in FAMILIES.values():
        assert family.says.endswith((".", ".)"))
        assert family.says[0].isupper()
        assert not family.name.endswith("_total")
        assert (family.kind is Kind.HISTOGRAM) == (f"{PREFIX}{family.name}_bucket" in family.shown)
