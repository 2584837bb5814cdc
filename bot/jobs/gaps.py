"""The job that works out what the knowledge lacks, every night and when somebody asks for it."""

from __future__ import annotations

import logging
from collections.abc import Callable
from typing import TYPE_CHECKING, Any

from bot.insight.gaps.neglect import find_neglected
from bot.insight.gaps.pairs import compare_articles
from bot.insight.gaps.topics import find_topics
from bot.jobs.retries import BY_THE_CLOCK
from bot.queue import Lane, Priority, TaskName
from indexing.errors import IndexMissing

if TYPE_CHECKING:
    from procrastinate import App
    from psycopg import Connection
    from psycopg_pool import ConnectionPool

    from indexing.embedders.embedder import Embedder
    from indexing.retrieval import Retriever

log = logging.getLogger(__name__)

NIGHTLY = "23 2 * * *"


class GapsJob:
    """Enqueued by the clock, once however many workers run. `retriever` and `embedder` give those
    of the live index."""

    def __init__(
        self,
        *,
        pool: ConnectionPool[Connection[Any]],
        retriever: Callable[[], Retriever],
        embedder: Callable[[], Embedder],
    ) -> None:
        self._pool = pool
        self._retriever = retriever
        self._embedder = embedder

    def register(self, app: App) -> None:
        """Gives the app this task under its name, with the hour it is due at."""
        task = app.task(
            name=TaskName.GAPS.value,
            queue=Lane.UPKEEP.value,
            queueing_lock=TaskName.GAPS.value,
            priority=int(Priority.UPKEEP),
            retry=BY_THE_CLOCK,
        )(self.run)
        app.periodic(cron=NIGHTLY)(task)

    def run(self, timestamp: int = 0) -> None:
        """Without an index there is nothing to compare with, and nothing is changed."""
        try:
            compared = compare_articles(self._pool)
        except IndexMissing:
            return
        found = find_topics(self._pool, self._retriever(), self._embedder())
        neglected = find_neglected(self._pool)
        log.info(
            "Worked out the gaps.",
            extra={
                "action": "gaps",
                "questions": found.questions,
                "topics": found.topics,
                "compared": compared,
                "neglected": neglected,
            },
        )
