"""What a measurement is made with, told by the parts of one process: the index, the engine, its
prompt, and the settings that change outcomes."""

from __future__ import annotations

from dataclasses import replace
from functools import partial
from typing import TYPE_CHECKING, Any

from bot.bootstrap.choices import connected_model, engine_name
from bot.errors import ChangeRefused, InputRejected, SettingInvalid
from bot.evaluation.runs import Setup
from bot.sending import SendingRisk
from bot.support import EVIDENCE_NEEDED, PASSAGES_READ
from indexing.errors import SwapRefused

if TYPE_CHECKING:
    from psycopg import Connection
    from psycopg_pool import ConnectionPool

    from bot.bootstrap import Application
    from bot.evaluation.judge import Judge
    from bot.evaluation.runs import KeptRun, Measurement
    from indexing.index import Index

SEED = 7
"""What intervals are drawn with."""

_VERSION = """
SELECT count(*), md5(coalesce(string_agg(
    source || '/' || id || '/' || encode(content_hash || metadata_hash, 'hex'), ','
    ORDER BY source, id), ''))
FROM documents
"""


def setup(app: Application, pool: ConnectionPool[Connection[Any]], index: Index) -> Setup:
    """What answers now over this index, which `pool` opens."""
    engine = engine_name(app.settings)
    risk = app.preferences.get(SendingRisk)
    return Setup(
        index_version=_index_version(pool),
        embedding_model=index.model,
        engine=engine,
        model="" if engine == "extractive" else app.messages_api.model,
        prompt_version=_prompt_version(engine),
        seed=SEED,
        settings={
            "evidence_needed": EVIDENCE_NEEDED,
            "passages_read": PASSAGES_READ,
            **risk.model_dump(mode="json"),
        },
    )


def judge(app: Application) -> Judge:
    """A judge of answers by the connected model. Raises SettingInvalid where none is."""
    from bot.evaluation.judge import Judge  # noqa: PLC0415 - made when asked for

    engine = engine_name(app.settings)
    kind = connected_model(app.settings) if engine == "extractive" else engine
    if kind is None:
        raise SettingInvalid(
            "--judge needs a model, and none is connected. Set ANTHROPIC_API_KEY, or "
            "ANTHROPIC_BASE_URL to the address of a server that speaks the Messages API."
        )
    return Judge(api=app.messages_api, keeps_schema=kind == "claude")


def judge_setup(made: Setup, by: Judge) -> Setup:
    """The same, with who judged."""
    return replace(made, settings={**made.settings, "judge": f"{by.model} {by.prompt_version}"})


def _index_version(pool: ConnectionPool[Connection[Any]]) -> str:
    with pool.connection() as connection:
        row = connection.execute(_VERSION).fetchone()
    assert row is not None  # noqa: S101 - an aggregate is one row
    return f"{row[0]} documents, {row[1][:12]}"


def _prompt_version(engine: str) -> str:
    from bot.answering import extractive, prompts  # noqa: PLC0415 - made when asked for

    versions = {"claude": prompts.CLAUDE.version, "markers": prompts.MARKERS.version}
    return versions.get(engine, extractive.VERSION)


def remeasured(app: Application, run: KeptRun, *, index: Index | None = None) -> Measurement:
    """The same kind of measurement on the same test set with what answers now, or with another
    index of this database. Raises InputRejected when its cases are no test set."""
    from bot.evaluation.case_sets import CaseSets  # noqa: PLC0415 - made when asked for

    over = index or app.index
    cases = CaseSets(pool=app.pool).cases(run.cases_name)
    made = setup(app, app.pool, over)
    retriever = app.retriever_over(app.pool, over, pinned=index is not None)
    if run.kind == "retrieval":
        from bot.evaluation.keeping import retrieval_measured  # noqa: PLC0415 - as above
        from bot.evaluation.retrieval import run_retrieval  # noqa: PLC0415 - as above

        found = run_retrieval(
            cases=cases, retriever=retriever, pool=app.pool, memory=app.memory.count()
        )
        return retrieval_measured(found, cases_name=run.cases_name, cases=cases, setup=made)
    if run.kind != "answers":
        raise InputRejected(f"A run of {run.kind} cannot be measured again by itself.")
    from bot.evaluation.answers import run_answers  # noqa: PLC0415 - as above
    from bot.evaluation.keeping import answers_measured  # noqa: PLC0415 - as above
    from bot.support import NoRecords  # noqa: PLC0415 - as above

    answered = run_answers(
        cases=cases,
        respond=app.desk_over(retriever, recorder=NoRecords()).respond,
        pool=app.pool,
        index=over,
    )
    return answers_measured(answered, cases_name=run.cases_name, cases=cases, setup=made)


def allow_swap(app: Application, index: Index) -> None:
    """Raises SwapRefused when retrieval or answers over this index are worse than over the live
    one, on the test sets that are guarded. Without any it allows every swap."""
    from bot.evaluation.guard import against_now, require  # noqa: PLC0415 - made when asked for
    from bot.evaluation.runs import EvaluationRuns  # noqa: PLC0415 - as above

    try:
        found = against_now(
            EvaluationRuns(pool=app.pool),
            now=partial(remeasured, app),
            then=partial(remeasured, app, index=index),
        )
        require(found, change=f"The index of {index.model}")
    except ChangeRefused as error:
        raise SwapRefused(str(error)) from error
