"""Measurements that were kept: what was measured, with what, and what each case gave.

A figure alone says little a month later. With the index, the prompt, the engine, the model, the
seed and the settings it can be had again, and with the cases two of them can be compared one by
one.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime
from typing import TYPE_CHECKING, Any, Literal

from psycopg.types.json import Jsonb

from bot.audit import note
from bot.errors import InputRejected

if TYPE_CHECKING:
    from psycopg import Connection
    from psycopg_pool import ConnectionPool

    from bot.audit import Actor

RunKind = Literal["retrieval", "answers", "routing", "injection"]

MEASURED_AGAIN = frozenset({"retrieval", "answers"})
"""Kinds that need no more than a test set and what answers now."""

_SAVE = """
INSERT INTO evaluation_runs (kind, cases_name, cases_hash, index_version, embedding_model, engine,
                             model, prompt_version, seed, settings, figures, cases, created_by)
VALUES (%(kind)s, %(cases_name)s, %(cases_hash)s, %(index_version)s, %(embedding_model)s,
        %(engine)s, %(model)s, %(prompt_version)s, %(seed)s, %(settings)s, %(figures)s, %(cases)s,
        %(created_by)s)
RETURNING id
"""

_SAVE_RESULT = """
INSERT INTO evaluation_results (run_id, case_id, position, question, scores, detail, test_case_id)
VALUES (%s, %s, %s, %s, %s, %s, %s)
"""

_COLUMNS = """
id, kind, cases_name, cases_hash, index_version, embedding_model, engine, model, prompt_version,
seed, settings, figures, cases, created_by, finished_at, is_baseline
"""

# A baseline whose test set is gone cannot be measured against any more, and holds nothing up.
_LATEST = f"""
SELECT {_COLUMNS} FROM evaluation_runs
WHERE (%(kind)s::text IS NULL OR kind = %(kind)s)
  AND (%(cases_name)s::text IS NULL OR cases_name = %(cases_name)s)
  AND (NOT %(baselines)s OR (is_baseline AND EXISTS (
      SELECT FROM test_sets AS named JOIN test_cases AS one ON one.set_id = named.id
      WHERE named.name = evaluation_runs.cases_name)))
ORDER BY id DESC LIMIT %(limit)s
"""  # noqa: S608 - constants

_ONE = f"SELECT {_COLUMNS} FROM evaluation_runs WHERE id = %s"  # noqa: S608 - constants

_RESULTS = """
SELECT case_id, question, scores, detail, test_case_id FROM evaluation_results
WHERE run_id = %s ORDER BY position
"""

_IS_SET = "SELECT FROM test_sets WHERE name = %s"

_GUARD = """
UPDATE evaluation_runs SET is_baseline = (id = %(id)s AND %(on)s)
WHERE (kind, cases_name) = (SELECT kind, cases_name FROM evaluation_runs WHERE id = %(id)s)
  AND is_baseline <> (id = %(id)s AND %(on)s)
"""


@dataclass(frozen=True, kw_only=True, slots=True)
class Setup:
    """What a measurement was made with: two with the same must give the same, but for what a
    model does by chance. `settings` are thresholds and the like, by name."""

    index_version: str = ""
    embedding_model: str = ""
    engine: str = ""
    model: str = ""
    prompt_version: str = ""
    seed: int = 0
    settings: Mapping[str, Any] = field(default_factory=dict)


@dataclass(frozen=True, kw_only=True, slots=True)
class KeptResult:
    """What one case gave: figures where more is better, and what explains them."""

    case_id: str
    question: str
    scores: Mapping[str, float]
    detail: Mapping[str, Any] = field(default_factory=dict)
    stored: int | None = None


@dataclass(frozen=True, kw_only=True, slots=True)
class Measurement:
    """A measurement to keep. `cases_name` is the test set's or the file's name, `cases_hash` is of
    its cases."""

    kind: RunKind
    cases_name: str
    cases_hash: str
    setup: Setup
    figures: Mapping[str, Any]
    results: tuple[KeptResult, ...]


@dataclass(frozen=True, kw_only=True, slots=True)
class KeptRun:
    """A measurement that was kept, without its cases. A baseline is what no change may fall
    below."""

    id: int
    kind: RunKind
    cases_name: str
    cases_hash: str
    setup: Setup
    figures: Mapping[str, Any]
    cases: int
    created_by: str
    finished_at: datetime
    is_baseline: bool


class EvaluationRuns:
    """The books of it, in PostgreSQL."""

    def __init__(self, *, pool: ConnectionPool[Connection[Any]]) -> None:
        self._pool = pool

    def save(self, measured: Measurement, *, actor: Actor) -> int:
        """Keeps a measurement with its cases; returns its number."""
        setup = measured.setup
        with self._pool.connection() as connection:
            row = connection.execute(
                _SAVE,
                {
                    "kind": measured.kind,
                    "cases_name": measured.cases_name,
                    "cases_hash": measured.cases_hash,
                    "index_version": setup.index_version,
                    "embedding_model": setup.embedding_model,
                    "engine": setup.engine,
                    "model": setup.model,
                    "prompt_version": setup.prompt_version,
                    "seed": setup.seed,
                    "settings": Jsonb(dict(setup.settings)),
                    "figures": Jsonb(dict(measured.figures)),
                    "cases": len(measured.results),
                    "created_by": actor.name,
                },
            ).fetchone()
            assert row is not None  # noqa: S101 - one row in, one id out
            with connection.cursor() as cursor:
                cursor.executemany(
                    _SAVE_RESULT,
                    [
                        (
                            row[0],
                            each.case_id,
                            position,
                            each.question,
                            Jsonb(dict(each.scores)),
                            Jsonb(dict(each.detail)),
                            each.stored,
                        )
                        for position, each in enumerate(measured.results, start=1)
                    ],
                )
        return int(row[0])

    def latest(
        self, *, kind: str | None = None, cases_name: str | None = None, limit: int = 50
    ) -> tuple[KeptRun, ...]:
        """The newest first, of one kind or one set of cases only where they are given."""
        return self._some(kind=kind, cases_name=cases_name, baselines=False, limit=limit)

    def baselines(self) -> tuple[KeptRun, ...]:
        """What no change may fall below."""
        return self._some(kind=None, cases_name=None, baselines=True, limit=1_000)

    def get(self, run_id: int) -> KeptRun:
        """One run. Raises InputRejected where there is none of this number."""
        with self._pool.connection() as connection:
            row = connection.execute(_ONE, (run_id,)).fetchone()
        if row is None:
            raise InputRejected(f"There is no run {run_id}. See `supportbot eval runs`.")
        return _run(row)

    def results(self, run_id: int) -> tuple[KeptResult, ...]:
        """What each case of a run gave, in their order."""
        with self._pool.connection() as connection:
            rows = connection.execute(_RESULTS, (run_id,)).fetchall()
        return tuple(
            KeptResult(case_id=row[0], question=row[1], scores=row[2], detail=row[3], stored=row[4])
            for row in rows
        )

    def guard(self, run_id: int, *, on: bool = True, actor: Actor) -> KeptRun:
        """Makes this run the baseline of its kind and cases, in place of any other, or no longer.
        Raises InputRejected where there is none of this number, and for one that no process could
        measure again by itself: its cases must be a test set."""
        run = self.get(run_id)
        with self._pool.connection() as connection:
            is_set = connection.execute(_IS_SET, (run.cases_name,)).fetchone() is not None
            if on and not (is_set and run.kind in MEASURED_AGAIN):
                raise InputRejected(
                    f"Run {run_id} of {run.kind} on {run.cases_name} cannot be measured again by "
                    "itself. Guard a run of retrieval or answers on a test set: `supportbot eval "
                    "sets import`, then `eval answers --set NAME --save`."
                )
            connection.execute(_GUARD, {"id": run_id, "on": False})
            if on:
                connection.execute(_GUARD, {"id": run_id, "on": True})
            note(
                connection,
                actor=actor,
                action="baseline set" if on else "baseline removed",
                target=f"{run.kind} {run.cases_name}",
                after={"run": run_id},
            )
        return self.get(run_id)

    def _some(
        self, *, kind: str | None, cases_name: str | None, baselines: bool, limit: int
    ) -> tuple[KeptRun, ...]:
        asked = {"kind": kind, "cases_name": cases_name, "baselines": baselines, "limit": limit}
        with self._pool.connection() as connection:
            rows = connection.execute(_LATEST, asked).fetchall()
        return tuple(map(_run, rows))


def _run(row: tuple[Any, ...]) -> KeptRun:
    return KeptRun(
        id=row[0],
        kind=row[1],
        cases_name=row[2],
        cases_hash=row[3],
        setup=Setup(
            index_version=row[4],
            embedding_model=row[5],
            engine=row[6],
            model=row[7],
            prompt_version=row[8],
            seed=row[9],
            settings=row[10],
        ),
        figures=row[11],
        cases=row[12],
        created_by=row[13],
        finished_at=row[14],
        is_baseline=row[15],
    )
