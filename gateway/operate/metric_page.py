"""/metrics: numbers as Prometheus reads them (exposition formats of prometheus-client)."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from itertools import accumulate
from typing import Final

from prometheus_client import CollectorRegistry
from prometheus_client.core import CounterMetricFamily, GaugeMetricFamily, HistogramMetricFamily
from prometheus_client.exposition import choose_encoder
from prometheus_client.metrics_core import Metric
from prometheus_client.registry import Collector
from prometheus_client.utils import floatToGoString

from gateway.counters import LATENCIES_S, Key, Number
from gateway.operate.metric_families import FAMILIES, PREFIX, Family, Kind
from gateway.operate.metric_values import Values

_Row = tuple[tuple[str, ...], Number]


_CLASSES: Final = (*map(floatToGoString, LATENCIES_S), "+Inf")


def render(values: Values, accept: str) -> tuple[bytes, str]:
    """Return a page of all families and its content type, in the format that `accept` prefers.

    A family without a number is there too, so that whoever asks for it finds its name.
    """
    registry = CollectorRegistry(auto_describe=False)
    registry.register(_Collected(values))
    encode, content_type = choose_encoder(accept)
    return encode(registry), content_type


class _Collected(Collector):
    """Hands numbers to the library, family by family."""

    def __init__(self, values: Values) -> None:
        self._values: Final = values

    def collect(self) -> Iterator[Metric]:
        """Yield every family with its numbers; see prometheus_client."""
        rows: dict[str, list[_Row]] = {}
        for (name, labels), number in sorted(self._values.items(), key=_by_key):
            rows.setdefault(name, []).append((labels, number))
        for family in FAMILIES.values():
            found = rows.get(family.name, [] if family.labels else _zero(family))
            yield _shown(family, found)


def _shown(family: Family, rows: Iterable[_Row]) -> Metric:
    name, says, labels = PREFIX + family.name, family.says, family.labels
    if family.kind is Kind.HISTOGRAM:
        return _histogram(HistogramMetricFamily(name, says, labels=labels), rows)
    counter = family.kind is Kind.COUNTER
    metric = (CounterMetricFamily if counter else GaugeMetricFamily)(name, says, labels=labels)
    for values, number in rows:
        if not isinstance(number, list):
            metric.add_metric(values, number)
    return metric


def _histogram(metric: HistogramMetricFamily, rows: Iterable[_Row]) -> Metric:
    for values, number in rows:
        if isinstance(number, list):
            buckets = list(zip(_CLASSES, accumulate(number[:-1]), strict=True))
            metric.add_metric(values, buckets=buckets, sum_value=number[-1])
    return metric


def _by_key(item: tuple[Key, Number]) -> Key:
    return item[0]


def _zero(family: Family) -> list[_Row]:
    """Return what a family without labels shows before anything has happened."""
    return [((), 0)] if family.kind is Kind.COUNTER else []
