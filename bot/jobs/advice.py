"""The job that asks a test set's questions and says what to do about those that fail."""

from __future__ import annotations

import logging
from collections.abc import Callable
from typing import TYPE_CHECKING, Any

from bot.evaluation.advice import advise
from bot.evaluation.case_sets import CaseSets
from bot.evaluation.diagnosis import Diagnosis
from bot.evaluation.runs import EvaluationRuns
from bot.evaluation.trend import retrieval_trend
from bot.insight.advice import write_advice
from bot.language import LanguageDetector
from bot.queue import Lane, TaskName

if TYPE_CHECKING:
    from procrastinate import App
    from psycopg import Connection
    from psycopg_pool import ConnectionPool

    from bot.support import SupportDesk
    from bot.triage.router import Router
    from indexing.index import Index
    from indexing.retrieval import Retriever

log = logging.getLogger(__name__)


class AdviceJob:
    """Asks a desk that records nothing. What is a function is made when a job first needs it."""

    def __init__(
        self,
        *,
        pool: ConnectionPool[Connection[Any]],
        desk: Callable[[], SupportDesk],
        retriever: Callable[[], Retriever],
        index: Callable[[], Index],
        router: Callable[[], Router],
        has_tags: Callable[[], bool],
        engine: Callable[[], str],
    ) -> None:
        self._pool = pool
        self._desk = desk
        self._retriever = retriever
        self._index = index
        self._router = router
        self._has_tags = has_tags
        self._engine = engine

    def register(self, app: App) -> None:
        """Gives the app this task under its name."""
        app.task(name=TaskName.ADVISE.value, queue=Lane.UPKEEP.value)(self.run)

    def run(self, name: str) -> None:
        """Raises InputRejected where the set has gone meanwhile, and as `SupportDesk.respond`."""
        cases = CaseSets(pool=self._pool).cases(name)
        diagnosis = Diagnosis(
            respond=self._desk().respond,
            retriever=self._retriever(),
            pool=self._pool,
            index=self._index(),
            language_of=LanguageDetector(default="").locale_of,
            tag_of=self._tag_of if self._has_tags() else None,
        )
        trend = retrieval_trend(EvaluationRuns(pool=self._pool), name)
        advised = advise(len(cases), diagnosis.failures(cases), trend, engine=self._engine())
        write_advice(self._pool, name, advised)
        log.info(
            "Worked out advice.",
            extra={"action": "advise", "cases": len(cases), "failed": advised.failed},
        )

    def _tag_of(self, text: str, locale: str) -> str:
        tag = self._router().route(text, locale=locale).tag
        return tag.name if tag else ""
