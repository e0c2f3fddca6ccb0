"""Numbers of a process as Prometheus reads them.

No label holds a world's name, a key, an id or a prompt.
"""

from collections.abc import Iterable, Iterator, Mapping

from prometheus_client import CollectorRegistry
from prometheus_client.core import (
    CounterMetricFamily,
    GaugeMetricFamily,
    HistogramMetricFamily,
    InfoMetricFamily,
    Metric,
)
from prometheus_client.exposition import choose_encoder

from simulator.engine.counters import STALL_BOUNDS_MS, Counters
from simulator.engine.readings import KINDS, Readings

NO_OPERATION = "none"


class _Ready:
    """Families in the form that a registry takes."""

    def __init__(self, families: Iterable[Metric]) -> None:
        self._families = tuple(families)

    def collect(self) -> Iterable[Metric]:
        return self._families


def exposition(
    readings: Readings, counters: Counters, version: str, accept: str
) -> tuple[bytes, bytes]:
    """Content type and text, in the form that the Accept header prefers."""
    registry = CollectorRegistry(auto_describe=False)
    registry.register(_Ready(_families(readings, counters, version)))
    encode, kind = choose_encoder(accept)
    return kind.encode("ascii"), encode(registry)


def _families(readings: Readings, counters: Counters, version: str) -> Iterator[Metric]:
    about = InfoMetricFamily("mediasim", "This simulator.")
    about.add_metric((), {"version": version})
    yield about
    yield _calls(counters)
    yield GaugeMetricFamily("mediasim_worlds", "Namespaces that are open.", readings.worlds)
    yield _gauges("mediasim_jobs", "Jobs of all worlds by status.", "status", readings.jobs)
    yield _gauges(
        "mediasim_credits",
        "Credits of all ledgers: held at acceptance, then captured, released or still open.",
        "kind",
        {kind: readings.millicredits[kind] / 1000 for kind in KINDS},
    )
    yield CounterMetricFamily("mediasim_faults_fired", "Faults in answers.", counters.faults)
    yield GaugeMetricFamily("mediasim_faults_armed", "Faults that are set.", readings.armed_faults)
    yield GaugeMetricFamily(
        "mediasim_parked_requests", "Requests that wait at breakpoints.", readings.parked
    )
    yield GaugeMetricFamily(
        "mediasim_journal_entries", "Calls in all journals.", readings.journal_entries
    )
    yield GaugeMetricFamily(
        "mediasim_journal_bytes", "What all journals take.", readings.journal_bytes
    )
    yield CounterMetricFamily(
        "mediasim_journal_dropped", "Calls that were dropped for room.", readings.journal_dropped
    )
    yield _stalls(counters)


def _calls(counters: Counters) -> Metric:
    calls = CounterMetricFamily(
        "mediasim_requests",
        "Calls that are over, by the class of their status.",
        labels=("surface", "operation", "status"),
    )
    for (surface, operation, digit), count in sorted(counters.calls.items()):
        status = f"{digit}xx" if digit else "dropped"
        calls.add_metric((surface, operation or NO_OPERATION, status), count)
    return calls


def _gauges(name: str, says: str, label: str, values: Mapping[str, float]) -> Metric:
    family = GaugeMetricFamily(name, says, labels=(label,))
    for value, amount in values.items():
        family.add_metric((value,), amount)
    return family


def _stalls(counters: Counters) -> Metric:
    family = HistogramMetricFamily(
        "mediasim_loop_stall_seconds",
        "How late a heartbeat of the event loop came; it begins with the first scrape.",
    )
    buckets: list[tuple[str, float]] = []
    below = 0
    bounds = [str(bound / 1000) for bound in STALL_BOUNDS_MS]
    for bound, count in zip([*bounds, "+Inf"], counters.stalls, strict=True):
        below += count
        buckets.append((bound, below))
    family.add_metric((), buckets, counters.stalled_us / 1_000_000)
    return family
