"""What /metrics tells Prometheus, read from the record that all processes share.

The processes that answer questions are not the one that is scraped, so counting inside one
process would tell a part of the truth. The names are listed in the README.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from prometheus_client.core import CounterMetricFamily, GaugeMetricFamily
from prometheus_client.registry import Collector

from bot.backlog import backlog
from bot.evaluation.quality import QUALITY_OF, read_quality
from bot.records import Records
from bot.sources import Sources
from indexing.holdings import index_states

if TYPE_CHECKING:
    from collections.abc import Iterator

    from prometheus_client.core import Metric
    from psycopg import Connection
    from psycopg_pool import ConnectionPool

QUANTILES = (0.5, 0.95, 0.99)

# One hour by the index on asked_at: the cost does not grow with the history.
_STAGES = """
SELECT stage.key, percentile_cont(%(quantiles)s::float8[])
                  WITHIN GROUP (ORDER BY stage.value::float8 / 1000)
FROM questions
CROSS JOIN LATERAL jsonb_each_text(latency_ms) AS stage
WHERE asked_at > now() - interval '1 hour'
GROUP BY stage.key ORDER BY stage.key
"""

_API_CALLS = "SELECT name, api_calls FROM sources ORDER BY name"

_TURNS = """
SELECT outcome, CASE WHEN reason <> '' THEN reason ELSE why END, count(*)
FROM ticket_turns WHERE state = 'done' GROUP BY 1, 2 ORDER BY 1, 2
"""

_TICKETS = """
SELECT (SELECT extract(epoch FROM now() - max(swept_at))::float8 FROM ticket_sweeps),
       (SELECT count(*) FROM ticket_turns WHERE state = 'sending'),
       (SELECT count(*) FROM ticket_problems)
"""

# Older ones are overtaken as good as surely.
_DRAFTS = """
SELECT state, count(*) FROM drafts WHERE drafted_at > now() - interval '30 days'
GROUP BY state ORDER BY state
"""

_FRESHNESS = """
SELECT source, CASE WHEN article IS NULL THEN 'sync' ELSE 'webhook' END,
       percentile_cont(0.5) WITHIN GROUP (ORDER BY freshness_p50),
       percentile_cont(0.95) WITHIN GROUP (ORDER BY freshness_p95)
FROM sync_runs
WHERE finished_at > now() - interval '1 day' AND freshness_p50 IS NOT NULL
GROUP BY 1, 2 ORDER BY 1, 2
"""


class DatabaseMetrics(Collector):
    """Reads every figure anew at each scrape."""

    def __init__(self, *, pool: ConnectionPool[Connection[Any]]) -> None:
        self._pool = pool
        self._records = Records(pool=pool)
        self._sources = Sources(pool=pool)

    def collect(self) -> Iterator[Metric]:
        """Raises what psycopg raises when the database is away: a failed scrape is the alert."""
        yield self._questions()
        yield self._latency()
        yield from self._knowledge()
        yield self._indexes()
        yield from self._syncs()
        yield from self._tickets()
        yield from self._quality()
        yield from self._queue()

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
            "supportbot_stage_latency_seconds",
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

    def _indexes(self) -> Metric:
        held = GaugeMetricFamily(
            "supportbot_index_documents",
            "Documents that an embedding model's index holds as they are now.",
            labels=("index", "model", "state"),
        )
        with self._pool.connection() as connection:
            for each in index_states(connection):
                labels = (str(each.index.id), each.index.model, each.state)
                held.add_metric(labels, each.documents)
        return held

    def _syncs(self) -> Iterator[Metric]:
        calls = CounterMetricFamily(
            "supportbot_sync_api_calls",
            "Requests that syncs have sent to the source's vendor.",
            labels=("source",),
        )
        freshness = GaugeMetricFamily(
            "supportbot_freshness_seconds",
            "From an edit at the source until it was answerable, in syncs of the last day.",
            labels=("source", "by", "quantile"),
        )
        with self._pool.connection() as connection:
            for source, sent in connection.execute(_API_CALLS).fetchall():
                calls.add_metric((source,), sent)
            for source, by, p50, p95 in connection.execute(_FRESHNESS).fetchall():
                freshness.add_metric((source, by, "0.5"), p50)
                freshness.add_metric((source, by, "0.95"), p95)
        yield from (calls, freshness)

    def _quality(self) -> Iterator[Metric]:
        found = read_quality(self._pool, QUALITY_OF)
        yield GaugeMetricFamily(
            "supportbot_rechecked_answers",
            "Answers of the last 30 days that chance chose for a second look.",
            value=found.answers,
        )
        for name, what, share in (
            (
                "supportbot_statements_supported",
                "Statements of the last 30 days that their citations carry.",
                found.supported,
            ),
            (
                "supportbot_answers_right",
                "Answers of the last 30 days that are right, by the look and by people.",
                found.right,
            ),
        ):
            gauge = GaugeMetricFamily(name, what, labels=("bound",))
            for bound in ("mean", "low", "high") if share else ():
                gauge.add_metric((bound,), getattr(share, bound))
            yield gauge

    def _tickets(self) -> Iterator[Metric]:
        turns = CounterMetricFamily(
            "supportbot_ticket_turns",
            "What customers wrote in tickets, by what became of it.",
            labels=("outcome", "reason"),
        )
        sweep = GaugeMetricFamily(
            "supportbot_ticket_sweep_age_seconds", "Since a sweep last looked for changed tickets."
        )
        drafts = GaugeMetricFamily(
            "supportbot_drafts",
            "Drafted replies of the last 30 days, by what became of them.",
            labels=("state",),
        )
        with self._pool.connection() as connection:
            for outcome, reason, count in connection.execute(_TURNS).fetchall():
                turns.add_metric((outcome, reason), count)
            for state, count in connection.execute(_DRAFTS).fetchall():
                drafts.add_metric((state,), count)
            age, unsettled, stuck = connection.execute(_TICKETS).fetchone() or (None, 0, 0)
        if age is not None:
            sweep.add_metric((), age)
        yield from (turns, drafts, sweep)
        yield GaugeMetricFamily(
            "supportbot_unsettled_ticket_turns",
            "Outcomes on their way to Zendesk, or of which nobody knows whether they arrived.",
            value=unsettled,
        )
        yield GaugeMetricFamily(
            "supportbot_stuck_tickets", "Tickets that cannot be dealt with yet.", value=stuck
        )

    def _queue(self) -> Iterator[Metric]:
        jobs = GaugeMetricFamily(
            "supportbot_jobs",
            "Jobs that wait, run, or were given up in the last week.",
            labels=("queue", "state"),
        )
        oldest = GaugeMetricFamily(
            "supportbot_oldest_waiting_job_seconds",
            "For how long the first of the waiting jobs has been due.",
            labels=("queue",),
        )
        heartbeats = GaugeMetricFamily(
            "supportbot_last_heartbeat_timestamp_seconds",
            "When any worker, or the scheduler that leads, was last heard of.",
            labels=("process",),
        )
        with self._pool.connection() as connection:
            state = backlog(connection)
        for lane in state.lanes:
            jobs.add_metric((lane.name, "waiting"), lane.waiting)
            jobs.add_metric((lane.name, "running"), lane.running)
            jobs.add_metric((lane.name, "failed"), lane.failed)
            oldest.add_metric((lane.name,), lane.oldest)
        for name, heartbeat in (
            ("worker", state.worker_heartbeat),
            ("scheduler", state.scheduler_heartbeat),
        ):
            if heartbeat is not None:
                heartbeats.add_metric((name,), heartbeat.timestamp())
        yield from (jobs, oldest, heartbeats)
        yield GaugeMetricFamily(
            "supportbot_stalled_jobs", "Jobs of workers that are dead.", value=state.stalled
        )
