"""What /metrics tells Prometheus, read from the record that all processes share.

The processes that answer questions are not the one that is scraped, so counting inside one
process would tell a part of the truth. The names are listed in the README.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from prometheus_client.core import CounterMetricFamily, GaugeMetricFamily
from prometheus_client.registry import Collector

from bot.records import Records
from bot.sources import Sources

if TYPE_CHECKING:
    from collections.abc import Iterator

    from prometheus_client.core import Metric
    from psycopg import Connection
    from psycopg_pool import ConnectionPool

QUANTILES = (0.5, 0.95, 0.99)

# One hour by the index on asked_at: the cost does not grow with the history.
_STAGES = """
SELECT stage.key, percentile_cont(%(quantiles)s::float8[])
                  WITHIN GROUP (ORDER BY stage.value::float8)
FROM questions
CROSS JOIN LATERAL jsonb_each_text(latency_ms) AS stage
WHERE asked_at > now() - interval '1 hour'
GROUP BY stage.key ORDER BY stage.key
"""


class DatabaseMetrics(Collector):
    """Reads every figure anew at each scrape."""

    def __init__(self, *, pool: ConnectionPool[Connection[Any]]) -> None:
        self._pool = pool
        self._records = Records(pool=pool, embedding_index=0)
        self._sources = Sources(pool=pool)

    def collect(self) -> Iterator[Metric]:
        """Raises what psycopg raises when the database is away: a failed scrape is the alert."""
        yield self._questions()
        yield self._latency()
        yield from self._knowledge()

    def describe(self) -> list[Metric]:
        """Nothing: so that registering the collector does not read the database."""
        return []

    def _questions(self) -> Metric:
        questions = CounterMetricFamily(
            "supportbot_questions",
            "Questions so far, by what became of them.",
            labels=("surface", "outcome", "reason"),
        )
        for count in self._records.counts():
            questions.add_metric((count.surface, count.outcome, count.reason), count.questions)
        return questions

    def _latency(self) -> Metric:
        latency = GaugeMetricFamily(
            "supportbot_stage_latency_milliseconds",
            "Time that questions of the last hour took, by stage and quantile.",
            labels=("stage", "quantile"),
        )
        with self._pool.connection() as connection:
            rows = connection.execute(_STAGES, {"quantiles": list(QUANTILES)}).fetchall()
        for stage, values in rows:
            for quantile, value in zip(QUANTILES, values, strict=True):
                latency.add_metric((stage, str(quantile)), value)
        return latency

    def _knowledge(self) -> Iterator[Metric]:
        documents = GaugeMetricFamily(
            "supportbot_documents", "Documents that can be found.", labels=("source",)
        )
        failed = GaugeMetricFamily(
            "supportbot_failed_documents", "Documents that cannot be indexed.", labels=("source",)
        )
        synced = GaugeMetricFamily(
            "supportbot_last_sync_timestamp_seconds",
            "When the latest sync ended, and how.",
            labels=("source", "state"),
        )
        for state in self._sources.all():
            documents.add_metric((state.source.name,), state.documents)
            failed.add_metric((state.source.name,), state.failed)
            if state.last_sync is not None:
                labels = (state.source.name, state.last_state or "")
                synced.add_metric(labels, state.last_sync.timestamp())
        yield from (documents, failed, synced)
