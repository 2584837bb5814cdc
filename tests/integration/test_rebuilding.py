"""Indexes are built anew while they are used, also after a rebuild that was broken off."""

from __future__ import annotations

from typing import TYPE_CHECKING

import psycopg
import pytest

from indexing.errors import IndexMissing
from indexing.models import Reader
from indexing.rebuilding import rebuild
from tests.factories import document

if TYPE_CHECKING:
    from tests.integration.conftest import Knowledge

ASKED = "How long do I have to return an item?"
FILES = (
    "SELECT relname, relfilenode FROM pg_index JOIN pg_class one ON one.oid = indexrelid "
    "WHERE indrelid = '{passages}'::regclass AND indisvalid"
)


def test_every_index_is_built_anew_and_finds_the_same(
    knowledge: Knowledge, database_url: str
) -> None:
    knowledge.add(document())
    before = dict(knowledge.rows(FILES))
    found = knowledge.retriever.retrieve(ASKED, Reader.customer(), "en")
    begun: list[str] = []

    with psycopg.connect(database_url, autocommit=True) as connection:
        done = rebuild(connection, begin=begun.append)

    after = dict(knowledge.rows(FILES))
    assert tuple(begun) == done
    assert set(done) == set(before) == set(after)
    assert all(after[name] != before[name] for name in done)
    assert knowledge.retriever.retrieve(ASKED, Reader.customer(), "en") == found


def test_what_a_broken_rebuild_left_behind_is_taken_away(
    knowledge: Knowledge, database_url: str
) -> None:
    table = f"passages_{knowledge.index.id}"
    with psycopg.connect(database_url, autocommit=True) as connection:
        connection.execute(f"CREATE INDEX {table}_left_ccnew ON {table} (id)")
        connection.execute(
            "UPDATE pg_index SET indisvalid = false WHERE indexrelid = %s::regclass",
            (f"{table}_left_ccnew",),
        )
        rebuild(connection)

    assert knowledge.rows("SELECT to_regclass(%s)", (f"{table}_left_ccnew",)) == [(None,)]


def test_without_an_index_there_is_nothing_to_build(database_url: str) -> None:
    with (
        psycopg.connect(database_url, autocommit=True) as connection,
        pytest.raises(IndexMissing),
    ):
        rebuild(connection)
