"""Everything that people put in or said, in a format that outlives this program: a folder with
one JSON Lines file for each table, and a list of them.

By the catalog, so that a table that is added is exported as well. What is left out is listed with
its reason: secrets, which belong in no export, and what can be made anew from the rest.
"""

from __future__ import annotations

import json
import re
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from psycopg import sql

from bot.audit import note

if TYPE_CHECKING:
    from pathlib import Path

    from psycopg import Connection

    from bot.audit import Actor

LEFT_OUT: dict[str, str] = {
    r"procrastinate_.*": "the queue of this deployment",
    r"alembic_version": "the schema's own",
    r"(passages|memory)_\d+": "made anew from the documents by the embedding model",
    r"routing_embeddings": "made anew from the examples",
    r"lexeme_frequencies|index_languages|indexed_documents": "counted anew from the documents",
    r"inbound_events": "kept for days, against doubled deliveries",
    r"slack_early_replies": "kept for a day, until their question comes",
    r"zendesk_ceilings|vendor_rests": "of the moment",
    r"signing_keys": "secret",
    r"console_(sessions|links|sign_ins|attempts)": "secret, and of the moment",
    r"slack_states": "secret, and of the moment",
}
"""Tables by pattern, and why."""

_SECRET_COLUMN = re.compile(r"(^|_)(token|secret|password|key|hash_of_password|sealed)(s|_|$)")

_TABLES = """
SELECT relname FROM pg_class
WHERE relkind IN ('r', 'p') AND relnamespace = 'public'::regnamespace ORDER BY relname
"""

_COLUMNS = """
SELECT attname, format_type(atttypid, NULL) FROM pg_attribute
WHERE attrelid = %s::regclass AND attnum > 0 AND NOT attisdropped ORDER BY attnum
"""

MANIFEST = "manifest.json"


@dataclass(frozen=True, kw_only=True, slots=True)
class Exported:
    """One table's file, and the columns that are not in it."""

    table: str
    rows: int
    left_out: tuple[str, ...]


def reason_to_leave_out(table: str) -> str:
    """Why a table is not exported; "" where it is."""
    return next((why for name, why in LEFT_OUT.items() if re.fullmatch(name, table)), "")


def export(connection: Connection[Any], folder: Path, *, actor: Actor) -> tuple[Exported, ...]:
    """Writes the files, all of one moment, and notes in the audit that it was done. `folder` must
    be empty or not there; nobody but its owner may read it afterwards."""
    connection.execute("SET TRANSACTION ISOLATION LEVEL REPEATABLE READ")
    folder.mkdir(mode=0o700, parents=True, exist_ok=True)
    tables = [row[0] for row in connection.execute(_TABLES).fetchall()]
    done = tuple(
        _table(connection, table, folder) for table in tables if not reason_to_leave_out(table)
    )
    listed = {
        "tables": {
            each.table: {"rows": each.rows, "columns_left_out": list(each.left_out)}
            for each in done
        },
        "left_out": {table: why for table in tables if (why := reason_to_leave_out(table))},
    }
    (folder / MANIFEST).write_text(json.dumps(listed, indent=2) + "\n", encoding="utf-8")
    note(connection, actor=actor, action="exported", target=str(folder))
    connection.commit()
    return done


def _table(connection: Connection[Any], table: str, folder: Path) -> Exported:
    columns = connection.execute(_COLUMNS, (table,)).fetchall()
    secret = tuple(name for name, kind in columns if _is_secret(name, kind))
    kept = [name for name, _ in columns if name not in secret]
    query = sql.SQL("SELECT to_jsonb(exported)::text FROM (SELECT {} FROM {}) AS exported").format(
        sql.SQL(", ").join(map(sql.Identifier, kept)), sql.Identifier(table)
    )
    rows = 0
    with (
        (folder / f"{table}.jsonl").open("w", encoding="utf-8") as file,
        connection.cursor(name=f"export_{table}"[:63]) as cursor,
    ):
        cursor.itersize = 500
        for (line,) in cursor.execute(query):
            file.write(f"{line}\n")
            rows += 1
    return Exported(table=table, rows=rows, left_out=secret)


def _is_secret(name: str, kind: str) -> bool:
    return kind == "bytea" or (kind == "text" and _SECRET_COLUMN.search(name) is not None)
