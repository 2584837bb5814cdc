"""What is said while the database's disk is full, and that all goes on once there is room."""

from __future__ import annotations

import time
from collections.abc import Iterator
from pathlib import Path
from typing import TYPE_CHECKING, Any

import psycopg
import pytest
from fastapi.testclient import TestClient

from bot import db, settings
from bot.bootstrap import Application, processes
from bot.errors import DatabaseUnavailable
from bot.postgres import EmbeddedPostgres
from bot.zendesk.webhooks import PATH
from indexing.index import Index
from tests.fakes.zendesk.webhooks import signed
from tests.faults.disks import NO_DISK, Disk, use_up_the_log
from tests.models import with_models

if TYPE_CHECKING:
    import httpx

SECRET = "a-signing-secret"
PATIENCE = 120.0
"""Seconds after which what is waited for has failed to happen."""


class Web:
    """The web process's application on a database of which the disk can be full."""

    def __init__(self, client: TestClient, url: str) -> None:
        self._client = client
        self._url = url
        self._told = 0

    def tell(self, ticket: int) -> httpx.Response:
        """Zendesk's webhook of one ticket; the same ticket is the same invocation."""
        told = {"account_id": 1, "supportbot": 1, "ticket_id": str(ticket), "user_id": "5"}
        body, headers = signed(
            told, secret=SECRET, now=time.time(), invocation_id=f"01TICKET{ticket}"
        )
        return self._client.post(PATH, content=body, headers=headers)

    def tell_until_refused(self) -> tuple[set[int], httpx.Response]:
        """Tickets that were taken, and the answer about the one that was not."""
        taken = set[int]()
        while (answer := self.tell(len(taken) + 1)).status_code == 200:
            taken.add(len(taken) + 1)
        return taken, answer

    def ready(self) -> tuple[int, dict[str, Any]]:
        answer = self._client.get("/readyz")
        return answer.status_code, {each["name"]: each for each in answer.json()["checks"]}

    def wait_until_ready(self) -> None:
        until = time.monotonic() + PATIENCE
        while self.ready()[0] != 200:
            assert time.monotonic() < until, self.ready()
            time.sleep(0.1)

    def tickets(self) -> list[int]:
        """Of all jobs that there are."""
        with psycopg.connect(self._url) as connection:
            found = connection.execute(
                "SELECT (args ->> 'ticket_id')::int FROM procrastinate_jobs ORDER BY id"
            )
            return [row[0] for row in found.fetchall()]


@pytest.fixture(scope="module")
def server(own_disk: Path | None) -> Iterator[EmbeddedPostgres]:
    if own_disk is None:
        pytest.skip(NO_DISK)
    made = EmbeddedPostgres(data_dir=own_disk)
    with made:
        yield made


@pytest.fixture
def web(server: EmbeddedPostgres, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Web]:
    url = server.ensure_running()
    db.migrate(url)
    with db.open_pool(url, max_size=2) as pool:
        Index.open(pool, model="all-MiniLM-L6-v2", dimensions=384)
    monkeypatch.setenv("DATABASE_URL", url)
    monkeypatch.setenv("ZENDESK_WEBHOOK_SECRET", SECRET)
    monkeypatch.setenv("SUPPORTBOT_DATA_DIR", str(with_models(tmp_path)))
    with Application(settings=settings.load(tmp_path / ".env")) as app:
        yield Web(TestClient(processes.web(app)), url)


@pytest.mark.faults
def test_a_webhook_that_cannot_be_kept_is_refused_and_everybody_is_told_why(
    web: Web, disk: Disk, caplog: pytest.LogCaptureFixture
) -> None:
    assert web.ready()[0] == 200

    disk.fill()
    taken, refused = web.tell_until_refused()
    assert refused.status_code == 503
    assert 0 < int(refused.headers["retry-after"]) < 60  # or Zendesk would not send it again
    assert "A webhook waits for the database: DiskFull" in caplog.text
    status, checks = web.ready()
    assert (status, checks["database"]["state"]) == (503, "failed")
    assert "no room left" in checks["database"]["detail"]
    assert "Make room" in checks["database"]["advice"]

    disk.free()
    web.wait_until_ready()
    assert web.tell(len(taken) + 1).text == "Taken.\n"
    assert sorted(web.tickets()) == [*sorted(taken), len(taken) + 1]


@pytest.mark.faults
def test_a_server_that_ended_for_want_of_room_comes_back_with_all_that_was_taken(
    web: Web, disk: Disk, server: EmbeddedPostgres
) -> None:
    before = web.tickets()
    new = max(before, default=0) + 1
    assert web.tell(new).status_code == 200

    disk.fill()
    use_up_the_log(server.ensure_running())
    until = time.monotonic() + PATIENCE
    while web.tell(new + 1).status_code != 503:
        assert time.monotonic() < until
    assert web.ready()[0] == 503
    with pytest.raises(DatabaseUnavailable, match="No space left"):
        server.ensure_running()

    disk.free()
    server.ensure_running()
    web.wait_until_ready()
    assert web.tell(new).text == "Taken before.\n"
    assert web.tell(new + 1).status_code == 200
    assert web.tickets() == [*before, new, new + 1]
