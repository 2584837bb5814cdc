"""A database that was in use at every earlier schema is brought to this one, and keeps its rows; at
each step it keeps what the release before needs: old processes go on while it is ahead of them."""

from __future__ import annotations

import importlib.resources
import re
from datetime import UTC, datetime, timedelta
from graphlib import TopologicalSorter
from pathlib import Path
from typing import Any
from uuid import uuid4

import psycopg
import pytest
from fastapi.testclient import TestClient
from psycopg import Connection, sql
from psycopg.types.json import Jsonb

from bot import db, settings
from bot.bootstrap import Application, processes
from bot.errors import DatabaseUnsuitable
from tests.models import with_models
from tests.schemas import Schema, schema, taken_away

FIRST = "0008"
"""From here on somebody may have a database to keep."""

TAKEN_AWAY: dict[tuple[str, str], str] = {}
"""What a revision takes away all the same, and why no process of the release before needs it."""

_TABLES = """
SELECT relname FROM pg_class WHERE relkind = 'r' AND relnamespace = 'public'::regnamespace
  AND relname NOT LIKE 'procrastinate%' AND relname <> 'alembic_version' ORDER BY 1
"""

_COLUMNS = """
SELECT attname, format_type(atttypid, NULL), attnotnull, atthasdef,
       attidentity <> '' OR attgenerated <> '', atttypmod
FROM pg_attribute WHERE attrelid = %s::regclass AND attnum > 0 AND NOT attisdropped
"""

_CHECKS = """
SELECT pg_get_constraintdef(oid) FROM pg_constraint WHERE conrelid = %s::regclass AND contype = 'c'
"""

_REFERENCES = """
SELECT a.attname, c.confrelid::regclass::text, f.attname
FROM pg_constraint c
CROSS JOIN LATERAL unnest(c.conkey, c.confkey) AS pair(own, other)
JOIN pg_attribute a ON a.attrelid = c.conrelid AND a.attnum = pair.own
JOIN pg_attribute f ON f.attrelid = c.confrelid AND f.attnum = pair.other
WHERE c.contype = 'f' AND c.conrelid = %s::regclass
"""

# What a check asks for that a list of words does not say.
SPECIAL: dict[tuple[str, str], Any] = {
    ("schedules", "cron"): "0 * * * *",
    ("routing_rules", "phrases"): ["chargeback"],
    ("question_memory", "question"): "How long?",
}


class Filler:
    """Writes one more row into every table there is, by what the catalog says of it."""

    def __init__(self, connection: Connection[Any]) -> None:
        self._connection = connection
        self._round = 0

    def tables(self) -> list[str]:
        names = [row[0] for row in self._connection.execute(_TABLES).fetchall()]
        needs = {name: {other for _, other, _ in self._references(name)} - {name} for name in names}
        return [each for each in TopologicalSorter(needs).static_order() if each in names]

    def fill(self) -> None:
        self._round += 1
        for table in self.tables():
            self._add(table)

    def counts(self) -> dict[str, int]:
        found = {}
        for table in self.tables():
            query = sql.SQL("SELECT count(*) FROM {}").format(sql.Identifier(table))
            row = self._connection.execute(query).fetchone()
            found[table] = row[0] if row else 0
        return found

    def _add(self, table: str) -> None:
        columns = self._connection.execute(_COLUMNS, (table,)).fetchall()
        checks = " ".join(row[0] for row in self._connection.execute(_CHECKS, (table,)).fetchall())
        references = {own: (other, key) for own, other, key in self._references(table)}
        values: dict[str, Any] = {}
        for name, kind, needed, has_default, is_made, size in columns:
            if (table, name) in SPECIAL:
                values[name] = SPECIAL[table, name]
            elif is_made or not needed or (has_default and name not in references):
                continue
            elif name in references:
                values[name] = self._latest(*references[name])
            else:
                values[name] = self._value(name, kind, checks, size)
        statement = sql.SQL("INSERT INTO {} ({}) VALUES ({}) ON CONFLICT DO NOTHING").format(
            sql.Identifier(table),
            sql.SQL(", ").join(map(sql.Identifier, values)),
            sql.SQL(", ").join(sql.Placeholder() * len(values)),
        )
        if not values:
            statement = sql.SQL("INSERT INTO {} DEFAULT VALUES").format(sql.Identifier(table))
        self._connection.execute(statement, list(values.values()))

    def _references(self, table: str) -> list[tuple[str, str, str]]:
        return self._connection.execute(_REFERENCES, (table,)).fetchall()

    def _latest(self, table: str, key: str) -> Any:
        query = sql.SQL("SELECT {} FROM {} ORDER BY ctid DESC LIMIT 1").format(
            sql.Identifier(key), sql.Identifier(table)
        )
        row = self._connection.execute(query).fetchone()
        assert row is not None, table
        return row[0]

    def _value(self, name: str, kind: str, checks: str, size: int) -> Any:
        if kind == "text" and (words := _allowed(name, checks)):
            return words[self._round % len(words)]
        return {
            "text": f"{name} {self._round}",
            "text[]": [f"{name} {self._round}"],
            "uuid": uuid4(),
            "jsonb": Jsonb({}),
            "bytea": f"{name} {self._round}".encode(),
            "boolean": True,
            "timestamp with time zone": datetime.now(UTC),
            "date": datetime.now(UTC).date(),
            "real[]": [1.0],
            "halfvec": str([1] * size),
        }.get(kind, self._round)


def _allowed(column: str, checks: str) -> list[str]:
    found = re.search(rf"\(?\b{column}\b[^)]*?= ANY \(ARRAY\[([^\]]*)\]", checks)
    return re.findall(r"'([^']*)'", found[1]) if found else []


def revisions() -> list[str]:
    folder = importlib.resources.files("migrations").joinpath("versions")
    found = (each.name.partition("_")[0] for each in folder.iterdir() if each.name.endswith(".py"))
    return sorted(each for each in found if each >= FIRST)


def test_every_row_of_every_earlier_schema_is_there_at_this_one(empty_database_url: str) -> None:
    before: dict[str, int] = {}
    old: Schema | None = None
    found: dict[tuple[str, str], str] = {}
    for revision in revisions():
        db.migrate(empty_database_url, revision)
        with psycopg.connect(empty_database_url) as connection:
            filler = Filler(connection)
            filler._round = int(revision)
            after = filler.counts()
            lost = {name for name, rows in before.items() if after.get(name, rows) < rows}
            assert not lost, f"{revision} loses rows of {lost}"
            filler.fill()
            before = filler.counts()
            new = schema(connection)
        found |= {(revision, what): why for what, why in taken_away(old or new, new)}
        old = new
    assert found.keys() == TAKEN_AWAY.keys(), (
        f"Add first, and take away in a later release, when nothing uses it any more: {found}"
    )
    assert all(before.values()), "a table stayed empty"
    assert revision == db.newest_revision()


def test_no_process_works_on_a_schema_that_does_not_fit(
    empty_database_url: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    db.migrate(empty_database_url, FIRST)
    monkeypatch.setenv("DATABASE_URL", empty_database_url)
    monkeypatch.setenv("SUPPORTBOT_DATA_DIR", str(with_models(tmp_path)))
    with Application(settings=settings.load(tmp_path / ".env")) as app:
        with pytest.raises(DatabaseUnsuitable, match=f"revision {FIRST}.*supportbot migrate"):
            processes.worker(app, drain=timedelta(seconds=1))
        with pytest.raises(DatabaseUnsuitable, match=f"revision {FIRST}.*supportbot migrate"):
            processes.scheduler(app)
        answer = TestClient(processes.web(app)).get("/readyz")
    assert answer.status_code == 503
    assert "supportbot migrate" in answer.text
    with psycopg.connect(empty_database_url) as connection:
        assert db.schema_revision(connection) == FIRST


def test_what_old_code_cannot_do_any_more_is_noticed(database_url: str) -> None:
    with psycopg.connect(database_url) as connection:
        before = schema(connection)
        for change in (
            "ALTER TABLE questions RENAME COLUMN surface TO edge",
            "ALTER TABLE sources ADD COLUMN owner text NOT NULL",
            "ALTER TABLE sources ADD COLUMN colour text NOT NULL DEFAULT ''",
            "ALTER TABLE ticket_turns DROP COLUMN done_at CASCADE",
            "ALTER TABLE ticket_turns ALTER COLUMN why DROP DEFAULT",
            "ALTER TABLE tickets ALTER COLUMN comments SET NOT NULL",
            "ALTER TABLE tickets ALTER COLUMN comments TYPE bigint",
            "ALTER TABLE tickets ADD CHECK (score <> 'bad')",
            "CREATE UNIQUE INDEX ON ticket_turns (ticket_id)",
            "ALTER TABLE sources ADD COLUMN number int UNIQUE",
            "DROP VIEW ticket_resolutions",
            "DROP TABLE citations CASCADE",
        ):
            connection.execute(change)
        found = {what for what, _ in taken_away(before, schema(connection))}
        connection.rollback()
    assert found == {
        "questions.surface",
        "questions.edge",
        "sources.owner",
        "ticket_turns.done_at",
        "ticket_turns.why",
        "tickets.comments",
        "tickets: tickets_score_check",
        "ticket_turns: ticket_turns_ticket_id_idx",
        "ticket_resolutions",
        "citations",
        "drafts",  # a view on them
        "cited_articles(asked uuid)",
    }
