"""The web process behind PgBouncer in transaction mode: a real one, where it is installed."""

from __future__ import annotations

import os
import pwd
import shutil
import subprocess
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import Any
from uuid import uuid4

import pytest
from fastapi.testclient import TestClient
from psycopg.conninfo import conninfo_to_dict

from bot import settings
from bot.bootstrap import Application, processes
from bot.errors import SettingInvalid
from bot.web import listen
from tests.integration.test_zendesk_webhook import SECRET, signed
from tests.waiting import PATIENCE, database_answers, wait_for

PGBOUNCER = shutil.which("pgbouncer") or shutil.which("pgbouncer", path="/usr/sbin")

EVENT = (
    '{"account_id": 1, "detail": {"id": "%d"}, "event": {}, "id": "%s", '
    '"subject": "zen:ticket:%d", "time": "2026-11-01T10:00:00Z", '
    '"type": "zen:event-type:ticket.created", "zendesk_event_version": "2022-11-06"}'
)


@pytest.fixture
def pooled_url(database_url: str, scratch: Path) -> Iterator[str]:
    """The test's database through a pool of two connections, each anybody's after a transaction."""
    if PGBOUNCER is None:
        pytest.skip("pgbouncer is not installed (apt-get install pgbouncer)")
    options = conninfo_to_dict(database_url)
    with listen(host="127.0.0.1", port=0) as free:
        port = free.getsockname()[1]
    folder = scratch / f"pgbouncer-{uuid4().hex}"
    folder.mkdir(mode=0o755)
    (folder / "users.txt").write_text(f'"{options["user"]}" "{options["password"]}"\n')
    (folder / "pgbouncer.ini").write_text(
        f"[databases]\n* = host={options['host']} port={options['port']}\n[pgbouncer]\n"
        f"listen_addr = 127.0.0.1\nlisten_port = {port}\nunix_socket_dir =\n"
        f"auth_type = trust\nauth_file = {folder}/users.txt\npool_mode = transaction\n"
        "default_pool_size = 2\nmax_client_conn = 100\n"
    )
    account = [f"--user={pwd.getpwnam('nobody').pw_name}"] if os.geteuid() == 0 else []
    running = subprocess.Popen(
        (PGBOUNCER, "--quiet", *account, str(folder / "pgbouncer.ini")),
        stdout=subprocess.DEVNULL,
        stderr=subprocess.DEVNULL,
    )
    url = f"postgresql://{options['user']}@127.0.0.1:{port}/{options['dbname']}"
    try:
        wait_for(lambda: database_answers(url), "pgbouncer does not answer")
        yield url
    finally:
        running.terminate()
        running.wait(timeout=PATIENCE)


@pytest.fixture
def app(pooled_url: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Application]:
    for name, value in (
        ("DATABASE_URL", pooled_url),
        ("DATABASE_POOLING", "transaction"),
        ("DATABASE_POOL_SIZE", "8"),
        ("SUPPORTBOT_DATA_DIR", str(tmp_path)),
        ("ZENDESK_WEBHOOK_SECRET", SECRET),
    ):
        monkeypatch.setenv(name, value)
    with Application(settings=settings.load(tmp_path / ".env")) as opened:
        yield opened


def test_many_at_once_share_two_connections(app: Application, pool: Any) -> None:
    with TestClient(processes.web(app)) as client:  # one event loop, as a server has

        def deliver(number: int) -> int:
            body = (EVENT % (number, uuid4(), number)).encode()
            sent = client.post("/zendesk/webhook", content=body, headers=signed(body))
            return sent.status_code

        with ThreadPoolExecutor(8) as threads:
            assert set(threads.map(deliver, range(1, 121))) == {200}

        with pool.connection() as connection:
            row = connection.execute(
                "SELECT count(DISTINCT args) FROM procrastinate_jobs"
            ).fetchone()
        assert row == (120,)
        assert client.get("/metrics").status_code == 200
        assert client.get("/readyz").json()["checks"][0]["state"] == "ok"
    with app.patient_pool.connection() as connection:
        assert connection.prepare_threshold is None


def test_what_needs_a_session_refuses(app: Application) -> None:
    with pytest.raises(SettingInvalid, match="DATABASE_POOLING is transaction"):
        processes.scheduler(app)
