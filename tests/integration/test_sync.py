"""A run brings a source's changes into the index, keeps the books, and survives what fails."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING, Any

import psycopg
import pytest

from bot.errors import InputRejected
from bot.runs import SyncReport
from bot.sources import Source, Sources
from bot.sync import Sync
from connectors.base import Checkpoint
from connectors.errors import SourceUnavailable
from connectors.files import FilesConnector
from indexing.models import Reader

if TYPE_CHECKING:
    from collections.abc import Collection, Iterator
    from pathlib import Path

    from psycopg import Connection
    from psycopg_pool import ConnectionPool

    from connectors.base import Change
    from tests.integration.conftest import Knowledge


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    """A source folder with two good articles and a broken one."""
    path = tmp_path / "articles"
    path.mkdir()
    write(path, "returns", "You can return an unworn item within 45 days.")
    write(path, "gift-cards", "Gift cards are valid for three years.")
    (path / "broken.json").write_text('{"articles": [')
    return path


def write(folder: Path, name: str, text: str) -> None:
    (folder / f"{name}.jsonl").write_text(json.dumps({"id": name, "title": name, "text": text}))


class Run:
    """Syncs a folder as the source "help", however often."""

    def __init__(self, knowledge: Knowledge, folder: Path) -> None:
        self.knowledge = knowledge
        self.sources = Sources(pool=knowledge.pool)
        self.sources.add(Source(name="help", kind="files", config={}))
        self.sync = Sync(pool=knowledge.pool, indexer=knowledge.indexer)
        self.connector = FilesConnector(path=folder, source="help")

    def __call__(self, *, full: bool = False) -> SyncReport:
        return self.sync.run(self.sources.get("help").source, self.connector, full=full)

    def found(self, question: str) -> set[str]:
        passages = self.knowledge.retriever.retrieve(question, Reader.customer())
        return {each.document_id for each in passages}


@pytest.fixture
def run(knowledge: Knowledge, folder: Path) -> Run:
    return Run(knowledge, folder)


def test_a_bad_file_is_listed_with_its_reason_and_the_rest_goes_on(run: Run, folder: Path) -> None:
    report = run()
    assert (report.added, report.failed) == (2, 1)
    (failure,) = run.sources.failures("help")
    assert failure.document_id == "broken.json"
    assert "line 1" in failure.reason
    (folder / "broken.json").write_text(json.dumps({"articles": []}))
    assert run().failed == 0
    assert run.sources.failures("help") == ()


def test_a_second_run_embeds_nothing(run: Run, folder: Path) -> None:
    (folder / "broken.json").unlink()
    run()
    report = run(full=True)
    assert (report.added, report.changed, report.unchanged) == (0, 0, 2)
    assert report.passages_embedded == 0


def test_changed_and_removed_files_follow(run: Run, folder: Path) -> None:
    (folder / "broken.json").unlink()
    run()
    write(folder, "returns", "You can return an unworn item within 60 days.")
    (folder / "gift-cards.jsonl").unlink()
    report = run()
    assert (report.changed, report.removed) == (1, 1)
    assert run.found("gift cards") == {"returns"}


def test_a_folder_that_cannot_be_read_removes_nothing(run: Run, folder: Path) -> None:
    (folder / "broken.json").unlink()
    run()
    folder.rename(folder.with_name("elsewhere"))
    report = run()
    assert not report.succeeded
    assert str(folder) in report.error
    assert run.found("return an item") == {"returns", "gift-cards"}
    state = run.sources.get("help")
    assert (state.last_state, state.documents) == ("failed", 2)


class Interrupted:
    """A connector whose source goes away after its first document."""

    sweeps_each_run = True
    api_calls = 0

    def __init__(self, whole: FilesConnector) -> None:
        self._whole = whole

    def changes(self, cursor: str, *, again: Collection[str] = ()) -> Iterator[Change]:
        yield next(iter(self._whole.changes(cursor)))
        raise SourceUnavailable

    def live_ids(self) -> Iterator[str]:
        return iter(())


def test_what_came_before_an_interruption_stays(run: Run, folder: Path) -> None:
    (folder / "broken.json").unlink()
    report = run.sync.run(run.sources.get("help").source, Interrupted(run.connector))
    assert (report.added, report.removed, report.succeeded) == (1, 0, False)
    assert run().added == 1


class Costly(FilesConnector):
    """A connector whose list of live ids is not to be asked for lightly."""

    sweeps_each_run = False


def test_a_costly_sweep_is_left_to_runs_from_the_start(run: Run, folder: Path) -> None:
    (folder / "broken.json").unlink()
    run.connector = Costly(path=folder, source="help")
    run()
    (folder / "gift-cards.jsonl").unlink()
    assert run().removed == 0
    assert run(full=True).removed == 1


def test_a_source_is_synced_by_one_run_at_a_time(run: Run) -> None:
    with (
        run.sync._alone(run.sources.get("help").source),
        pytest.raises(InputRejected, match="help"),
    ):
        run()


class Restarted(FilesConnector):
    """A connector during whose run every other session of the database ends."""

    pool: ConnectionPool[Connection[Any]]

    def changes(self, cursor: str, *, again: Collection[str] = ()) -> Iterator[Change]:
        for change in super().changes(cursor, again=again):
            if isinstance(change, Checkpoint):
                with self.pool.connection() as connection:
                    connection.execute(
                        "SELECT pg_terminate_backend(pid) FROM pg_stat_activity "
                        "WHERE datname = current_database() AND pid <> pg_backend_pid()"
                    )
            yield change


def test_a_run_that_lost_its_lock_does_not_go_on(run: Run, folder: Path) -> None:
    connector = Restarted(path=folder, source="help")
    connector.pool = run.knowledge.pool
    with pytest.raises(psycopg.OperationalError):
        run.sync.run(run.sources.get("help").source, connector)
    assert run.sources.get("help").source.cursor == ""
    assert run.knowledge.rows("SELECT state FROM sync_runs") == [("failed",)]


def test_removing_a_source_removes_its_documents(run: Run) -> None:
    run()
    assert run.sources.remove("help") == 2
    assert run.found("return an item") == set()
    assert run.knowledge.rows("SELECT count(*) FROM {passages}") == [(0,)]


@pytest.mark.parametrize("name", ["", "Upper", "a b", "ü", "-a", "a" * 64])
def test_a_source_needs_a_usable_name(run: Run, name: str) -> None:
    with pytest.raises(InputRejected, match="lower-case"):
        run.sources.add(Source(name=name, kind="files", config={}))


def test_a_name_is_given_once(run: Run) -> None:
    with pytest.raises(InputRejected, match="already"):
        run.sources.add(Source(name="help", kind="files", config={}))


def test_an_unknown_source_names_those_there_are(run: Run) -> None:
    with pytest.raises(InputRejected, match="There are: help"):
        run.sources.get("halp")
