"""The web process's answers, on a real database in each of its states."""

from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any
from uuid import uuid4

import pytest
from fastapi.testclient import TestClient
from prometheus_client.parser import text_string_to_metric_families
from psycopg import Connection, sql
from psycopg_pool import ConnectionPool

from bot.bootstrap import Application, processes
from bot.errors import SettingInvalid
from bot.queue import Queue, sync_job
from bot.settings import Settings, load
from bot.web import listen
from indexing.index import Index
from tests.conftest import database_at, run_sql
from tests.models import with_models
from tests.waiting import wait_for


@pytest.fixture
def settings_for(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Callable[[str], Settings]:
    def build(database_url: str) -> Settings:
        monkeypatch.setenv("DATABASE_URL", database_url)
        monkeypatch.setenv("SUPPORTBOT_DATA_DIR", str(with_models(tmp_path)))
        return load(tmp_path / ".env")

    return build


@pytest.fixture
def client(database_url: str, settings_for: Callable[[str], Settings]) -> Iterator[TestClient]:
    with Application(settings=settings_for(database_url)) as app:
        yield TestClient(processes.web(app))


def states(answer: Any) -> dict[str, str]:
    return {check["name"]: check["state"] for check in answer["checks"]}


def scraped(client: TestClient) -> dict[tuple[str, ...], float]:
    """What /metrics shows: (name, sorted values of its labels) -> value."""
    return {
        (sample.name, *sorted(sample.labels.values())): sample.value
        for family in text_string_to_metric_families(client.get("/metrics").text)
        for sample in family.samples
    }


def test_healthz_says_that_the_process_is_up(client: TestClient) -> None:
    assert client.get("/healthz").status_code == 200


def test_readyz_names_the_missing_index(client: TestClient) -> None:
    answer = client.get("/readyz")

    assert answer.status_code == 503
    assert states(answer.json()) == {
        "database": "ok",
        "clock": "ok",
        "schema": "ok",
        "index": "failed",
        "queue": "ok",
    }
    assert "supportbot sync" in answer.text


def test_readyz_is_200_once_an_index_is_live(
    client: TestClient, pool: ConnectionPool[Connection[Any]]
) -> None:
    Index.open(pool, model="all-MiniLM-L6-v2", dimensions=384)

    answer = client.get("/readyz")

    assert answer.status_code == 200
    assert answer.json()["ready"] is True


def test_readyz_names_the_missing_schema(
    empty_database_url: str, settings_for: Callable[[str], Settings]
) -> None:
    with Application(settings=settings_for(empty_database_url)) as app:
        answer = TestClient(processes.web(app)).get("/readyz")

    assert answer.status_code == 503
    assert states(answer.json())["schema"] == "failed"
    assert "supportbot migrate" in answer.text


def test_it_serves_before_the_database_is_there_and_notices_when_it_comes(
    server_url: str, migrated_template: str, settings_for: Callable[[str], Settings]
) -> None:
    name = sql.Identifier(f"test_{uuid4().hex}")
    url = database_at(server_url, name.as_string().strip('"'))
    with Application(settings=settings_for(url)) as app:
        client = TestClient(processes.web(app))

        assert client.get("/healthz").status_code == 200
        answer = client.get("/readyz")
        assert answer.status_code == 503
        assert set(states(answer.json()).values()) == {"failed"}
        assert "does not answer" in answer.text

        template = sql.Identifier(migrated_template)
        run_sql(server_url, sql.SQL("CREATE DATABASE {} TEMPLATE {}").format(name, template))
        try:
            wait_for(lambda: states(client.get("/readyz").json())["database"] == "ok")
            assert client.get("/metrics").status_code == 200
        finally:
            run_sql(server_url, sql.SQL("DROP DATABASE {} WITH (FORCE)").format(name))


def test_a_queue_that_nobody_works_on_is_no_reason_to_send_no_traffic(
    client: TestClient, pool: ConnectionPool[Connection[Any]]
) -> None:
    Index.open(pool, model="all-MiniLM-L6-v2", dimensions=384)
    Queue(pool=pool).enqueue(sync_job("docs"))

    answer = client.get("/readyz")

    assert answer.status_code == 200
    assert states(answer.json())["queue"] == "warning"
    assert "supportbot worker" in answer.text


def test_metrics_tell_how_the_queue_is(
    client: TestClient, pool: ConnectionPool[Connection[Any]]
) -> None:
    Queue(pool=pool).enqueue(sync_job("docs"))
    with pool.connection() as connection:
        connection.execute("UPDATE procrastinate_events SET at = now() - interval '90 seconds'")
        connection.execute(
            "INSERT INTO procrastinate_workers (last_heartbeat) VALUES (to_timestamp(1000))"
        )

    samples = scraped(client)

    assert samples["supportbot_jobs", "knowledge", "waiting"] == 1
    assert samples["supportbot_jobs", "failed", "replies"] == 0
    assert 90 <= samples["supportbot_oldest_waiting_job_seconds", "knowledge"] < 900
    assert samples["supportbot_last_heartbeat_timestamp_seconds", "worker"] == 1000
    assert ("supportbot_last_heartbeat_timestamp_seconds", "scheduler") not in samples
    assert samples["supportbot_stalled_jobs",] == 0


def test_metrics_count_questions_of_every_process_by_outcome(
    client: TestClient, pool: ConnectionPool[Connection[Any]]
) -> None:
    with pool.connection() as connection:
        connection.execute(
            "INSERT INTO questions (id, surface, text, locale, audience, outcome, reason, detail,"
            " tags, evidence, engine, model, prompt_version, embedding_index, input_tokens,"
            " output_tokens, cache_read_tokens, cache_write_tokens, cost_usd, latency_ms)"
            " VALUES (gen_random_uuid(), 'cli', 'q', 'en', '{public}', 'handed_off',"
            " 'missing_knowledge', '', '{}', 0, '', '', '', 1, 0, 0, 0, 0, 0,"
            """ '{"retrieve": 12.5, "total": 20}')"""
        )

    samples = scraped(client)

    assert samples["supportbot_questions_total", "cli", "handed_off", "missing_knowledge"] == 1
    assert samples["supportbot_stage_latency_seconds", "0.95", "retrieve"] == 0.0125


def test_a_taken_port_is_said_with_what_to_do() -> None:
    with listen(host="127.0.0.1", port=0) as taken:
        port = taken.getsockname()[1]

        with pytest.raises(SettingInvalid, match=f"Port {port} is taken.*PORT"):
            listen(host="127.0.0.1", port=port)


def test_an_address_that_is_not_ours_is_said_with_what_to_do() -> None:
    with pytest.raises(SettingInvalid, match="WEB_HOST"):
        listen(host="192.0.2.1", port=0)
