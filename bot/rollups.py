"""What happened on each day, counted once: so that a year of figures is read in milliseconds.

Days are UTC's. A figure has a name, and labels that tell its parts apart; `samples` is what it was
made from. Whatever may still change, such as what came of a ticket, is counted again every night.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import date, datetime, timedelta
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from psycopg import Connection
    from psycopg_pool import ConnectionPool

RECENT = timedelta(days=2)
SETTLING = timedelta(days=40)
"""How far back is counted again every few minutes, and at night: tickets close within 28 days."""

LONGEST = timedelta(days=400)
"""What is older when this is first counted is left out."""

_LOCK = "SELECT pg_advisory_xact_lock(hashtext('daily_figures'))"

_SINCE = """
SELECT CASE WHEN EXISTS (SELECT FROM daily_figures)
            THEN (now() AT TIME ZONE 'UTC')::date - %(days)s
            ELSE (now() AT TIME ZONE 'UTC')::date - %(longest)s END
"""

# A ticket's turn is what counts of Zendesk: of most that were handed off nothing was asked.
_COUNT = """
WITH asked AS (
    SELECT (asked_at AT TIME ZONE 'UTC')::date AS day, surface, outcome, reason, cost_usd, engine,
           latency_ms
    FROM questions WHERE asked_at >= %(since)s::date::timestamp AT TIME ZONE 'UTC'
),
turned AS (
    SELECT (decided_at AT TIME ZONE 'UTC')::date AS day, outcome, reason
    FROM ticket_turns
    WHERE state = 'done' AND decided_at >= %(since)s::date::timestamp AT TIME ZONE 'UTC'
),
looked AS (
    SELECT (sent_at AT TIME ZONE 'UTC')::date AS day, statements, supported, citations, needed,
           supported = statements AND faults = '[]' AS is_clean
    FROM answer_checks
    WHERE sampled AND sent_at >= %(since)s::date::timestamp AT TIME ZONE 'UTC'
),
counted (day, name, label, value, samples) AS (
    SELECT day, 'outcomes', surface || '/' || outcome, count(*), count(*)
    FROM asked WHERE surface <> 'zendesk' GROUP BY 1, 3
    UNION ALL
    SELECT day, 'outcomes', 'zendesk/' || outcome, count(*), count(*)
    FROM turned WHERE outcome <> 'ignored' GROUP BY 1, 3
    UNION ALL
    SELECT day, 'handed_off', reason, count(*), count(*)
    FROM (SELECT day, reason FROM asked WHERE surface <> 'zendesk' AND outcome = 'handed_off'
          UNION ALL SELECT day, reason FROM turned WHERE outcome = 'handed_off') AS handed
    GROUP BY 1, 3
    UNION ALL
    SELECT (answered_at AT TIME ZONE 'UTC')::date, 'resolution', resolution, count(*), count(*)
    FROM ticket_resolutions
    WHERE answered_at >= %(since)s::date::timestamp AT TIME ZONE 'UTC' GROUP BY 1, 3
    UNION ALL
    SELECT day, 'cost', CASE WHEN engine = '' THEN 'none' ELSE engine END,
           sum(cost_usd)::float8, count(*)
    FROM asked GROUP BY 1, 3
    UNION ALL
    SELECT day, 'latency_p50', stage.key,
           percentile_cont(0.5) WITHIN GROUP (ORDER BY stage.value::float8), count(*)
    FROM asked CROSS JOIN LATERAL jsonb_each_text(latency_ms) AS stage GROUP BY 1, 3
    UNION ALL
    SELECT day, 'latency_p95', stage.key,
           percentile_cont(0.95) WITHIN GROUP (ORDER BY stage.value::float8), count(*)
    FROM asked CROSS JOIN LATERAL jsonb_each_text(latency_ms) AS stage GROUP BY 1, 3
    UNION ALL
    SELECT (given_at AT TIME ZONE 'UTC')::date, 'rated',
           CASE WHEN helpful THEN 'helpful' ELSE 'not helpful' END, count(*), count(*)
    FROM feedback
    WHERE given_at >= %(since)s::date::timestamp AT TIME ZONE 'UTC' GROUP BY 1, 3
    UNION ALL
    SELECT day, 'citations', 'statements carried', sum(supported)::float8 / sum(statements),
           count(*)
    FROM looked GROUP BY 1 HAVING sum(statements) > 0
    UNION ALL
    SELECT day, 'citations', 'citations needed', sum(needed)::float8 / sum(citations), count(*)
    FROM looked GROUP BY 1 HAVING sum(citations) > 0
    UNION ALL
    SELECT day, 'citations', 'answers without a fault', avg(is_clean::integer)::float8, count(*)
    FROM looked GROUP BY 1
    UNION ALL
    SELECT (question.asked_at AT TIME ZONE 'UTC')::date, 'self_service',
           CASE WHEN EXISTS (SELECT FROM help_contacts WHERE question_ids @> ARRAY[question.id])
                THEN 'contacted' WHEN rating.helpful THEN 'helped'
                WHEN NOT rating.helpful THEN 'did not help' ELSE 'silent' END,
           count(*), count(*)
    FROM questions AS question
    LEFT JOIN feedback AS rating ON rating.question_id = question.id AND rating.surface = 'help'
    WHERE question.surface = 'help' AND question.outcome = 'answered'
      AND question.asked_at >= %(since)s::date::timestamp AT TIME ZONE 'UTC' GROUP BY 1, 3
    UNION ALL
    SELECT (finished_at AT TIME ZONE 'UTC')::date, 'freshness',
           CASE WHEN article IS NULL THEN 'sync' ELSE 'webhook' END,
           percentile_cont(0.5) WITHIN GROUP (ORDER BY freshness_p50), count(*)
    FROM sync_runs
    WHERE freshness_p50 IS NOT NULL
      AND finished_at >= %(since)s::date::timestamp AT TIME ZONE 'UTC' GROUP BY 1, 3
)
INSERT INTO daily_figures (day, name, label, value, samples)
SELECT day, name, label, value, samples FROM counted
"""

_NOTE = """
INSERT INTO daily_figures (day, name, label, value, samples)
VALUES ((now() AT TIME ZONE 'UTC')::date, %s, %s, %s, %s)
ON CONFLICT (day, name, label) DO UPDATE SET
    value = excluded.value, samples = excluded.samples, counted_at = now()
"""

# One row for each label: a row for each of its days takes most of the time of a year.
_READ = """
SELECT name, label, array_agg(day ORDER BY day), array_agg(value ORDER BY day), sum(samples)::bigint
FROM daily_figures
WHERE day > (now() AT TIME ZONE 'UTC')::date - %(days)s::integer GROUP BY name, label
"""

_TODAY = """
SELECT (now() AT TIME ZONE 'UTC')::date, (SELECT max(counted_at) FROM daily_figures)
"""


@dataclass(frozen=True, kw_only=True, slots=True)
class Figures:
    """The figures of some days. `values` and `samples` are by name, label and day; `counted_at` is
    when they were last counted, None where they never were."""

    days: Sequence[date]
    counted_at: datetime | None
    values: Mapping[str, Mapping[str, Mapping[date, float]]]
    samples: Mapping[tuple[str, str], int] = field(default_factory=dict)

    def total(self, name: str, label: str | None = None) -> float:
        """A count over all days: of one label, or of all."""
        labels = self.values.get(name, {})
        chosen = labels.values() if label is None else (labels.get(label, {}),)
        return sum(sum(each.values()) for each in chosen)

    def average(self, name: str, label: str) -> float | None:
        """The mean of the days' figures; None where there is none."""
        found = list(self.values.get(name, {}).get(label, {}).values())
        return sum(found) / len(found) if found else None

    def latest(self, name: str, label: str) -> float | None:
        """The figure of the newest day that has one."""
        found = self.values.get(name, {}).get(label, {})
        return found[max(found)] if found else None

    def series(self, name: str) -> dict[str, list[float | None]]:
        """Label to its figure of each day, the largest sum first."""
        labels = self.values.get(name, {})
        order = sorted(labels, key=lambda each: (-sum(labels[each].values()), each))
        return {each: [labels[each].get(day) for day in self.days] for each in order}


class Rollups:
    """Counts and reads them."""

    def __init__(self, *, pool: ConnectionPool[Connection[Any]]) -> None:
        self._pool = pool

    def refresh(self, span: timedelta) -> int:
        """Counts the days of the last `span` anew, or all when none was counted yet; returns how
        many figures that made. Two at once wait for each other."""
        with self._pool.connection() as connection:
            connection.execute(_LOCK)
            asked = {"days": span.days, "longest": LONGEST.days}
            row = connection.execute(_SINCE, asked).fetchone()
            since = {"since": row[0] if row else None}
            connection.execute("DELETE FROM daily_figures WHERE day >= %(since)s", since)
            return connection.execute(_COUNT, since).rowcount

    def note(self, name: str, values: Mapping[str, float], *, samples: int) -> None:
        """Notes, by label, what holds today and is not counted from a day's rows."""
        with self._pool.connection() as connection, connection.cursor() as cursor:
            rows = [(name, label, value, samples) for label, value in values.items()]
            cursor.executemany(_NOTE, rows)

    def read(self, days: int) -> Figures:
        """The figures of the last `days`, today's too."""
        with self._pool.connection() as connection:
            rows = connection.execute(_READ, {"days": days}).fetchall()
            told = connection.execute(_TODAY).fetchone()
        today, counted_at = told or (date.min, None)
        values: dict[str, dict[str, dict[date, float]]] = {}
        samples: dict[tuple[str, str], int] = {}
        for name, label, dates, each_day, made_from in rows:
            values.setdefault(name, {})[label] = dict(zip(dates, each_day, strict=True))
            samples[name, label] = made_from
        span = [today - timedelta(days=back) for back in reversed(range(days))]
        return Figures(days=span, counted_at=counted_at, values=values, samples=samples)
