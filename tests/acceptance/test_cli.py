"""The command line as people and scripts meet it: real processes on a real database."""

import json
import subprocess
import sys
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any
from uuid import uuid4

import pytest
from psycopg import sql

from tests.acceptance.commands import PYTHON_M_BOT, CommandLine
from tests.conftest import database_at, run_sql
from tests.fakes.anthropic import MessagesFake
from tests.fakes.replies import plain, says

# What `--help` and bad use must not pay for.
HEAVY = (
    "alembic",
    "anthropic",
    "fastapi",
    "httpx",
    "llama_index",
    "lxml",
    "numpy",
    "onnx",
    "onnxruntime",
    "psycopg",
    "pydantic_settings",
    "rich",
    "sqlalchemy",
    "structlog",
    "tokenizers",
    "uvicorn",
)

ALL_HELP = """
import contextlib, io, json, sys
from typer.main import get_command
from bot.cli import app, main

def paths(command, path):
    yield path
    for name, child in getattr(command, "commands", {}).items():
        yield from paths(child, [*path, name])

shown = {}
for path in paths(get_command(app), []):
    with contextlib.redirect_stdout(io.StringIO()) as out:
        status = main([*path, "--help"])
    shown[" ".join(path)] = [status, out.getvalue()]
print(json.dumps([shown, sorted(sys.modules)]))
"""


@dataclass(frozen=True, kw_only=True, slots=True)
class Shop:
    """A machine on which one question was asked, and what that first command printed."""

    line: CommandLine
    first: subprocess.CompletedProcess[bytes]


@pytest.fixture(scope="module")
def shop(server_url: str, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Shop]:
    """An empty database, then the README's first command."""
    name = f"test_{uuid4().hex}"
    run_sql(server_url, sql.SQL("CREATE DATABASE {}").format(sql.Identifier(name)))
    line = command_line(tmp_path_factory.mktemp("shop"), database_at(server_url, name))
    yield Shop(line=line, first=line.run("ask", "How long do I have to return a jacket?"))
    run_sql(server_url, sql.SQL("DROP DATABASE {} WITH (FORCE)").format(sql.Identifier(name)))


@pytest.fixture
def line(tmp_path: Path, database_url: str) -> CommandLine:
    """A machine whose database has a schema and nothing in it."""
    return command_line(tmp_path, database_url)


def command_line(folder: Path, database_url: str) -> CommandLine:
    return CommandLine(
        folder=folder,
        settings={"DATABASE_URL": database_url, "SUPPORTBOT_DATA_DIR": str(folder / "data")},
    )


def asked(shop: Shop, *arguments: str, stdin: bytes = b"") -> Any:
    """What `ask --json` says."""
    done = shop.line.run("ask", *arguments, "--json", stdin=stdin)
    assert done.returncode == 0, done.stderr
    return json.loads(done.stdout)


def test_help_of_every_command_loads_nothing_heavy() -> None:
    done = subprocess.run(
        (sys.executable, "-c", ALL_HELP), capture_output=True, text=True, check=True
    )
    shown, loaded = json.loads(done.stdout)

    assert {"", "ask", "sync", "sources add", "up", "eval retrieval"} <= shown.keys()
    assert all(status == 0 and "--help" in text for status, text in shown.values())
    assert [name for name in HEAVY if name in loaded] == []


@pytest.mark.parametrize(
    ("arguments", "says"),
    [
        (["nonsense"], "nonsense"),
        (["ask"], "question"),
        (["ask", ""], "empty"),
        (["ask", " \t\n"], "empty"),
        (["ask", "x", "--audience", "everybody"], "'customer', 'agent'"),
        (["sources", "add", "ftp"], "sources kinds"),
        (["sources", "add", "files"], "path"),
        (["sources", "add", "files", "./articles"], "--setting value"),
        (["sources", "add", "files", "--path", ".", "--colour", "red"], "colour"),
        (["sources", "add", "files", "--path", ".", "--path", "."], "twice"),
        (["sources", "add", "files", "--name", "Docs!", "--path", "."], "lower-case"),
        (["sources", "show", "nowhere"], "no source named"),
        (["sync", "nowhere"], "no source named"),
        (["sync"], "supportbot sources add"),
        (["eval", "retrieval", "--questions", "missing.jsonl"], "missing.jsonl"),
    ],
)
def test_bad_use_is_one_line_on_standard_error_and_status_2(
    line: CommandLine, arguments: list[str], says: str
) -> None:
    done = line.run(*arguments)

    assert done.returncode == 2
    assert done.stdout == b""
    assert done.stderr.count(b"\n") == 1
    assert says in done.stderr.decode()


def test_a_bad_setting_is_one_line_and_debug_adds_where(line: CommandLine) -> None:
    url = "postgresql://someone:hunter22@127.0.0.1:1/none"

    plain = line.run("sources", "list", DATABASE_URL=url)
    debug = line.run("--debug", "sources", "list", DATABASE_URL=url)

    assert plain.returncode == 1
    assert plain.stderr.count(b"\n") == 1
    assert b"port 1" in plain.stderr
    assert b"Traceback" in debug.stderr
    assert b"hunter22" not in plain.stderr + plain.stdout


def test_the_first_question_on_a_fresh_machine_is_answered_with_citations(shop: Shop) -> None:
    out, err = shop.first.stdout.decode(), shop.first.stderr.decode()

    assert shop.first.returncode == 0, err
    assert "60 days" in out
    assert "[1]" in out.splitlines()[0]
    assert "\n[1] " in out
    assert "https://" in out
    assert "“" in out
    assert "sample help center" in err
    assert "sample" not in out.lower()


def test_what_is_printed_into_a_pipe_holds_no_control_characters(shop: Shop) -> None:
    printed = (shop.first.stdout + shop.first.stderr).decode()

    assert [each for each in printed if ord(each) < 32 and each != "\n"] == []


def test_json_holds_every_key_that_scripts_read(shop: Shop) -> None:
    answer = asked(shop, "How long do I have to return a jacket?")

    assert answer["outcome"] == "answered"
    assert answer["reason"] is None
    assert answer["engine"] == "extractive"
    citation = answer["statements"][0]["citations"][0]
    assert {"document_id", "chunk_id", "title", "url", "quote"} <= citation.keys()
    assert all(citation.values())
    assert {"document_id", "chunk_id", "score", "audience"} <= answer["passages"][0].keys()
    assert all(ms >= 0 for ms in answer["latency_ms"].values())
    assert "total" in answer["latency_ms"]


def test_agents_only_knowledge_is_for_agents(shop: Shop) -> None:
    question = "What do I check before I release an order that was flagged for fraud?"

    customer = asked(shop, question)
    agent = asked(shop, question, "--audience", "agent")

    assert customer["outcome"] == "handed_off"
    assert customer["reason"]
    assert customer["tags"]
    assert all(each["audience"] == ["public"] for each in customer["passages"])
    assert agent["outcome"] == "answered"
    assert any("agents" in each["audience"] for each in agent["passages"])


def test_a_hand_off_says_why_and_what_to_do(shop: Shop) -> None:
    done = shop.line.run("ask", "Which planets have more than twenty moons?")

    assert done.returncode == 0
    assert done.stdout.startswith(b"Handed off: missing_knowledge\n")
    assert b"Tags: " in done.stdout
    assert b"What to do: " in done.stdout


def test_a_german_question_is_answered_from_the_german_article(shop: Shop) -> None:
    answer = asked(shop, "Wie lange kann ich einen Artikel zurückgeben?", "--locale", "de")

    assert answer["outcome"] == "answered"
    assert answer["statements"][0]["citations"][0]["title"] == "Einen Artikel zurückgeben"


@pytest.mark.parametrize(
    "question",
    [b"?", b"&|!:*'\"", b"a", b"return\0 a jacket\0", b"\xff\xfe\x80", "退货 🧥".encode()],
    ids=["mark", "operators", "letter", "nul", "not-utf-8", "cjk-emoji"],
)
def test_odd_questions_from_a_pipe_have_an_outcome(shop: Shop, question: bytes) -> None:
    answer = asked(shop, "-", stdin=question)

    assert answer["outcome"] in {"answered", "handed_off"}


def test_a_question_of_50_000_characters_has_an_outcome(shop: Shop) -> None:
    answer = asked(shop, "-", stdin=b"How long do I have to return a jacket? " * 1300)

    assert answer["outcome"] in {"answered", "handed_off"}


def test_a_reader_that_stops_reading_is_no_error(shop: Shop) -> None:
    process = subprocess.Popen(
        (*PYTHON_M_BOT, "sources", "list", "--json"),
        cwd=shop.line.folder,
        env=shop.line.environment(),
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
    )
    assert process.stdout is not None
    process.stdout.close()
    _, complaints = process.communicate()

    assert complaints == b""


def test_doctor_names_every_part_and_fails_with_what_to_do(shop: Shop) -> None:
    healthy = shop.line.run("doctor", "--json")
    broken = shop.line.run("doctor", DATABASE_URL="postgresql://127.0.0.1:1/none", PORTS="1")
    unusable = shop.line.run("doctor", "--json", ANSWER_ENGINE="gpt")

    checks = {check["name"]: check for check in json.loads(healthy.stdout)}
    assert healthy.returncode == 0
    parts = {"settings", "data directory", "database", "schema", "embedding model", "index"}
    assert parts | {"source sample", "answer engine", "zendesk", "slack"} <= checks.keys()
    assert "pgvector" in checks["database"]["detail"]
    assert broken.returncode == 1
    assert b"failed   database" in broken.stdout
    assert b"Did you mean PORT?" in broken.stdout
    assert unusable.returncode == 1
    assert "ANSWER_ENGINE" in json.loads(unusable.stdout)[0]["detail"]


def test_sources_are_added_synced_shown_and_removed(line: CommandLine, tmp_path: Path) -> None:
    folder = tmp_path / "articles"
    folder.mkdir()
    (folder / "good.md").write_text("# Parking\n\nYou can park behind the shop for free.")
    (folder / "empty.md").write_text("")
    (folder / "left.md").write_text("# Other\n\nAnother article.")

    assert (
        line.run("sources", "add", "files", "--name", "docs", "--path", "articles").returncode == 0
    )
    first = line.run("sync")
    (folder / "left.md").unlink()
    (folder / "good.md").write_text("# Parking\n\nParking behind the shop costs two euros.")
    second = line.run("sync", "docs", "--full")
    shown = line.run("sources", "show", "docs")
    told = json.loads(line.run("sources", "show", "docs", "--json").stdout)
    listed = json.loads(line.run("sources", "list", "--json").stdout)

    assert first.returncode == 0, first.stderr
    assert row_of(first) == ["docs", "2", "0", "0", "0", "1", "0", "-"]
    assert "empty.md" in first.stdout.decode()
    assert row_of(second) == ["docs", "0", "1", "0", "1", "1", "0", "-"]
    assert [line.split()[3:] for line in shown.stdout.decode().splitlines() if "UTC  " in line] == [
        ["full", "succeeded", "0", "1", "0", "1", "1", "0", "-"],
        ["changes", "succeeded", "2", "0", "0", "0", "1", "0", "-"],
    ]
    assert b"empty.md" in shown.stdout
    assert [each["removed"] for each in told["runs"]] == [1, 0]
    assert [each["document_id"] for each in told["failures"]] == ["empty.md"]
    assert told["question_memory"] == 0
    assert (listed[0]["name"], listed[0]["documents"]) == ("docs", 1)
    assert line.run("sources", "remove", "docs").returncode == 0
    assert json.loads(line.run("sources", "list", "--json").stdout) == []


def row_of(done: subprocess.CompletedProcess[bytes]) -> list[str]:
    """The summary of the only source: added, changed, unchanged, removed, failed, API calls,
    freshness."""
    return done.stdout.decode().splitlines()[1].split()


def test_a_source_that_cannot_be_read_fails_the_sync(line: CommandLine, tmp_path: Path) -> None:
    (tmp_path / "articles").mkdir()
    (tmp_path / "articles" / "a.md").write_text("# A\n\nText.")
    line.run("sources", "add", "files", "--name", "docs", "--path", "articles")
    line.run("sync")
    (tmp_path / "articles").rename(tmp_path / "moved")

    done = line.run("sync")

    assert done.returncode == 1
    assert b"The sync of docs failed" in done.stderr
    listed = json.loads(line.run("sources", "list", "--json").stdout)
    assert listed[0]["documents"] == 1


def test_asking_before_the_own_sources_were_synced_says_so(
    line: CommandLine, tmp_path: Path
) -> None:
    (tmp_path / "a.md").write_text("# A\n\nText.")
    line.run("sources", "add", "files", "--name=docs", "--path=a.md")

    done = line.run("ask", "Where can I park?")

    assert done.returncode == 1
    assert b"supportbot sync" in done.stderr


def test_the_embedded_database_is_used_when_no_other_is_named(
    scratch: Path, tmp_path: Path
) -> None:
    line = CommandLine(
        folder=tmp_path, settings={"SUPPORTBOT_DATA_DIR": str(scratch / tmp_path.name)}
    )

    migrated = line.run("migrate")
    again = line.run("sources", "list")

    assert migrated.returncode == 0, migrated.stderr
    assert b"revision" in migrated.stdout
    assert again.returncode == 0, again.stderr


def ran(line: CommandLine, *arguments: str) -> str:
    done = line.run(*arguments)
    assert done.returncode == 0, done.stderr.decode()
    return done.stdout.decode()


def test_measurements_write_every_figure(shop: Shop, tmp_path: Path) -> None:
    questions = tmp_path / "questions.jsonl"
    questions.write_text(
        '{"question": "How long do I have to return a jacket?", '
        '"article_ids": ["article:8200000000108:en-us"], "answerable": true}\n'
        '{"question": "Which planets have more than twenty moons?", "answerable": false}\n'
    )

    for measure, key in (("retrieval", "methods"), ("answers", "answerable")):
        figures = tmp_path / f"{measure}.json"
        done = shop.line.run("eval", measure, "--questions", str(questions), "--json", str(figures))
        assert done.returncode == 0, done.stderr
        assert key in json.loads(figures.read_text())

    ran(shop.line, "eval", "sets", "import", "mine", str(questions))
    for _ in range(2):
        ran(shop.line, "eval", "answers", "--set", "mine", "--save")
    listed = json.loads(ran(shop.line, "eval", "runs", "--json"))
    numbers = [str(each["run"]) for each in listed]
    compared = json.loads(ran(shop.line, "eval", "compare", *numbers[::-1], "--json"))

    assert [(each["cases_name"], each["cases"]) for each in listed] == [("mine", 2)] * 2
    assert listed[0]["index_version"].startswith("57 documents")
    assert compared["differs_in"] == []
    assert all(each["better"] == each["worse"] == [] for each in compared["figures"])
    assert shop.line.run("eval", "answers").returncode == 2  # neither a file nor a set
    advice = tmp_path / "advice.json"
    told = ran(shop.line, "advise", "--set", "mine", "--json", str(advice))
    assert json.loads(advice.read_text())["cases"] == 2
    assert "Whether retrieval has plateaued is not known" in told
    ran(shop.line, "eval", "guard", "set", numbers[0])
    ran(shop.line, "eval", "guard", "check", "--unchanged")
    assert "answers" in ran(shop.line, "eval", "guard", "list")


def test_a_connected_model_judges_answers_and_without_one_the_command_says_so(
    shop: Shop, tmp_path: Path
) -> None:
    questions, figures = tmp_path / "questions.jsonl", tmp_path / "figures.json"
    questions.write_text(
        '{"question": "How long do I have to return a jacket?", "answerable": true, '
        '"answer": "60 days", "given_answer": "Never.", "judged": "wrong"}\n'
    )
    command = ("eval", "answers", "--questions", str(questions), "--json", str(figures), "--judge")

    refused = shop.line.run(*command)
    with MessagesFake(default=says(plain('{"verdict": "wrong", "why": "No."}'))) as fake:
        model = {"ANTHROPIC_BASE_URL": fake.url, "ANSWER_ENGINE": "extractive"}
        done = shop.line.run(*command, "--save", **model)
    kept = json.loads(ran(shop.line, "eval", "runs", "--limit", "1", "--json"))[0]

    assert refused.returncode == 2
    assert b"ANTHROPIC_API_KEY" in refused.stderr
    assert done.returncode == 0, done.stderr
    judged = json.loads(figures.read_text())["judge"]
    assert (judged["wrong"], judged["share_correct"]) == (1, 0.0)
    assert judged["agreement"]["labels"] == 1
    assert b"needs 30 judged answers" in done.stdout
    assert fake.violations == []
    assert "judge-1" in kept["settings"]["judge"]
