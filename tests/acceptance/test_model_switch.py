"""Changing EMBEDDING_MODEL as an admin does: set it, restart the worker, watch, and go back."""

import json
import subprocess
import sys
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest

from indexing.embedders import load
from indexing.index import Index
from indexing.pipeline import Indexer
from tests.acceptance.commands import CommandLine
from tests.factories import document
from tests.waiting import wait_for

SMALL, LARGE = (f"tests.fakes.words.WordsEmbedding?size={size}" for size in (32, 128))
GONE = "package.that.is.gone.Model"
DOCUMENTS = 12

Start = Callable[..., subprocess.Popen[str]]


@pytest.fixture
def stock(pool: Any, tmp_path: Path) -> Callable[[str], None]:
    """Indexes some articles under a model of this name."""

    def fill(model: str) -> None:
        index = Index.open(pool, model=model, dimensions=32)
        with pool.connection() as connection:
            connection.execute("INSERT INTO sources (name, kind) VALUES ('help', 'files')")
        indexer = Indexer(pool=pool, index=index, embedder=load(SMALL, cache_dir=tmp_path))
        articles = (document(f"a{n}", body=f"<p>Part {n}.</p>") for n in range(DOCUMENTS))
        assert len(list(indexer.index(articles))) == DOCUMENTS

    return fill


@pytest.fixture
def line(database_url: str, scratch: Path, tmp_path: Path) -> CommandLine:
    settings = {"DATABASE_URL": database_url, "SUPPORTBOT_DATA_DIR": str(scratch / "switch")}
    return CommandLine(folder=tmp_path, settings=settings)


@pytest.fixture
def start(line: CommandLine) -> Iterator[Start]:
    """Starts a command with further settings."""
    started: list[subprocess.Popen[str]] = []

    def begin(*arguments: str, **more: str) -> subprocess.Popen[str]:
        process = subprocess.Popen(
            (sys.executable, "-m", "bot", *arguments),
            cwd=line.folder,
            env={**line.environment(), **more},
            stdin=subprocess.DEVNULL,
            text=True,
        )
        started.append(process)
        return process

    yield begin
    for process in started:
        process.kill()
        process.wait()


def shown(line: CommandLine) -> dict[str, tuple[str, int, bool]]:
    """State, documents and whether it was rolled back from, of each model's index."""
    told = json.loads(line.run("index", "show", "--json").stdout)
    return {
        each["model"]: (each["state"], each["documents"], each["set_aside"])
        for each in told["indexes"]
    }


def test_a_worker_started_with_another_model_switches_to_it(
    line: CommandLine, start: Start, stock: Callable[[str], None]
) -> None:
    stock(SMALL)
    assert b"supportbot index build" in line.run("index", "show", EMBEDDING_MODEL=LARGE).stdout

    start("worker", EMBEDDING_MODEL=LARGE)

    wait_for(lambda: shown(line).get(LARGE) == ("live", DOCUMENTS, False))
    back = line.run("index", "rollback", EMBEDDING_MODEL=LARGE)  # that worker does it
    assert back.returncode == 0, back.stderr
    assert b"EMBEDDING_MODEL is still" in back.stderr
    assert shown(line) == {SMALL: ("live", DOCUMENTS, False), LARGE: ("retired", DOCUMENTS, True)}
    told = json.loads(line.run("doctor", "--json", EMBEDDING_MODEL=LARGE).stdout)
    checks = {each["name"]: each for each in told}
    assert checks["index"]["state"] == "warning"
    assert "rolled back from" in checks["index"]["advice"]
    assert "supportbot eval" in checks["embedding model"]["advice"]
    assert SMALL in checks["answering model"]["detail"]


def test_a_model_that_is_gone_can_be_left_without_a_worker(
    line: CommandLine, stock: Callable[[str], None]
) -> None:
    stock(GONE)
    asked = line.run("ask", "What is part 7?")
    assert asked.returncode == 1
    assert b"supportbot index build" in asked.stderr

    built = line.run("index", "build")

    assert built.returncode == 0, built.stderr
    assert b"12 of 12 documents" in built.stderr
    asked = line.run("ask", "What is part 7?", "--json")
    assert len(json.loads(asked.stdout)["passages"]) == 8
    live = line.run("index", "drop", "2")
    assert (live.returncode, b"Answers come from index 2" in live.stderr) == (1, True)
    wanted = line.run("index", "drop", "1", EMBEDDING_MODEL=GONE)
    assert (wanted.returncode, b"would be built again" in wanted.stderr) == (2, True)
    assert line.run("index", "drop", "1").returncode == 0
    assert shown(line) == {"all-MiniLM-L6-v2": ("live", DOCUMENTS, False)}
    nothing = line.run("index", "rollback")
    assert (nothing.returncode, b"no retired index" in nothing.stderr) == (1, True)
