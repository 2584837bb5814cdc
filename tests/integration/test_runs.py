"""What is recorded of a run: how fresh it left the index, and what it cost."""

from __future__ import annotations

import json
from datetime import UTC, datetime, timedelta
from typing import TYPE_CHECKING

import pytest
from prometheus_client import CollectorRegistry

from bot.jobs.upkeep import Upkeep
from bot.metrics import DatabaseMetrics
from bot.queue import Queue
from bot.runs import Runs, SyncReport
from bot.sources import Source, Sources
from bot.sync import Sync
from connectors.files import FilesConnector

if TYPE_CHECKING:
    from pathlib import Path

    from tests.integration.conftest import Knowledge

TEN_YEARS = timedelta(days=3650)


class HelpCenter(FilesConnector):
    """An export that is rewritten, as if it took two requests to read it."""

    @property
    def api_calls(self) -> int:  # type: ignore[override]  # files take none
        self.asked = getattr(self, "asked", -2) + 2
        return self.asked


class Exported:
    """The source "help": articles by title, with when they were edited."""

    def __init__(self, knowledge: Knowledge, folder: Path) -> None:
        self.pool = knowledge.pool
        self.runs = Runs(pool=knowledge.pool)
        self._sync = Sync(pool=knowledge.pool, indexer=knowledge.indexer)
        self._file = folder / "help.json"
        self._articles: dict[str, dict[str, object]] = {}
        self._sources = Sources(pool=knowledge.pool)
        self._sources.add(Source(name="help", kind="files", config={}))

    def edit(self, title: str, text: str, *, ago: timedelta) -> None:
        number = self._articles.get(title, {}).get("id", len(self._articles) + 1)
        edited_at = (datetime.now(UTC) - ago).isoformat()
        self._articles[title] = {
            "id": number,
            "title": title,
            "body": text,
            "locale": "en-us",
            "edited_at": edited_at,
        }
        self._file.write_text(json.dumps({"articles": list(self._articles.values())}))

    def sync(self) -> SyncReport:
        connector = HelpCenter(path=self._file, source="help")
        return self._sync.run(self._sources.get("help").source, connector)


@pytest.fixture
def help_center(knowledge: Knowledge, tmp_path: Path) -> Exported:
    return Exported(knowledge, tmp_path)


def test_freshness_is_from_an_edit_since_the_last_run_until_it_was_answerable(
    help_center: Exported,
) -> None:
    help_center.edit("Sizes", "Sizes run small.", ago=TEN_YEARS)
    help_center.edit("Returns", "Within 30 days.", ago=timedelta(seconds=5))
    assert help_center.sync().freshness is None  # the first time, age says nothing

    help_center.edit("Sizes", "Sizes run large.", ago=timedelta(seconds=40))
    help_center.edit("Returns", "Within 60 days.", ago=timedelta(seconds=100))
    help_center.edit("Moved here", "An old article.", ago=TEN_YEARS)
    report = help_center.sync()

    assert (report.added, report.changed) == (1, 2)
    assert report.freshness is not None
    assert 70 <= report.freshness.p50 < 90  # in the middle of the two
    assert 97 <= report.freshness.p95 < 120
    assert help_center.sync().freshness is None  # nothing was edited


def test_a_vendors_clock_that_is_ahead_makes_no_negative_time(help_center: Exported) -> None:
    help_center.edit("Sizes", "Sizes run small.", ago=TEN_YEARS)
    help_center.sync()
    help_center.edit("Sizes", "Sizes run large.", ago=timedelta(seconds=-30))

    report = help_center.sync()

    assert report.freshness is not None
    assert report.freshness.p50 == 0


def test_runs_are_listed_and_measured(help_center: Exported) -> None:
    help_center.edit("Sizes", "Sizes run small.", ago=TEN_YEARS)
    first = help_center.sync()
    help_center.edit("Sizes", "Sizes run large.", ago=timedelta(seconds=50))
    second = help_center.sync()

    listed = help_center.runs.latest("help")

    assert [each.report.freshness for each in listed] == [second.freshness, first.freshness]
    assert [each.report.changed for each in listed] == [1, 0]
    calls = [each.report.api_calls or 0 for each in listed]
    assert all(calls)
    registry = CollectorRegistry()
    registry.register(DatabaseMetrics(pool=help_center.pool))
    sent = registry.get_sample_value("supportbot_sync_api_calls_total", {"source": "help"})
    assert sent == sum(calls)
    labels = {"source": "help", "by": "sync", "quantile": "0.95"}
    fresh = registry.get_sample_value("supportbot_freshness_seconds", labels)
    assert fresh is not None
    assert 50 <= fresh < 70


def test_upkeep_keeps_the_latest_run_of_the_whole_source(help_center: Exported) -> None:
    help_center.edit("Sizes", "Sizes run small.", ago=TEN_YEARS)
    help_center.sync()
    one = SyncReport(source="help")
    run = help_center.runs.start("help", full=False, article="7", job_id=None)
    help_center.runs.finish(run, one, happened_at=None)
    with help_center.pool.connection() as connection:
        connection.execute("UPDATE sync_runs SET finished_at = now() - interval '1 year'")

    Upkeep(queue=Queue(pool=help_center.pool), pool=help_center.pool).prune(0)

    assert [each.article for each in help_center.runs.latest("help")] == [None]
