"""The schema from nothing, by several processes at once, down and up again."""

import logging
from concurrent.futures import ThreadPoolExecutor

import psycopg
import pytest

from bot import db
from bot.errors import DatabaseUnsuitable

# What two databases at one schema have in common, whatever way they came there.
CATALOG = """
SELECT 'column', table_name, column_name, data_type, is_nullable, column_default
  FROM information_schema.columns WHERE table_schema = 'public'
UNION ALL
SELECT 'index', tablename, indexname, indexdef, '', '' FROM pg_indexes WHERE schemaname = 'public'
UNION ALL
SELECT 'constraint', conrelid::regclass::text, conname, pg_get_constraintdef(oid), '', ''
  FROM pg_constraint WHERE connamespace = 'public'::regnamespace AND contype <> 'n'
"""


def catalog(url: str) -> set[tuple[object, ...]]:
    with psycopg.connect(url) as connection:
        return set(connection.execute(CATALOG).fetchall())


def revision(url: str) -> str | None:
    with psycopg.connect(url) as connection:
        return db.schema_revision(connection)


def test_from_nothing_to_the_newest_and_a_second_time_changes_nothing(
    empty_database_url: str,
) -> None:
    assert revision(empty_database_url) is None
    db.migrate(empty_database_url)
    first = catalog(empty_database_url)
    assert ("questions", "asked_at") in {(row[1], row[2]) for row in first}
    db.migrate(empty_database_url)
    assert catalog(empty_database_url) == first
    assert revision(empty_database_url) == db.newest_revision()


def test_several_at_once_migrate_once(empty_database_url: str, database_url: str) -> None:
    with ThreadPoolExecutor(4) as threads:
        list(threads.map(db.migrate, [empty_database_url] * 4))
    assert catalog(empty_database_url) == catalog(database_url)


def test_down_to_nothing_and_up_again(database_url: str) -> None:
    before = catalog(database_url)
    with psycopg.connect(database_url) as connection:
        connection.execute(
            "INSERT INTO embedding_indexes (model, dimensions, state) VALUES ('m', 3, 'live')"
        )
        connection.execute("CREATE TABLE passages_1 (embedding halfvec(3))")
    db.downgrade(database_url, "base")
    assert {row[1] for row in catalog(database_url)} == {"alembic_version"}
    assert revision(database_url) is None
    db.migrate(database_url)
    assert catalog(database_url) == before


def test_a_migration_that_fails_leaves_nothing_behind(empty_database_url: str) -> None:
    with psycopg.connect(empty_database_url) as connection:
        connection.execute("CREATE TABLE citations (in_the_way int)")
    with pytest.raises(Exception, match="citations"):
        db.migrate(empty_database_url)
    assert revision(empty_database_url) is None
    assert {row[1] for row in catalog(empty_database_url)} == {"citations"}
    with psycopg.connect(empty_database_url) as connection:
        connection.execute("DROP TABLE citations")
    db.migrate(empty_database_url)  # the lock was given back as well
    assert revision(empty_database_url) == db.newest_revision()


def test_a_database_of_a_newer_version_is_refused(database_url: str) -> None:
    with psycopg.connect(database_url) as connection:
        connection.execute("UPDATE alembic_version SET version_num = '9999'")
    with pytest.raises(DatabaseUnsuitable, match=r"9999.*newer version"):
        db.migrate(database_url)


def test_migrating_says_nothing_in_the_log(
    empty_database_url: str, caplog: pytest.LogCaptureFixture
) -> None:
    with caplog.at_level(logging.INFO):
        db.migrate(empty_database_url)
    assert caplog.messages == []
