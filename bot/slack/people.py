"""Asking a person: who presses it says how and what to add; "mark resolved" ends it."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import TYPE_CHECKING, Any

from bot.slack.blocks import Block, choice, modal, option, section, text_input
from bot.slack.errands import handover_job
from bot.slack.gestures import question_in
from bot.slack.handovers import Handover, Kind

if TYPE_CHECKING:
    from psycopg import Connection
    from psycopg_pool import ConnectionPool

    from bot.queue import Queue
    from bot.slack.api import SlackApi
    from bot.slack.gestures import Pressed, Submitted
    from bot.slack.handovers import Handovers, SlackRoutes

HANDED_OVER = "handed_over"
"""The dialog's name."""

_TITLE = "Ask a person"
_WAYS: Mapping[Kind, str] = {
    "group": "Ask the people who look after it, here in Slack",
    "ticket": "Open a ticket in Zendesk",
}
_NOBODY = (
    "Nobody is set up to be asked yet. An admin can say who looks after what in the app's Home, "
    "or connect Zendesk."
)
_ALREADY = "People were asked about this already. They answer in its thread."
_TOLD = "They are shown the question, your note, and a link to this conversation."


class People:
    """Takes what people press. `has_tickets` is whether tickets can be opened."""

    def __init__(
        self,
        *,
        pool: ConnectionPool[Connection[Any]],
        queue: Queue,
        handovers: Handovers,
        routes: SlackRoutes,
        has_tickets: bool,
        api: Callable[[str], SlackApi],
        wait: float = 2.0,
    ) -> None:
        self._pool = pool
        self._queue = queue
        self._handovers = handovers
        self._routes = routes
        self._has_tickets = has_tickets
        self._api = api
        self._wait = wait

    def ask(self, pressed: Pressed) -> None:
        """Opens the dialog. Raises SlackError."""
        question = question_in(pressed.value)
        if question is not None:
            self._api(pressed.team).open_view(pressed.trigger, self._view(pressed))

    def submit(self, submitted: Submitted) -> Mapping[str, str]:
        """Hands it over, once. Raises psycopg.Error without a database."""
        question = question_in(str(submitted.private.get("question", "")))
        kind = submitted.text("kind")
        if question is None or kind not in _WAYS:
            return {}
        handover = Handover(
            question=question,
            team=submitted.team,
            channel=str(submitted.private.get("channel", "")),
            thread=str(submitted.private.get("thread", "")),
            user=submitted.user,
            kind="ticket" if kind == "ticket" else "group",
            comment=submitted.text("comment"),
        )
        with self._pool.connection(timeout=self._wait) as connection:
            if not self._handovers.begin(handover, connection=connection):
                return {"comment": _ALREADY}
            job = handover_job(handover.team, question)
            self._queue.enqueue(job, connection=connection)
        return {}

    def resolve(self, pressed: Pressed) -> None:
        """Ends it, once. Raises psycopg.Error without a database."""
        question = question_in(pressed.value)
        if question is None:
            return
        with self._pool.connection(timeout=self._wait) as connection:
            if self._handovers.resolve(question, pressed.user, connection=connection):
                job = handover_job(pressed.team, question)
                self._queue.enqueue(job, connection=connection)

    def _view(self, pressed: Pressed) -> Block:
        question = question_in(pressed.value)
        if question is not None and self._handovers.get(question) is not None:
            return modal(_TITLE, [section(_ALREADY)])
        ways = self._ways(pressed.team)
        if not ways:
            return modal(_TITLE, [section(_NOBODY)])
        # A reply stands in the thread of its question; what only one person saw has none.
        thread = pressed.thread or ("" if pressed.is_ephemeral else pressed.ts)
        return modal(
            _TITLE,
            [
                choice("How?", "kind", ways, initial=ways[0]),
                text_input(
                    "Anything they should know?",
                    "comment",
                    multiline=True,
                    optional=True,
                    hint=_TOLD,
                ),
            ],
            callback=HANDED_OVER,
            submit="Ask",
            close="Cancel",
            private={"question": str(question), "channel": pressed.channel, "thread": thread},
        )

    def _ways(self, team: str) -> list[Block]:
        ways: list[Kind] = []
        if self._routes.all(team):
            ways.append("group")
        if self._has_tickets:
            ways.append("ticket")
        return [option(_WAYS[each], each) for each in ways]
