"""Another model's index is built beside the live one and takes its place, and nothing is lost,
whatever is written, asked or killed meanwhile."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
import threading
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import suppress
from dataclasses import dataclass, field
from pathlib import Path
from types import SimpleNamespace
from typing import TYPE_CHECKING, Any

import psycopg
import pytest
from procrastinate.exceptions import JobAborted
from psycopg import sql

from bot import doctor
from bot.jobs.models import SwitchJob, notice_setting
from bot.jobs.retries import TryAgain
from bot.metrics import DatabaseMetrics
from bot.queue import Queue
from indexing.batches import BATCH_DOCUMENTS
from indexing.embedders import load
from indexing.embedders.loaded import LoadedEmbedders
from indexing.errors import (
    BuildIncomplete,
    EmbeddingModelMissing,
    IndexBusy,
    IndexDropped,
    IndexMismatch,
    IndexMissing,
    IndexReplaced,
)
from indexing.holdings import IndexState, index_states, switch_wanted
from indexing.index import Index
from indexing.models import Document, Reader
from indexing.pipeline import Indexer
from indexing.retrieval import Retriever
from indexing.switching import FEW, BuildProgress, Switching
from tests.factories import document
from tests.waiting import wait_for

if TYPE_CHECKING:
    from indexing.embedders.embedder import Embedder, Vectors

SMALL, LARGE = (f"tests.fakes.words.WordsEmbedding?size={size}" for size in (32, 128))
BUNDLED = "all-MiniLM-L6-v2"
ARTICLES = 80


class Counting:
    """An embedder that says how many texts it has read."""

    def __init__(self, embedder: Embedder) -> None:
        self._embedder = embedder
        self.texts = 0

    def __getattr__(self, name: str) -> Any:
        return getattr(self._embedder, name)

    def embed(self, texts: list[str]) -> Vectors:
        self.texts += len(texts)
        return self._embedder.embed(texts)


@dataclass
class Place:
    """A database with articles under one model, and the other models that are at hand."""

    pool: Any
    models: dict[str, Any]
    index: Index = field(init=False)

    def __post_init__(self) -> None:
        self.index = Index.open(self.pool, model=SMALL, dimensions=32)
        self.run("INSERT INTO sources (name, kind) VALUES ('help', 'files')")
        self.write(*(article(number) for number in range(ARTICLES)))

    def of(self, index: Index) -> Embedder:
        embedder: Embedder = self.models[index.model]
        return embedder

    def live(self) -> Index:
        with self.pool.connection() as connection:
            return Index.live(connection)

    def states(self) -> dict[str, IndexState]:
        with self.pool.connection() as connection:
            return {each.index.model: each for each in index_states(connection)}

    def indexer(self) -> Indexer:
        live = self.live()
        return Indexer(pool=self.pool, index=live, embedder=self.of(live), load=self.of)

    def retriever(self) -> Retriever:
        live = self.live()
        return Retriever(pool=self.pool, index=live, embedder=self.of(live), load=self.of)

    def write(self, *documents: Document) -> list[str]:
        return [each.outcome for each in self.indexer().index(documents)]

    def switch(self, model: str, **more: Any) -> Index:
        return Switching(pool=self.pool, load=self.models.__getitem__).run(model, **more)

    def run(self, statement: str, *parameters: object) -> list[Any]:
        with self.pool.connection() as connection:
            cursor = connection.execute(statement, parameters)
            return cursor.fetchall() if cursor.description else []

    def held(self, index: Index) -> dict[str, str]:
        """The text that this index holds of each document."""
        rows = self.run(
            "SELECT d.id, string_agg(p.text, ' ' ORDER BY p.ordinal) "
            f"FROM passages_{index.id} p JOIN documents d ON d.pk = p.document_pk GROUP BY d.id"
        )
        return dict(rows)


def article(number: int, text: str = "") -> Document:
    return document(
        id=f"a{number:03}",
        title=f"Part {number}",
        body=f"<p>{text or f'Part number {number} is kept on shelf{number}.'}</p>",
    )


def texts(*numbers: int) -> dict[str, str]:
    return {f"a{n:03}": f"Part number {n} is kept on shelf{n}." for n in numbers}


@pytest.fixture
def place(pool: Any, embedder: Embedder, tmp_path: Path) -> Place:
    words = {name: Counting(load(name, cache_dir=tmp_path)) for name in (SMALL, LARGE)}
    return Place(pool=pool, models={**words, BUNDLED: Counting(embedder)})


def waiting(place: Place, statement: str) -> bool:
    """Whether somebody waits for a lock with a statement like this."""
    return bool(
        place.run(
            "SELECT pid FROM pg_stat_activity WHERE datname = current_database() "
            "AND wait_event_type = 'Lock' AND query LIKE %s",
            f"%{statement}%",
        )
    )


def test_the_live_index_answers_and_follows_its_sources_until_the_swap(place: Place) -> None:
    retriever, asked = place.retriever(), []

    def meanwhile(progress: BuildProgress) -> None:
        if progress.stage == "embedding":
            asked.append(retriever.search("shelf7", Reader.customer()))
            assert asked[-1].index == place.index.id
        if progress.stage == "embedding" and progress.done == 70:
            place.write(article(3, "Part number 3 is sold out."), article(90))
            place.indexer().remove("help", ["a004", "a075"])

    new = place.switch(BUNDLED, on_progress=meanwhile)

    expected = texts(*({*range(ARTICLES), 90} - {4, 75})) | {"a003": "Part number 3 is sold out."}
    assert len(asked) >= ARTICLES
    assert all(found.passages[0].document_id == "a007" for found in asked)
    assert place.live() == new
    assert place.held(new) == expected
    after = retriever.search("Which part is sold out?", Reader.customer())
    assert (after.index, after.passages[0].document_id) == (new.id, "a003")
    assert {name: each.state for name, each in place.states().items()} == {
        SMALL: "retired",
        BUNDLED: "live",
    }
    assert place.write(article(3, "Part number 3 is back."), article(5)) == ["changed", "unchanged"]
    assert place.held(new)["a003"] == "Part number 3 is back."


def test_syncs_and_questions_go_on_beside_a_build(place: Place) -> None:
    stop, trouble = threading.Event(), []
    retriever, edits = place.retriever(), dict.fromkeys(range(0, ARTICLES, 7), 0)

    def beside(work: Callable[[], None]) -> threading.Thread:
        def go_on() -> None:
            try:
                while not stop.is_set():
                    work()
            except Exception as error:
                trouble.append(error)

        thread = threading.Thread(target=go_on)
        thread.start()
        return thread

    def sync() -> None:
        for number in edits:
            edits[number] += 1
            place.write(article(number, f"Edition {edits[number]} of part {number}."))

    def ask() -> None:
        assert retriever.retrieve("part shelf", Reader.customer())

    threads = [beside(sync), beside(ask)]
    try:
        for model in (LARGE, SMALL, BUNDLED):
            place.switch(model)
    finally:
        stop.set()
        for thread in threads:
            thread.join()

    assert trouble == []
    assert place.live().model == BUNDLED
    assert place.held(place.live()) == texts(*range(ARTICLES)) | {
        f"a{number:03}": f"Edition {edition} of part {number}." for number, edition in edits.items()
    }


def test_a_question_and_whoever_drops_an_index_never_wait_for_each_other(place: Place) -> None:
    """Each has locked what the other wants next. Whoever has waited for a second gives way, which
    is the question unless this machine stood still; and that is asked again."""
    retriever, memory = place.retriever(), place.index.memory
    with place.pool.connection() as dropping, ThreadPoolExecutor(1) as other:
        dropping.execute("LOCK TABLE documents IN ACCESS EXCLUSIVE MODE")
        asked = other.submit(retriever.retrieve, "part shelf", Reader.customer())
        with place.pool.connection() as looking:
            while not looking.execute("SELECT 1 FROM pg_locks WHERE NOT granted").fetchall():
                assert not asked.done()
                looking.commit()
        with suppress(psycopg.errors.DeadlockDetected):
            dropping.execute(sql.SQL("DROP TABLE {}").format(memory))
        dropping.rollback()

        assert asked.result(timeout=20)


def test_what_was_prepared_for_the_old_index_is_written_into_the_new_one(place: Place) -> None:
    old = place.index

    def source() -> Iterator[Document]:
        yield article(90)
        yield article(2, "Part number 2 is sold out.")
        yield article(90, "The same once more.")  # so what came before is a batch, and begun
        place.switch(LARGE)

    outcomes = [each.outcome for each in place.indexer().index(source())]

    assert outcomes == ["added", "changed", "changed"]
    new = place.live()
    assert new.model == LARGE
    assert place.held(new)["a090"] == "The same once more."
    assert place.held(new)["a002"] == "Part number 2 is sold out."
    assert "a090" not in place.held(old)


def test_without_a_way_to_load_the_new_model_a_swap_ends_the_work(place: Place) -> None:
    fixed = Retriever(pool=place.pool, index=place.index, embedder=place.of(place.index))
    writer = Indexer(pool=place.pool, index=place.index, embedder=place.of(place.index))
    place.switch(LARGE)
    with pytest.raises(IndexReplaced):
        fixed.retrieve("shelf7", Reader.customer())
    with pytest.raises(IndexReplaced):
        list(writer.index([article(90)]))


def test_the_swap_waits_for_a_writer_and_takes_along_what_it_wrote(
    place: Place, database_url: str
) -> None:
    with psycopg.connect(database_url) as writer:

        def write(progress: BuildProgress) -> None:
            if progress.stage == "swapping":
                writer.execute("SELECT FROM embedding_indexes WHERE state = 'live' FOR SHARE")
                writer.execute(
                    "UPDATE documents SET body = '<p>Written at last.</p>', content_hash = 'new' "
                    "WHERE id = 'a001'"
                )

        switch = threading.Thread(target=place.switch, args=(LARGE,), kwargs={"on_progress": write})
        switch.start()
        wait_for(lambda: waiting(place, "FOR NO KEY UPDATE"))
        assert place.live() == place.index
        assert place.retriever().retrieve("shelf7", Reader.customer())
    switch.join()

    assert place.live().model == LARGE
    assert place.held(place.live())["a001"] == "Written at last."


def test_rolling_back_catches_up_and_embeds_only_what_changed(place: Place) -> None:
    new = place.switch(LARGE)
    place.write(article(3, "Part number 3 is sold out."), article(90))
    place.indexer().remove("help", ["a004"])
    assert place.states()[SMALL].documents == ARTICLES - 2
    before = place.models[SMALL].texts

    back = place.switch(SMALL, back=True)

    assert back == place.index
    assert place.models[SMALL].texts - before == 2
    assert place.held(back) == texts(*({*range(ARTICLES), 90} - {4})) | {
        "a003": "Part number 3 is sold out."
    }
    states = place.states()
    assert (states[LARGE].state, states[LARGE].set_aside) == ("retired", True)
    queue = Queue(pool=place.pool)
    assert notice_setting(pool=place.pool, queue=queue, wanted=LARGE) is None
    assert place.switch(LARGE) == new
    assert not place.states()[LARGE].set_aside


def test_a_setting_that_differs_is_noticed_once(place: Place) -> None:
    queue = Queue(pool=place.pool)
    assert notice_setting(pool=place.pool, queue=queue, wanted=SMALL) is None
    job = notice_setting(pool=place.pool, queue=queue, wanted=LARGE)
    assert job is not None
    assert notice_setting(pool=place.pool, queue=queue, wanted=LARGE) == job


def test_a_switch_that_nobody_asked_for_is_left_to_workers_with_that_setting(
    place: Place,
) -> None:
    switching = Switching(pool=place.pool, load=place.models.__getitem__)
    job = SwitchJob(switching=lambda: switching, wanted=SMALL)
    stopping = False
    context: Any = SimpleNamespace(job=SimpleNamespace(id=1), should_abort=lambda: stopping)

    with pytest.raises(TryAgain, match="EMBEDDING_MODEL"):
        job.run(context, model=LARGE, asked=False)
    assert place.live() == place.index
    stopping = True
    with pytest.raises(JobAborted):
        job.run(context, model=LARGE)
    assert place.live() == place.index
    stopping = False
    job.run(context, model=LARGE)
    assert place.live().model == LARGE


# As a worker does it, until it is killed.
BUILD = """
import sys
from pathlib import Path
from bot import db
from indexing.embedders import load
from indexing.switching import Switching
url, folder, model = sys.argv[1:]
with db.open_pool(url) as pool:
    Switching(pool=pool, load=lambda name: load(name, cache_dir=Path(folder))).run(model)
"""


def test_a_build_that_was_killed_goes_on_where_it_was(
    place: Place, database_url: str, tmp_path: Path
) -> None:
    with psycopg.connect(database_url) as holding:
        holding.execute("SELECT FROM documents WHERE id = 'a070' FOR UPDATE")
        builder = subprocess.Popen(
            (sys.executable, "-c", BUILD, database_url, str(tmp_path), LARGE),
            env={**os.environ, "PYTHONPATH": str(Path(__file__).parents[2])},
        )
        try:
            wait_for(lambda: waiting(place, "INTO indexed_documents"))
            with pytest.raises(IndexBusy, match="wait"):
                place.switch(LARGE)
        finally:
            builder.send_signal(signal.SIGKILL)
            builder.wait()
    wait_for(lambda: not waiting(place, "INTO indexed_documents"))
    halfway = place.states()[LARGE]
    # The batch with the 70th in it was not written, the one before it was.
    assert (halfway.state, halfway.documents, halfway.total) == (
        "building",
        BATCH_DOCUMENTS,
        ARTICLES,
    )
    assert place.live() == place.index
    wait_for(lambda: not place.run("SELECT pid FROM pg_locks WHERE locktype = 'advisory'"))

    new = place.switch(LARGE)

    assert new == halfway.index
    assert place.models[LARGE].texts == ARTICLES - BATCH_DOCUMENTS
    assert place.held(new) == texts(*range(ARTICLES))


def test_readiness_and_metrics_say_how_far_a_build_is(place: Place) -> None:
    checks: list[doctor.Check] = []
    samples: list[tuple[str, float]] = []

    def look(progress: BuildProgress) -> None:
        if progress.done == 64:
            checks.append(doctor.index(place.pool))
            checks.append(doctor.index(place.pool, model=LARGE))
            samples.extend(
                (sample.labels["state"], sample.value)
                for metric in DatabaseMetrics(pool=place.pool).collect()
                for sample in metric.samples
                if sample.name == "supportbot_index_documents"
            )

    place.switch(LARGE, on_progress=look)

    ready, checked = checks
    assert ready.state == "ok"
    assert f"{LARGE} is being built: 64 of {ARTICLES} documents" in ready.detail
    assert (checked.state, "supportbot index build" in checked.advice) == ("warning", True)
    assert samples == [("live", ARTICLES), ("building", 64)]


def test_only_the_last_retired_index_is_kept(place: Place) -> None:
    place.switch(LARGE)
    place.switch(BUNDLED)
    assert {name: each.state for name, each in place.states().items()} == {
        LARGE: "retired",
        BUNDLED: "live",
    }
    assert place.run("SELECT to_regclass(%s)", f"passages_{place.index.id}") == [(None,)]


def test_an_index_is_dropped_unless_answers_come_from_it(place: Place) -> None:
    place.switch(LARGE)
    switching = Switching(pool=place.pool, load=place.models.__getitem__)
    with pytest.raises(IndexBusy, match="Answers come from"):
        switching.drop(place.live().id)
    with pytest.raises(IndexMissing, match="There are: "):
        switching.drop(999)
    assert switching.drop(place.index.id) == place.index
    assert list(place.states()) == [LARGE]
    assert (
        place.run("SELECT document_pk FROM indexed_documents WHERE index_id = %s", place.index.id)
        == []
    )


def test_dropping_what_is_being_built_ends_the_build(place: Place) -> None:
    def drop(progress: BuildProgress) -> None:
        if progress.done == 10:
            Switching(pool=place.pool, load=place.models.__getitem__).drop(
                place.states()[LARGE].index.id
            )

    with pytest.raises(IndexDropped):
        place.switch(LARGE, on_progress=drop)
    assert list(place.states()) == [SMALL]


def test_a_document_that_the_new_model_cannot_take_keeps_the_old_index_live(place: Place) -> None:
    place.run("UPDATE documents SET body = '', content_hash = 'odd' WHERE id = 'a009'")
    with pytest.raises(BuildIncomplete, match="a009"):
        place.switch(LARGE)
    assert place.live() == place.index
    assert "a009" in place.states()[LARGE].problem
    assert place.states()[LARGE].documents == ARTICLES - 1

    place.indexer().remove("help", ["a009"])
    place.switch(LARGE)
    assert place.states()[LARGE].problem == ""


def test_few_documents_that_changed_last_are_indexed_within_the_swap(place: Place) -> None:
    def edit(progress: BuildProgress) -> None:
        if progress.stage == "arranging":
            place.write(*(article(each, f"Edited {each}.") for each in range(FEW)))

    new = place.switch(LARGE, on_progress=edit)
    assert place.held(new)["a000"] == "Edited 0."


def test_a_model_is_opened_by_the_name_that_its_index_keeps(place: Place, tmp_path: Path) -> None:
    setting = "tests.fakes.words.WordsEmbedding?size=128&max_tokens=100&embed_batch_size=7"
    models = LoadedEmbedders(setting=f"{setting}&api_key=sk-1", cache_dir=tmp_path)
    again = LoadedEmbedders(setting=BUNDLED, cache_dir=tmp_path)
    own = models.named(models.wanted)
    other = again.named(models.wanted)
    assert own.name == other.name == models.wanted
    assert "sk-1" not in models.wanted
    assert (other.dimensions, other.max_tokens) == (128, 100)

    with pytest.raises(EmbeddingModelMissing, match=r"pathlib\.Path.*supportbot index build"):
        again.of(Index(id=7, model="pathlib.Path", dimensions=3))
    with pytest.raises(IndexMismatch, match="64 dimensions"):
        again.of(Index(id=7, model=LARGE, dimensions=64))


def test_a_model_that_answers_is_wanted_no_more_than_any_other(place: Place) -> None:
    with place.pool.connection() as connection:
        assert not switch_wanted(connection, SMALL)
        assert switch_wanted(connection, LARGE)
