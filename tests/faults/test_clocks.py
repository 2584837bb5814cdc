"""A process whose clock is wrong by minutes does what is to be done when the database says."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from pathlib import Path
from typing import Any

import psycopg
import pytest

from tests.faults.clocks import NO_COMPILER, SECONDS, library, preloaded

# In seconds from now, by the database: the minutes that were planned, and the job that failed.
_PLANNED = """
SELECT extract(epoch FROM now())::bigint - defer_timestamp FROM procrastinate_periodic_defers
"""
_HELD = """
SELECT extract(epoch FROM scheduled_at - now())::float8 FROM procrastinate_jobs
WHERE task_name = 'failed'
"""

SLACK = 300
"""Seconds that this machine may stand still meanwhile."""


def rows(url: str, statement: str) -> list[tuple[Any, ...]]:
    with psycopg.connect(url) as connection:
        return connection.execute(statement).fetchall()


@pytest.mark.faults
@pytest.mark.parametrize(("ahead", "where"), [(900, "ahead of"), (-900, "behind")])
def test_the_clock_of_the_database_decides(
    database_url: str, scratch: Path, ahead: int, where: str
) -> None:
    made = library(scratch)
    if made is None:
        pytest.skip(NO_COMPILER)
    done = subprocess.run(
        (sys.executable, "-m", "tests.faults.skewed", database_url),
        cwd=Path(__file__).parents[2],
        env={**os.environ, **preloaded(made), SECONDS: str(ahead)},
        capture_output=True,
        text=True,
        check=False,
    )
    assert done.returncode == 0, done.stderr

    planned = [row[0] for row in rows(database_url, _PLANNED)]
    assert planned
    assert all(-1 <= each < 60 + SLACK for each in planned)
    ((held,),) = rows(database_url, _HELD)
    assert 3600 - SLACK < held <= 3601
    told = json.loads(done.stdout)
    assert told["state"] == "warning"
    assert where in told["detail"]
