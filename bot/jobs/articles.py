"""The job that brings one article up to date because Zendesk said that it changed."""

from __future__ import annotations

from datetime import datetime, timedelta

from procrastinate import App, JobContext

from bot.jobs.retries import Retries
from bot.jobs.source import SourceJob
from bot.queue import Lane, TaskName
from connectors.base import ArticleSource


class ArticleJob(SourceJob[ArticleSource]):
    """Asks Zendesk how the article is now, whatever the event said, and applies that."""

    # While it waits, no sync of its source begins, so it waits little and leaves the rest to those.
    RETRIES = Retries(attempts=4, first=timedelta(seconds=5), longest=timedelta(seconds=20))

    def register(self, app: App) -> None:
        """Gives the app this task under its name."""
        app.task(
            name=TaskName.ARTICLE.value,
            queue=Lane.EVENTS.value,
            retry=self._retries,
            pass_context=True,
        )(self.run)

    def run(
        self,
        context: JobContext,
        *,
        source: str,
        article: str,
        happened_at: str | None = None,
        event: str = "",
    ) -> None:
        """One article of one source; `happened_at` is when the event says that it changed, in
        ISO 8601, and `event` which one that was. Raises when it is worth another attempt."""
        self._do(
            context,
            source,
            lambda sync, found, connector: sync.run_article(
                found,
                connector,
                article=article,
                happened_at=datetime.fromisoformat(happened_at) if happened_at else None,
                job_id=context.job.id,
            ),
            action="sync_article",
            article=article,
        )
