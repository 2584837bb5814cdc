"""What /metrics tells of vendors: calls, failures, cost, budgets, and who is left alone."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from prometheus_client.core import CounterMetricFamily, GaugeMetricFamily
from prometheus_client.registry import Collector

from bot.budgets import Spending
from bot.preferences import Preferences
from bot.vendors import VendorUse

if TYPE_CHECKING:
    from collections.abc import Iterator

    from prometheus_client.core import Metric
    from psycopg import Connection
    from psycopg_pool import ConnectionPool


class VendorMetrics(Collector):
    """Reads every figure anew at each scrape, as bot.metrics does."""

    def __init__(self, *, pool: ConnectionPool[Connection[Any]]) -> None:
        self._use = VendorUse(pool=pool)
        self._spending = Spending(preferences=Preferences(pool=pool), use=self._use)

    def describe(self) -> list[Metric]:
        """Nothing: so that registering the collector does not read the database."""
        return []

    def collect(self) -> Iterator[Metric]:
        calls = CounterMetricFamily(
            "supportbot_vendor_calls", "Calls of a vendor so far.", labels=("vendor",)
        )
        failures = CounterMetricFamily(
            "supportbot_vendor_failures",
            "Calls that failed for what only the vendor can mend.",
            labels=("vendor",),
        )
        spend = CounterMetricFamily(
            "supportbot_model_spend_usd", "US dollars that the model has cost so far."
        )
        for total in self._use.totals():
            calls.add_metric((total.vendor,), total.calls)
            failures.add_metric((total.vendor,), total.failures)
            if total.vendor == "model":
                spend.add_metric((), total.cost_usd)
        resting = GaugeMetricFamily(
            "supportbot_vendor_resting_processes",
            "Processes that leave a vendor alone now, after failures.",
            labels=("vendor",),
        )
        for vendor, processes in self._use.resting().items():
            resting.add_metric((vendor,), processes)
        yield from (calls, failures, spend, resting)
        yield from self._budgets()

    def _budgets(self) -> Iterator[Metric]:
        standing = self._spending.standing()
        used = GaugeMetricFamily(
            "supportbot_budget_used_ratio",
            "How far each budget is used: 1 is all of it.",
            labels=("budget",),
        )
        for each in standing.budgets:
            used.add_metric((each.name,), each.share)
        yield used
        yield GaugeMetricFamily(
            "supportbot_degradation_step",
            "What is done without: 0 nothing, 1 extras, 2 the model, 3 sending, 4 answering.",
            value=standing.step,
        )
