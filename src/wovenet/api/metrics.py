"""`/metrics`: what is under way and what is not, read from the store with each scrape.

Nothing is counted in the process, so the answer is the same whichever worker gives it.
"""

from collections import Counter
from collections.abc import Iterable

from prometheus_client import CONTENT_TYPE_LATEST, CollectorRegistry, generate_latest
from prometheus_client.core import CounterMetricFamily, GaugeMetricFamily
from prometheus_client.metrics_core import Metric

from wovenet.resources.port import events
from wovenet.store import counters, outbox
from wovenet.store.tx import ReadTx, Store

CONTENT_TYPE = CONTENT_TYPE_LATEST


def render(store: Store) -> bytes:
    """The metrics in Prometheus' text format. Raises: StoreBusy."""
    registry = CollectorRegistry()
    with store.read() as tx:
        registry.register(_Collected(_families(tx)))
    return generate_latest(registry)


class _Collected:
    """Families that are there already, as the library wants them."""

    def __init__(self, families: Iterable[Metric]) -> None:
        self._families = list(families)

    def collect(self) -> Iterable[Metric]:
        return self._families


def _families(tx: ReadTx) -> Iterable[Metric]:
    marks = GaugeMetricFamily("wovenet_marks", "Units that wait to be brought out.", labels=["topic", "kind"])
    age = GaugeMetricFamily("wovenet_marks_oldest_age_seconds", "Age of the oldest mark.", labels=["topic", "kind"])
    for pending in outbox.pending(tx):
        marks.add_metric([pending.topic, pending.kind], pending.count)
        age.add_metric([pending.topic, pending.kind], pending.oldest_age_s)
    failing = outbox.failing(tx)
    units = GaugeMetricFamily("wovenet_units", "Units that are not settled.", labels=["topic", "state"])
    for (topic, state), number in sorted(Counter((each.topic, str(each.state)) for each in failing).items()):
        units.add_metric([topic, state], number)
    oldest = GaugeMetricFamily(
        "wovenet_units_oldest_age_seconds", "How long the longest of them is so.", labels=["state"]
    )
    now = tx.clock.wall()
    since: dict[str, float] = {}
    for each in failing:
        since[str(each.state)] = min(each.since, since.get(str(each.state), now))
    for state, began in sorted(since.items()):
        oldest.add_metric([state], max(0.0, now - began))
    told = CounterMetricFamily("wovenet_compute_events", "What became of events for compute.", labels=["outcome"])
    for outcome, number in sorted(counters.values(tx, events.COUNTED).items()):
        told.add_metric([outcome], number)
    return marks, age, units, oldest, told
