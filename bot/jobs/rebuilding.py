"""The job that builds the indexes over passages anew."""

from __future__ import annotations

import logging
from collections.abc import Callable
from contextlib import closing
from typing import TYPE_CHECKING, Any

from procrastinate import App, JobContext
from procrastinate.exceptions import JobAborted

from bot.queue import Lane, TaskName
from indexing.errors import IndexMissing
from indexing.rebuilding import rebuild

if TYPE_CHECKING:
    from psycopg import Connection

log = logging.getLogger(__name__)


class RebuildJob:
    """`connect` gives a connection of its own: it is held for minutes, outside of transactions."""

    def __init__(self, *, connect: Callable[[], Connection[Any]]) -> None:
        self._connect = connect

    def register(self, app: App) -> None:
        """Gives the app this task under its name."""
        app.task(name=TaskName.REBUILD.value, queue=Lane.KNOWLEDGE.value, pass_context=True)(
            self.run
        )

    def run(self, context: JobContext) -> None:
        """All of it. Raises JobAborted when the worker stops; whoever asks again begins anew."""

        def begin(name: str) -> None:
            if context.should_abort():
                raise JobAborted
            log.info("Rebuilding.", extra={"action": "rebuild_index", "index": name})

        with closing(self._connect()) as connection:
            connection.autocommit = True
            try:
                done = rebuild(connection, begin=begin)
            except IndexMissing:
                return
        log.info("Rebuilt.", extra={"action": "rebuild_index", "indexes": len(done)})
