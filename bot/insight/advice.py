"""What to do about the failing cases of a test set, as a job last worked it out.

Only numbers, keys and what the program says itself are kept: the words of a question stand in its
case, and go with it.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from typing import TYPE_CHECKING, Any

from psycopg.types.json import Jsonb

from bot.evaluation.trend import said_of

if TYPE_CHECKING:
    from psycopg import Connection
    from psycopg_pool import ConnectionPool

    from bot.evaluation.advice import Advised
    from bot.insight.viewing import Viewer

_CASES_SHOWN = 20

_WRITE = """
INSERT INTO set_advice (set_id, finished_at, cases, failed, trend, advice)
SELECT id, now(), %(cases)s, %(failed)s, %(trend)s, %(advice)s
FROM test_sets WHERE name = %(name)s
ON CONFLICT (set_id) DO UPDATE SET
    finished_at = now(), cases = excluded.cases, failed = excluded.failed,
    trend = excluded.trend, advice = excluded.advice
"""

_READ = """
SELECT advice.finished_at, advice.cases, advice.failed, advice.trend, advice.advice
FROM set_advice AS advice JOIN test_sets AS named ON named.id = advice.set_id WHERE named.name = %s
"""

# What went wrong may name what only the case's reader may read.
_WORDS = """
SELECT id, question FROM test_cases
WHERE id = ANY(%(ids)s) AND (%(reads)s::text[] IS NULL OR audience <@ %(reads)s::text[])
"""


@dataclass(frozen=True, kw_only=True, slots=True)
class Failed:
    """A failing case in its words, and what was found."""

    question: str
    detail: str


@dataclass(frozen=True, kw_only=True, slots=True)
class Remedy:
    """One thing to do. `share` is of the failing cases; if it is done, `gain` of all cases would be
    right more, between `low` and `high` with 95 % confidence."""

    stage: str
    says: str
    share: float
    gain: float
    low: float
    high: float
    count: int
    failed: tuple[Failed, ...]


@dataclass(frozen=True, kw_only=True, slots=True)
class SetAdvice:
    """The advice, what would bring most first; `trend` is how retrieval has come along."""

    finished_at: datetime
    cases: int
    failed: int
    trend: str
    remedies: tuple[Remedy, ...]


def write_advice(pool: ConnectionPool[Connection[Any]], name: str, advised: Advised) -> None:
    """Keeps it in the place of what was kept of this set before."""
    advice = [
        {
            "stage": each.stage.value,
            "says": each.says,
            "share": each.share,
            "gain": [each.gain.mean, each.gain.low, each.gain.high],
            "cases": [[one.case.stored, one.broken.detail] for one in each.failures],
        }
        for each in advised.advice
    ]
    with pool.connection() as connection:
        connection.execute(
            _WRITE,
            {
                "name": name,
                "cases": advised.cases,
                "failed": advised.failed,
                "trend": said_of(advised.plateau),
                "advice": Jsonb(advice),
            },
        )


def read_advice(
    pool: ConnectionPool[Connection[Any]], name: str, viewer: Viewer
) -> SetAdvice | None:
    """The latest, with the cases that `viewer` may see; None where it was never worked out."""
    with pool.connection() as connection:
        row = connection.execute(_READ, (name,)).fetchone()
        if row is None:
            return None
        ids = [case for each in row[4] for case, _ in each["cases"]]
        asked = {"ids": ids, "reads": viewer.reads}
        words = dict(connection.execute(_WORDS, asked).fetchall())
    return SetAdvice(
        finished_at=row[0],
        cases=row[1],
        failed=row[2],
        trend=row[3],
        remedies=tuple(_remedy(each, words) for each in row[4]),
    )


def _remedy(given: dict[str, Any], words: dict[int, str]) -> Remedy:
    gain, low, high = given["gain"]
    return Remedy(
        stage=given["stage"],
        says=given["says"],
        share=given["share"],
        gain=gain,
        low=low,
        high=high,
        count=len(given["cases"]),
        failed=tuple(
            Failed(question=words[case], detail=detail)
            for case, detail in given["cases"]
            if case in words
        )[:_CASES_SHOWN],
    )
