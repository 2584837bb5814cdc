"""The web process's answers, on a real database in each of its states."""

from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest
from fastapi.testclient import TestClient
from prometheus_client.parser import text_string_to_metric_families
from psycopg import Connection
from psycopg_pool import ConnectionPool

from bot.bootstrap import Application
from bot.errors import SettingInvalid
from bot.settings import Settings, load
from bot.web import listen


@pytest.fixture
def settings_for(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Callable[[str], Settings]:
    def build(database_url: str) -> Settings:
        monkeypatch.setenv("DATABASE_URL", database_url)
        monkeypatch.setenv("SUPPORTBOT_DATA_DIR", str(tmp_path))
        return load(tmp_path / ".env")

    return build


@pytest.fixture
def client(database_url: str, settings_for: Callable[[str], Settings]) -> Iterator[TestClient]:
    with Application(settings=settings_for(database_url)) as app:
        yield TestClient(app.web())


def states(answer: Any) -> dict[str, str]:
    return {check["name"]: check["state"] for check in answer["checks"]}


def test_healthz_says_that_the_process_is_up(client: TestClient) -> None:
    assert client.get("/healthz").status_code == 200


def test_readyz_names_the_missing_index(client: TestClient) -> None:
    answer = client.get("/readyz")

    assert answer.status_code == 503
    assert states(answer.json()) == {"database": "ok", "schema": "ok", "index": "failed"}
    assert "supportbot sync" in answer.text


def test_readyz_is_200_once_an_index_is_live(
    client: TestClient, pool: ConnectionPool[Connection[Any]]
) -> None:
    from indexing.index import Index

    Index.open(pool, model="all-MiniLM-L6-v2", dimensions=384)

    answer = client.get("/readyz")

    assert answer.status_code == 200
    assert answer.json()["ready"] is True


def test_readyz_names_the_missing_schema(
    empty_database_url: str, settings_for: Callable[[str], Settings]
) -> None:
    with Application(settings=settings_for(empty_database_url)) as app:
        answer = TestClient(app.web()).get("/readyz")

    assert answer.status_code == 503
    assert states(answer.json())["schema"] == "failed"
    assert "supportbot migrate" in answer.text


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

    samples = {
        (sample.name, *sorted(sample.labels.values())): sample.value
        for family in text_string_to_metric_families(client.get("/metrics").text)
        for sample in family.samples
    }

    assert samples["supportbot_questions_total", "cli", "handed_off", "missing_knowledge"] == 1
    assert samples["supportbot_stage_latency_milliseconds", "0.95", "retrieve"] == 12.5


def test_a_taken_port_is_said_with_what_to_do() -> None:
    with listen(host="127.0.0.1", port=0) as taken:
        port = taken.getsockname()[1]

        with pytest.raises(SettingInvalid, match=f"Port {port} is taken.*PORT"):
            listen(host="127.0.0.1", port=port)


def test_an_address_that_is_not_ours_is_said_with_what_to_do() -> None:
    with pytest.raises(SettingInvalid, match="WEB_HOST"):
        listen(host="192.0.2.1", port=0)
