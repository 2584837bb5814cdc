"""What is kept elsewhere: a backup that answers again, and an export without secrets."""

from __future__ import annotations

import json
from pathlib import Path
from typing import TYPE_CHECKING, Any

import psycopg
import pytest

from bot import backups, db
from bot.audit import Actor, Audit
from bot.errors import DatabaseUnavailable, InputRejected
from bot.export import MANIFEST, export, reason_to_leave_out
from indexing.index import Index
from indexing.models import Reader
from indexing.retrieval import Retriever
from tests.factories import document
from tests.integration.test_upgrades import Filler

if TYPE_CHECKING:
    from indexing.embedders.embedder import Embedder
    from tests.integration.conftest import Knowledge

ADMIN = Actor(surface="cli", name="ada")
ASKED = "How long do I have to return an item?"


def counts(url: str) -> dict[str, int]:
    with psycopg.connect(url) as connection:
        return Filler(connection).counts()


def test_a_backup_answers_in_another_database(
    knowledge: Knowledge,
    database_url: str,
    empty_database_url: str,
    embedder: Embedder,
    tmp_path: Path,
) -> None:
    knowledge.add(document())
    file = tmp_path / "all.dump"

    assert backups.save(database_url, file) == file.stat().st_size
    assert file.stat().st_mode & 0o077 == 0
    assert list(tmp_path.iterdir()) == [file]
    assert backups.restore(empty_database_url, file) == db.newest_revision()

    assert counts(empty_database_url) == counts(database_url)
    db.migrate(empty_database_url)
    with db.open_pool(empty_database_url, max_size=2) as pool:
        with pool.connection() as connection:
            index = Index.live(connection)
        retriever = Retriever(pool=pool, index=index, embedder=embedder)
        found = retriever.search(ASKED, Reader.customer(), "en", 3)
    assert [each.document_id for each in found.passages] == [
        each.document_id
        for each in knowledge.retriever.search(ASKED, Reader.customer(), "en", 3).passages
    ]
    with pytest.raises(InputRejected, match="not empty"):
        backups.restore(empty_database_url, file)


def test_a_backup_that_fails_leaves_no_half_a_file_and_shows_no_password(
    database_url: str, tmp_path: Path
) -> None:
    wrong = database_url.replace("/test_", "/gone_")

    with pytest.raises(backups.BackupFailed, match=r"pg_dump failed.*does not exist") as failed:
        backups.save(wrong, tmp_path / "all.dump")
    assert list(tmp_path.iterdir()) == []
    assert psycopg.conninfo.conninfo_to_dict(database_url)["password"] not in str(failed.value)
    with pytest.raises((InputRejected, DatabaseUnavailable)):
        backups.restore(database_url, tmp_path / "none.dump")


def test_an_export_has_every_row_and_no_secret(
    pool: Any, database_url: str, tmp_path: Path
) -> None:
    with psycopg.connect(database_url) as connection:
        filler = Filler(connection)
        filler.fill()
        connection.execute("INSERT INTO signing_keys (purpose, key) VALUES ('p', 'canary')")
        connection.commit()
        held = {
            name: rows for name, rows in filler.counts().items() if not reason_to_leave_out(name)
        }
    folder = tmp_path / "export"
    with psycopg.connect(database_url) as connection:
        export(connection, folder, actor=ADMIN)

    listed = json.loads((folder / MANIFEST).read_text())
    for table, rows in held.items():
        lines = (folder / f"{table}.jsonl").read_text().splitlines()
        assert len(lines) == rows == listed["tables"][table]["rows"], table
        assert all(isinstance(json.loads(line), dict) for line in lines)
    for name in ("sources", "documents", "questions", "feedback", "routing_tags", "tickets"):
        assert name in listed["tables"]
    (asked, *_) = map(json.loads, (folder / "questions.jsonl").read_text().splitlines())
    assert {"text", "input_tokens", "cost_usd"} <= asked.keys()
    assert listed["left_out"]["signing_keys"] == "secret"
    assert folder.stat().st_mode & 0o077 == 0
    text = "".join(each.read_text() for each in folder.iterdir())
    assert "canary" not in text
    assert Audit(pool=pool).latest(action="exported")[0].actor == ADMIN
