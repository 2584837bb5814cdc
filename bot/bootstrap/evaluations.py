"""What a measurement is made with, told by the parts of one process: the index, the engine, its
prompt, and the settings that change outcomes."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from bot.bootstrap.choices import engine_name
from bot.evaluation.runs import Setup
from bot.sending import SendingRisk
from bot.support import EVIDENCE_NEEDED, PASSAGES_READ

if TYPE_CHECKING:
    from psycopg import Connection
    from psycopg_pool import ConnectionPool

    from bot.bootstrap import Application
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


def _index_version(pool: ConnectionPool[Connection[Any]]) -> str:
    with pool.connection() as connection:
        row = connection.execute(_VERSION).fetchone()
    assert row is not None  # noqa: S101 - an aggregate is one row
    return f"{row[0]} documents, {row[1][:12]}"


def _prompt_version(engine: str) -> str:
    from bot.answering import extractive, prompts  # noqa: PLC0415 - made when asked for

    versions = {"claude": prompts.CLAUDE.version, "markers": prompts.MARKERS.version}
    return versions.get(engine, extractive.VERSION)
