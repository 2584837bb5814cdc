"""Tuned models and which of them decides: candidates, the live one, its shadow, and the way back.

A switch is one row's change, so that every process follows with its next decision, and the
database itself notes who made it.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime
from typing import TYPE_CHECKING, Any, Literal

from psycopg.types.json import Jsonb

from bot.audit import note, sign
from bot.errors import InputRejected
from bot.tuning.gate import judge

if TYPE_CHECKING:
    from psycopg import Connection
    from psycopg_pool import ConnectionPool

    from bot.audit import Actor
    from bot.tuning.gate import Verdict
    from bot.tuning.held_out import Measured

Task = Literal["routing", "replies"]
ModelState = Literal["candidate", "shadow", "live", "retired"]

_COLUMNS = """
id, task, method, state, dataset, address, served_name, figures, compared_with, took_over_from,
made_at
"""

_ADD = """
INSERT INTO tuned_models
    (task, method, dataset, artifact, address, served_name, figures, results, compared_with)
VALUES (%(task)s, %(method)s, %(dataset)s, %(artifact)s, %(address)s, %(served_name)s,
        %(figures)s, %(results)s,
        (SELECT id FROM tuned_models WHERE task = %(task)s AND state = 'live'))
RETURNING id
"""


@dataclass(frozen=True, kw_only=True, slots=True)
class TunedModel:
    """One model. `figures` is by who decided the held-out cases ("candidate", "live", …), each a
    mapping of figure to value. `compared_with` is the id that was live then; None stands for what
    the product does without a tuned model, in `took_over_from` too."""

    id: int
    task: Task
    method: str
    state: ModelState
    dataset: str
    address: str
    served_name: str
    figures: Mapping[str, Mapping[str, float]]
    compared_with: int | None
    took_over_from: int | None
    made_at: datetime


@dataclass(frozen=True, kw_only=True, slots=True)
class NewModel:
    """A model to keep, with what each classifier made of the held-out cases. It is either the
    `artifact` itself, or served at `address` as `served_name`."""

    task: Task
    method: str
    dataset: str
    measured: Mapping[str, Measured] = field(default_factory=dict)
    artifact: bytes | None = None
    address: str = ""
    served_name: str = ""


class TunedModels:
    """The models, in PostgreSQL."""

    def __init__(self, *, pool: ConnectionPool[Connection[Any]]) -> None:
        self._pool = pool

    def add(self, model: NewModel, *, actor: Actor) -> int:
        """Keeps a candidate; returns its id."""
        values = {
            "task": model.task,
            "method": model.method,
            "dataset": model.dataset,
            "artifact": model.artifact,
            "address": model.address,
            "served_name": model.served_name,
            "figures": Jsonb({who: dict(each.figures) for who, each in model.measured.items()}),
            "results": Jsonb(
                {
                    who: {case: dict(scores) for case, scores in each.scores.items()}
                    for who, each in model.measured.items()
                }
            ),
        }
        with self._pool.connection() as connection:
            sign(connection, actor)
            row = connection.execute(_ADD, values).fetchone()
        assert row is not None  # noqa: S101 - one row in, one id out
        return int(row[0])

    def all(self) -> tuple[TunedModel, ...]:
        """Every model, the newest first."""
        with self._pool.connection() as connection:
            rows = connection.execute(
                f"SELECT {_COLUMNS} FROM tuned_models ORDER BY id DESC"  # noqa: S608 - a constant
            ).fetchall()
        return tuple(_model(row) for row in rows)

    def in_state(self, task: Task, state: ModelState) -> TunedModel | None:
        """The live model of a task, or its shadow; None where there is none."""
        with self._pool.connection() as connection:
            row = connection.execute(
                f"SELECT {_COLUMNS} FROM tuned_models "  # noqa: S608 - a constant
                "WHERE task = %s AND state = %s ORDER BY id DESC LIMIT 1",
                (task, state),
            ).fetchone()
        return None if row is None else _model(row)

    def artifact(self, model_id: int) -> bytes:
        """The model itself. Raises InputRejected where it is served elsewhere, or gone."""
        with self._pool.connection() as connection:
            row = connection.execute(
                "SELECT artifact FROM tuned_models WHERE id = %s", (model_id,)
            ).fetchone()
        if row is None or row[0] is None:
            raise InputRejected(f"There is no file of a tuned model {model_id}.")
        return bytes(row[0])

    def verdict(self, model_id: int) -> Verdict:
        """Whether this model may take over from what was live when it was measured."""
        with self._pool.connection() as connection:
            return _verdict(connection, _one(connection, model_id))

    def promote(self, model_id: int, *, actor: Actor, force: bool = False) -> Verdict:
        """Makes the model live, at once for all processes. Raises InputRejected, which says what
        stands against it, unless forced; and where another model went live since it was measured,
        for then nobody knows which is better."""
        with self._pool.connection() as connection:
            sign(connection, actor)
            connection.execute("LOCK TABLE tuned_models IN SHARE ROW EXCLUSIVE MODE")
            model = _one(connection, model_id)
            live = _live(connection, model.task)
            if live == model.id:
                raise InputRejected(f"Model {model_id} is live already.")
            if live != model.compared_with and not force:
                raise InputRejected(
                    f"Model {model_id} was measured beside "
                    f"{_called(model.compared_with)}, but now {_called(live)} is live: train it "
                    "anew, or use --force."
                )
            verdict = _verdict(connection, model)
            if not verdict.passes and not force:
                raise InputRejected(
                    f"Model {model_id} may not take over: {_said(verdict)}. Nothing was changed; "
                    "--force promotes it all the same."
                )
            _switch(connection, model, live)
            against = [each.what for each in verdict.against]
            _note(connection, actor, model, "promoted", {"from": live, "against": against})
        return verdict

    def rollback(self, task: Task, *, actor: Actor) -> int | None:
        """Gives way to what was live before; returns its id, None for no tuned model. Raises
        InputRejected where none is live."""
        with self._pool.connection() as connection:
            sign(connection, actor)
            connection.execute("LOCK TABLE tuned_models IN SHARE ROW EXCLUSIVE MODE")
            live = _live(connection, task)
            if live is None:
                raise InputRejected(f"No tuned model is live for {task}: nothing to take back.")
            model = _one(connection, live)
            connection.execute("UPDATE tuned_models SET state = 'retired' WHERE id = %s", (live,))
            connection.execute(
                "UPDATE tuned_models SET state = 'live' WHERE id = %s", (model.took_over_from,)
            )
            _note(connection, actor, model, "rolled back", {"to": model.took_over_from})
        return model.took_over_from

    def shadow(self, model_id: int | None, *, task: Task, actor: Actor) -> None:
        """Lets the model decide in the shadow of the live one, in place of another; None lets none.
        Raises InputRejected for one that is live."""
        with self._pool.connection() as connection:
            sign(connection, actor)
            connection.execute(
                "UPDATE tuned_models SET state = 'candidate' WHERE task = %s AND state = 'shadow'",
                (task,),
            )
            if model_id is None:
                return
            model = _one(connection, model_id)
            if model.state == "live" or model.task != task:
                raise InputRejected(f"Model {model_id} is live, or not for {task}.")
            connection.execute(
                "UPDATE tuned_models SET state = 'shadow' WHERE id = %s", (model.id,)
            )


def _switch(connection: Connection[Any], model: TunedModel, live: int | None) -> None:
    connection.execute("UPDATE tuned_models SET state = 'retired' WHERE id = %s", (live,))
    connection.execute(
        "UPDATE tuned_models SET state = 'live', took_over_from = %s WHERE id = %s",
        (live, model.id),
    )


def _note(
    connection: Connection[Any], actor: Actor, model: TunedModel, what: str, after: dict[str, Any]
) -> None:
    note(
        connection,
        actor=actor,
        action=f"tuned model {what}",
        target=str(model.id),
        after={"task": model.task, **after},
    )


def _verdict(connection: Connection[Any], model: TunedModel) -> Verdict:
    row = connection.execute(
        "SELECT results -> 'live', results -> 'candidate' FROM tuned_models WHERE id = %s",
        (model.id,),
    ).fetchone()
    live, candidate = row if row is not None else (None, None)
    return judge(
        live=live or {},
        candidate=candidate or {},
        live_figures=model.figures.get("live", {}),
        figures=model.figures.get("candidate", {}),
    )


def _said(verdict: Verdict) -> str:
    return "; ".join(
        each.what + (f" (cases {', '.join(each.cases[:5])})" if each.cases else "")
        for each in verdict.against
    )


def _called(model_id: int | None) -> str:
    return "no tuned model" if model_id is None else f"model {model_id}"


def _live(connection: Connection[Any], task: Task) -> int | None:
    row = connection.execute(
        "SELECT id FROM tuned_models WHERE task = %s AND state = 'live'", (task,)
    ).fetchone()
    return None if row is None else int(row[0])


def _one(connection: Connection[Any], model_id: int) -> TunedModel:
    row = connection.execute(
        f"SELECT {_COLUMNS} FROM tuned_models WHERE id = %s",  # noqa: S608 - a constant
        (model_id,),
    ).fetchone()
    if row is None:
        raise InputRejected(f"There is no tuned model {model_id}: see `supportbot tune list`.")
    return _model(row)


def _model(row: tuple[Any, ...]) -> TunedModel:
    return TunedModel(
        id=row[0],
        task=row[1],
        method=row[2],
        state=row[3],
        dataset=row[4],
        address=row[5],
        served_name=row[6],
        figures=row[7],
        compared_with=row[8],
        took_over_from=row[9],
        made_at=row[10],
    )
