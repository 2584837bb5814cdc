"""How benchmarks run: databases of their own, steps in processes of their own, tables, JSON."""

from __future__ import annotations

import json
import math
import os
import re
import subprocess
import sys
import tempfile
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING, Any
from uuid import uuid4

import psutil
import psycopg
from psycopg import sql
from rich.console import Console
from rich.table import Table

from bot import db
from bot.evaluation.scorers import latency
from bot.postgres import EmbeddedPostgres
from tests.conftest import database_at, run_sql

if TYPE_CHECKING:
    import http.client
    from collections.abc import Iterator, Sequence

    from psycopg_pool import ConnectionPool

    from indexing.embedders.minilm_encoder import MiniLMEncoder, Precision


@contextmanager
def server(keep: Path | None = None) -> Iterator[str]:
    """The server named by DATABASE_URL, else an embedded one that is thrown away afterwards, or
    that keeps its data in the folder `keep`."""
    if given := os.environ.get("DATABASE_URL"):
        yield given
        return
    if keep is not None:
        with EmbeddedPostgres(data_dir=keep) as url:
            yield url
        return
    with tempfile.TemporaryDirectory(prefix="supportbot-bench-") as name:
        folder = Path(name)
        folder.chmod(0o711)
        with EmbeddedPostgres(data_dir=folder / "server") as url:
            yield url


def kept_database(server_url: str, name: str) -> str:
    """The database of this name, made at the newest schema if it is not there."""
    with psycopg.connect(server_url) as connection:
        found = connection.execute("SELECT FROM pg_database WHERE datname = %s", (name,)).fetchone()
    if found is None:
        run_sql(server_url, sql.SQL("CREATE DATABASE {}").format(sql.Identifier(name)))
    url = database_at(server_url, name)
    db.migrate(url)
    return url


@contextmanager
def database(server_url: str) -> Iterator[str]:
    """A fresh database at the newest schema, dropped afterwards."""
    name = f"bench_{uuid4().hex}"
    run_sql(server_url, sql.SQL("CREATE DATABASE {}").format(sql.Identifier(name)))
    try:
        url = database_at(server_url, name)
        db.migrate(url)
        yield url
    finally:
        run_sql(server_url, sql.SQL("DROP DATABASE {} WITH (FORCE)").format(sql.Identifier(name)))


def add_source(pool: ConnectionPool, name: str) -> None:
    """A source row, which every document needs."""
    with pool.connection() as connection:
        connection.execute("INSERT INTO sources (name, kind) VALUES (%s, 'files')", (name,))


def encoder(precision: Precision = "int8") -> MiniLMEncoder:
    """The bundled model; what it prepares once is shared with the tests."""
    from indexing.embedders.minilm_encoder import MiniLMEncoder

    cache = Path(tempfile.gettempdir()) / f"supportbot-tests-models-{os.getuid()}"
    cache.mkdir(mode=0o700, exist_ok=True)
    return MiniLMEncoder.open(cache_dir=cache, precision=precision)


def in_a_process(module: str, *arguments: str) -> dict[str, Any]:
    """Runs a module and returns the JSON of its last line. A process of its own gives each
    step the same start and a peak of memory of its own."""
    finished = subprocess.run(
        [sys.executable, "-m", module, *arguments], stdout=subprocess.PIPE, check=True
    )
    result: dict[str, Any] = json.loads(finished.stdout.splitlines()[-1])
    return result


def timings(milliseconds: Sequence[float]) -> dict[str, float]:
    """How many, and p50_ms, p95_ms, p99_ms and longest_ms; nothing took 0 ms."""
    one = sorted(milliseconds) or [0.0]
    return {
        "count": len(milliseconds),
        "p50_ms": latency(one).p50,
        "p95_ms": latency(one).p95,
        "p99_ms": one[math.ceil(len(one) * 0.99) - 1],
        "longest_ms": one[-1],
    }


def peak_megabytes() -> float:
    """The most memory that this process has held. VmHWM, because ru_maxrss starts at what the
    parent held when it forked."""
    status = Path("/proc/self/status").read_text(encoding="ascii")
    found = re.search(r"VmHWM:\s+(\d+) kB", status)
    return int(found.group(1)) / 1024 if found else 0.0


def server_megabytes(url: str) -> float:
    """What all processes of a PostgreSQL on this machine hold, memory that they share counted
    once; 0 where it is on another machine."""
    with psycopg.connect(url) as connection:
        row = connection.execute("SELECT pg_backend_pid(), inet_server_addr()").fetchone()
        try:
            parent = psutil.Process(row[0] if row else 0).parent()
            processes = [parent, *parent.children(recursive=True)] if parent else []
            return sum(_proportional(each.pid) for each in processes)
        except (psutil.Error, OSError):
            return 0.0


def _proportional(pid: int) -> float:
    """The megabytes of a process, of memory that n share one nth."""
    try:
        told = Path(f"/proc/{pid}/smaps_rollup").read_text(encoding="ascii")
    except OSError:  # it has ended, or is somebody else's
        return 0.0
    found = re.search(r"^Pss:\s+(\d+) kB", told, re.MULTILINE)
    return int(found.group(1)) / 1024 if found else 0.0


def show(title: str, rows: Sequence[Sequence[str]], *, notes: Sequence[str] = ()) -> None:
    """Prints a table; the first row names the columns."""
    table = Table(title=title)
    for number, name in enumerate(rows[0]):
        table.add_column(name, justify="right" if number else "left")
    for row in rows[1:]:
        table.add_row(*row)
    console = Console(width=None if sys.stdout.isatty() else 140)
    console.print(table)
    for note in notes:
        console.print(note)


def write_json(path: Path | None, figures: dict[str, Any]) -> None:
    """Writes the figures, if a path was given."""
    if path is not None:
        path.write_text(json.dumps(figures, indent=1) + "\n", encoding="utf-8")


def progress(text: str) -> None:
    """One line to standard error."""
    sys.stderr.write(f"{text}\n")
    sys.stderr.flush()


def posted(
    connection: http.client.HTTPConnection, path: str, body: bytes, headers: dict[str, str]
) -> int:
    """The status of a POST. A connection that the server had closed while idle is opened anew."""
    for attempt in (1, 2):
        try:
            connection.request("POST", path, body=body, headers=headers)
            with connection.getresponse() as answer:
                answer.read()
                return answer.status
        except ConnectionError:
            connection.close()
            if attempt == 2:
                raise
    raise AssertionError
