"""What is shown, what the dashboard asks for and what operations read are the same metrics."""

from __future__ import annotations

import json
import re
from pathlib import Path

import pytest

from gateway.counters import LATENCIES_S
from gateway.operate.metric_families import FAMILIES, PREFIX, Family, Kind
from gateway.operate.metric_page import render

ROOT = Path(__file__).resolve().parents[2]
DASHBOARD = json.loads((ROOT / "deploy/grafana/portvakt.json").read_text("utf-8"))
OPERATIONS = (ROOT / "docs/operations.md").read_text("utf-8")
SHOWN = {name: family for family in FAMILIES.values() for name in family.shown}
NAME = re.compile(r"\bportvakt_\w+")
LABELLED = re.compile(r"(portvakt_\w+)\{([^}]*)\}")
GROUPED = re.compile(r"by \(([^)]*)\)")


def exposed() -> set[str]:
    """Return the names of all samples that /metrics can show."""
    values = {}
    for family in FAMILIES.values():
        labels = tuple("x" for _ in family.labels)
        histogram = family.kind is Kind.HISTOGRAM
        values[(family.name, labels)] = [1.0] * (len(LATENCIES_S) + 2) if histogram else 1
    text = render(values, "")[0].decode()
    return {
        line.partition("{")[0].partition(" ")[0] for line in text.splitlines() if line[0] != "#"
    }


def queries() -> list[tuple[str, str]]:
    """Return (title, query) of everything that the dashboard asks."""
    found = [
        (panel["title"], t["expr"])
        for panel in DASHBOARD["panels"]
        for t in panel.get("targets", [])
    ]
    found += [(note["name"], note["expr"]) for note in DASHBOARD["annotations"]["list"]]
    return found


def labels_asked(query: str) -> set[str]:
    asked = {
        re.split(r"[=!]", label)[0].strip()  # =, !=, =~, !~
        for _, inside in LABELLED.findall(query)
        for label in inside.split(",")
    }
    return asked | {label.strip() for group in GROUPED.findall(query) for label in group.split(",")}


def allowed(query: str) -> set[str]:
    families: list[Family] = [SHOWN[name] for name in NAME.findall(query)]
    labels = {label for family in families for label in family.labels}
    return labels | ({"le"} if any(family.kind is Kind.HISTOGRAM for family in families) else set())


def test_the_families_are_what_the_page_shows() -> None:
    assert exposed() == set(SHOWN)


@pytest.mark.parametrize(("title", "query"), queries())
def test_the_dashboard_asks_only_for_what_is_there(title: str, query: str) -> None:
    names = NAME.findall(query)
    assert names, title
    assert set(names) <= exposed()
    assert labels_asked(query) <= allowed(query)


def test_the_dashboard_shows_every_family() -> None:
    asked = {SHOWN[name].name for _, query in queries() for name in NAME.findall(query)}
    assert asked == set(FAMILIES)


def test_legends_name_labels_that_the_query_leaves() -> None:
    for panel in DASHBOARD["panels"]:
        for target in panel.get("targets", []):
            grouped = GROUPED.findall(target["expr"])
            left = {label.strip() for group in grouped for label in group.split(",")}
            left = left if grouped else allowed(target["expr"])
            named = set(re.findall(r"\{\{(\w+)\}\}", target["legendFormat"]))
            assert named <= left, panel["title"]


def test_the_dashboard_is_one_that_can_be_imported() -> None:
    ids = [panel["id"] for panel in DASHBOARD["panels"]]
    assert len(ids) == len(set(ids))
    assert [one["name"] for one in DASHBOARD["templating"]["list"]] == ["source"]
    for panel in DASHBOARD["panels"]:
        place = panel["gridPos"]
        assert place["x"] + place["w"] <= 24
        if panel["type"] != "row":
            assert panel["datasource"]["uid"] == "${source}"
            assert panel["description"].endswith(".")


def documented() -> dict[str, list[str]]:
    """Return the metrics of the table in docs/operations.md with their labels."""
    rows = re.findall(r"^\| `(portvakt_\w+)` \|([^|]*)\|", OPERATIONS, re.MULTILINE)
    return {name: re.findall(r"`(\w+)`", labels) for name, labels in rows}


def test_operations_name_each_metric_with_its_labels() -> None:
    base = {
        PREFIX + family.name + ("_total" if family.kind is Kind.COUNTER else ""): list(
            family.labels
        )
        for family in FAMILIES.values()
    }
    assert documented() == base


def test_every_alert_can_be_asked() -> None:
    asked = [
        query
        for query in re.findall(r"`([^`]*portvakt_[^`]*)`", OPERATIONS)
        if "deploy" not in query
    ]
    for query in asked:
        names = [name for name in NAME.findall(query) if name not in documented()]
        assert set(names) <= set(SHOWN), query
        if set(NAME.findall(query)) <= set(SHOWN):
            assert labels_asked(query) <= allowed(query), query
