"""Making metric families."""

from collections.abc import Iterable, Mapping, Sequence

from prometheus_client.core import CounterMetricFamily, GaugeMetricFamily, Metric

from tenant_billing.metrics.instruments import PREFIX

Series = Iterable[tuple[Sequence[str], float]]
"""Values of the labels, and the value."""


def gauge(name: str, text: str, labels: Sequence[str], series: Series) -> Metric:
    """What is, by labels."""
    family = GaugeMetricFamily(f"{PREFIX}_{name}", text, labels=labels)
    for values, value in series:
        family.add_metric(values, value)
    return family


def single(name: str, text: str, value: float) -> Metric:
    """What is, once."""
    return GaugeMetricFamily(f"{PREFIX}_{name}", text, value)


def counter(name: str, text: str, labels: Sequence[str], series: Series) -> Metric:
    """What has happened since the start, by labels; ``_total`` is appended."""
    family = CounterMetricFamily(f"{PREFIX}_{name}", text, labels=labels)
    for values, value in series:
        family.add_metric(values, value)
    return family


def counted(numbers: Mapping[tuple[str, ...], int]) -> Series:
    """Series from counts by the values of labels, in an order that stays."""
    return sorted(numbers.items())
