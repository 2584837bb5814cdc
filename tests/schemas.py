"""Old processes go on while the schema is ahead of them: a migration adds, and takes away only what
the release before it has stopped using. Read off the catalog at each revision, so that however a
migration is written, what it does is what counts."""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

from psycopg import Connection

_COLUMNS = """
SELECT class.relname, attribute.attname, format_type(attribute.atttypid, attribute.atttypmod),
       attribute.attnotnull,
       attribute.atthasdef OR attribute.attidentity <> '' OR attribute.attgenerated <> ''
FROM pg_attribute attribute JOIN pg_class class ON class.oid = attribute.attrelid
WHERE class.relkind IN ('r', 'v', 'p', 'm') AND class.relnamespace = 'public'::regnamespace
  AND attribute.attnum > 0 AND NOT attribute.attisdropped
"""

# By table and name: what must hold of rows, of CHECK and FOREIGN KEY, and what must be unique.
_RULES = """
SELECT conrelid::regclass::text, conname, pg_get_constraintdef(oid) FROM pg_constraint
WHERE connamespace = 'public'::regnamespace AND contype IN ('c', 'f')
UNION ALL
SELECT tablename, indexname, indexdef FROM pg_indexes
WHERE schemaname = 'public' AND indexdef LIKE 'CREATE UNIQUE%'
"""

_FUNCTIONS = """
SELECT proname || '(' || pg_get_function_identity_arguments(oid) || ')' FROM pg_proc
WHERE pronamespace = 'public'::regnamespace AND probin IS NULL
"""


@dataclass(frozen=True, kw_only=True)
class Column:
    kind: str
    needed: bool
    has_default: bool

    @property
    def must_be_told(self) -> bool:
        """Whether a row cannot be added without it."""
        return self.needed and not self.has_default


@dataclass(frozen=True, kw_only=True)
class Schema:
    """What code can rely on at one revision."""

    columns: dict[tuple[str, str], Column]
    rules: dict[tuple[str, str], str]
    functions: frozenset[str]

    @property
    def tables(self) -> set[str]:
        return {table for table, _ in self.columns}


def schema(connection: Connection[Any]) -> Schema:
    columns = connection.execute(_COLUMNS).fetchall()
    rules = connection.execute(_RULES).fetchall()
    return Schema(
        columns={
            (row[0], row[1]): Column(kind=row[2], needed=row[3], has_default=row[4])
            for row in columns
        },
        rules={(row[0], row[1]): row[2] for row in rules},
        functions=frozenset(row[0] for row in connection.execute(_FUNCTIONS).fetchall()),
    )


def words(rule: str) -> frozenset[str] | None:
    """The words that a column may hold, where a rule lists them."""
    listed = re.search(r"= ANY \(ARRAY\[([^\]]*)\]", rule)
    return frozenset(re.findall(r"'([^']*)'", listed[1])) if listed else None


def taken_away(before: Schema, after: Schema) -> Iterator[tuple[str, str]]:
    """What code that was written for `before` cannot do any more at `after`, and why."""
    for name in sorted(before.tables - after.tables):
        yield name, "the table is gone, and old code reads it"
    for (table, name), old in sorted(before.columns.items()):
        if table in after.tables and (why := _lost(old, after.columns.get((table, name)))):
            yield f"{table}.{name}", why
    for (table, name), new in sorted(after.columns.items()):
        if table in before.tables and (table, name) not in before.columns and new.must_be_told:
            yield f"{table}.{name}", "it is new and has no default, and old code leaves it out"
    for name in sorted(before.functions - after.functions):
        yield name, "the function is gone, and old code calls it"
    yield from _forbidden(before, after)


def _lost(old: Column, new: Column | None) -> str:
    if new is None:
        return "the column is gone or renamed, and old code names it"
    if new.kind != old.kind:
        return f"it was {old.kind} and is {new.kind}, and old code writes the former"
    if new.needed and not old.needed:
        return "it must not be NULL any more, and old code may leave it so"
    if new.must_be_told and not old.must_be_told:
        return "it has no default any more, and old code may leave it out"
    return ""


def _forbidden(before: Schema, after: Schema) -> Iterator[tuple[str, str]]:
    held = {(table, _nameless(rule)) for (table, _), rule in before.rules.items()}
    for (table, name), rule in sorted(after.rules.items()):
        if table not in before.tables or (table, _nameless(rule)) in held:
            continue
        allowed, were = words(rule), words(before.rules.get((table, name), ""))
        if allowed is not None and were is not None and allowed >= were:
            continue
        new = {each for of, each in after.columns.keys() - before.columns.keys() if of == table}
        if not any(re.search(rf"\b{each}\b", rule) for each in new):  # there rows have the default
            yield f"{table}: {name}", "it forbids rows that old code may write"


def _nameless(rule: str) -> str:
    return re.sub(r"INDEX \S+ ON", "INDEX ON", rule)
