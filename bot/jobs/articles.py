"""The job that brings one article up to date because Zendesk said that it changed."""

from __future__ import annotations

import logging
from collections.abc import Callable, Iterator
from datetime import timedelta
from typing import TYPE_CHECKING

from procrastinate import App, JobContext
from structlog.contextvars import bound_contextvars

from bot.errors import InputRejected
from bot.jobs.retries import Retries
from bot.jobs.sync import conclude
from bot.queue import Lane, TaskName

if TYPE_CHECKING:
    from bot.sources import Source, Sources
    from bot.sync import Sync
    from connectors.base import Change
    from connectors.zendesk.articles import ArticlesConnector

log = logging.getLogger(__name__)

# While it waits, no sync of its source begins, so it waits little and leaves the rest to those.
RETRIES = Retries(attempts=4, first=timedelta(seconds=5), longest=timedelta(seconds=20))


class ArticleJob:
    """Asks Zendesk how the article is now, whatever the event said, and applies that."""

    def __init__(
        self,
        *,
        sources: Sources,
        connect: Callable[[Source], ArticlesConnector],
        make_sync: Callable[[], Sync],
        retries: Retries = RETRIES,
    ) -> None:
        self._sources = sources
        self._connect = connect
        self._make_sync = make_sync
        self._retries = retries

    def register(self, app: App) -> None:
        """Gives the app this task under its name."""
        app.task(
            name=TaskName.ARTICLE.value,
            queue=Lane.EVENTS.value,
            retry=self._retries,
            pass_context=True,
        )(self.run)

    def run(self, context: JobContext, *, source: str, article: str) -> None:
        """One article of one source. Raises when it is worth another attempt."""
        ids = {"source": source, "article": article, "job": context.job.id}
        with bound_contextvars(action="sync_article", **ids):
            try:
                state = self._sources.get(source)
            except InputRejected:
                log.info("The source was removed meanwhile.")
                return
            changes = self._changes(state.source, article)
            report = self._make_sync().apply(state.source, changes)
            conclude(context, report, self._retries)

    def _changes(self, source: Source, article: str) -> Iterator[Change]:
        """Asked for only once nothing else writes this source. A connector that cannot be made
        is told like one that cannot be read."""
        yield from self._connect(source).changes_of(article)
