"""Messages to the team from the help page: rows, each of which becomes one ticket in Zendesk with
the conversation before it."""

from __future__ import annotations

import logging
from collections.abc import Callable
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any
from uuid import UUID

from bot.errors import TicketUnsettled
from bot.help.contact_texts import contact_texts_for
from bot.help.conversations import told
from bot.inert import as_html, shortened
from bot.queue import Job, Lane, Priority, TaskName
from bot.recorded import recorded
from connectors.errors import WriteUncertain
from connectors.zendesk.opening import NewTicket

if TYPE_CHECKING:
    from psycopg import Connection
    from psycopg_pool import ConnectionPool

    from bot.help.contact_texts import ContactTexts
    from bot.queue import Queue
    from connectors.zendesk.desk import TicketDesk

    Pool = ConnectionPool[Connection[Any]]

log = logging.getLogger(__name__)

_SUBJECT = 120
_TAGS = frozenset({"supportbot_help"})

_PUT = """
INSERT INTO help_contacts (id, question_ids, name, email, message, locale)
VALUES (%(id)s, %(questions)s, %(name)s, %(email)s, %(message)s, %(locale)s)
ON CONFLICT (id) DO NOTHING
"""
_GET = """
SELECT question_ids, name, email, message, locale
FROM help_contacts WHERE id = %s AND ticket_id IS NULL
"""
_OPENED = "UPDATE help_contacts SET ticket_id = %s WHERE id = %s"


@dataclass(frozen=True, kw_only=True, slots=True)
class Contact:
    """What somebody wrote. `id` is the conversation's, so that sending it again changes nothing;
    `locale` is the language of the page."""

    id: UUID
    questions: tuple[UUID, ...]
    name: str
    email: str
    message: str
    locale: str


def contact_job(contact: UUID) -> Job:
    """Opens the ticket."""
    return Job(
        task=TaskName.HELP_CONTACT,
        lane=Lane.REPLIES,
        arguments={"contact": str(contact)},
        lock=f"help:{contact}",
        priority=Priority.CONVERSATION,
    )


class Contacts:
    """Takes them, and opens their tickets."""

    def __init__(self, *, pool: Pool, queue: Queue) -> None:
        self._pool = pool
        self._queue = queue

    def take(self, contact: Contact) -> bool:
        """Keeps it and enqueues its ticket, both or neither; False when it was taken before."""
        values = {
            "id": contact.id,
            "questions": list(contact.questions),
            "name": contact.name,
            "email": contact.email,
            "message": contact.message,
            "locale": contact.locale,
        }
        with self._pool.connection() as connection:
            if connection.execute(_PUT, values).rowcount == 0:
                return False
            self._queue.enqueue(contact_job(contact.id), connection=connection)
        return True


class TicketOpener:
    """Makes tickets of messages. `desk` gives the calling thread's."""

    def __init__(self, *, pool: Pool, desk: Callable[[], TicketDesk]) -> None:
        self._pool = pool
        self._desk = desk

    def open(self, contact_id: UUID) -> None:
        """Once, however often it is called. Raises ConnectorError, and TicketUnsettled where nobody
        knows whether it was opened."""
        with self._pool.connection() as connection:
            row = connection.execute(_GET, (contact_id,)).fetchone()
        if row is None:
            return
        questions, name, email, message, locale = row
        words = contact_texts_for(locale)
        first = shortened(message, _SUBJECT)
        ticket = NewTicket(
            key=f"help:{contact_id}",
            subject=first or words.subject,
            html=f"<p>{as_html(message)}</p>{self._before(questions, words)}",
            public=True,
            requester=email,
            requester_name=name,
            tags=_TAGS,
        )
        try:
            number = self._desk().open(ticket)
        except WriteUncertain as error:
            raise TicketUnsettled(str(error)) from error
        with self._pool.connection() as connection:
            connection.execute(_OPENED, (number, contact_id))
        log.info("Opened a ticket.", extra={"action": "help_contact", "ticket": number})

    def _before(self, questions: list[UUID], words: ContactTexts) -> str:
        """The conversation, as it was."""
        parts = []
        for number in questions:
            if (known := recorded(self._pool, number)) is None:
                continue
            said = told(known.outcome) or words.unanswered
            parts.append(f"<p><b>{words.asked}</b> {as_html(known.question.text)}</p>")
            parts.append(f"<p><b>{words.answered}</b> {as_html(said)}</p>")
        return f"<p>{words.before}</p>" + "".join(parts) if parts else ""
