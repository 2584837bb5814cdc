"""Tickets of a stand-in, answered by the real parts: an index of the sample help center, the
extractive engine, the books in PostgreSQL, and Zendesk's API over HTTP."""

from __future__ import annotations

from contextlib import contextmanager
from datetime import timedelta
from functools import partial
from typing import TYPE_CHECKING, Any

from bot.answering.extractive import ExtractiveEngine
from bot.drafts import Drafts
from bot.language import LanguageDetector
from bot.preferences import Preferences
from bot.queue import Queue
from bot.recorded import recorded
from bot.records import Records
from bot.sending import Sending
from bot.sources import Source, Sources
from bot.support import EVIDENCE_NEEDED, SupportDesk
from bot.sync import Sync
from bot.zendesk.approving import Approvals
from bot.zendesk.attending import FRESH, Attendant
from bot.zendesk.audience import Audiences
from bot.zendesk.deciding import Decider
from bot.zendesk.feedback import Links, Verdict
from bot.zendesk.guards import Limits
from bot.zendesk.policies import Policies
from bot.zendesk.replies import Voice
from bot.zendesk.resolutions import Resolutions
from bot.zendesk.routing import NoRoutes, Routes
from bot.zendesk.suggesting import Suggestions
from bot.zendesk.turns import Turn, Turns
from bot.zendesk.voices import BrandVoice, Voices
from connectors.registry import Accounts, kind_of
from connectors.zendesk.account import DESK_SCOPES, ZendeskAccount
from connectors.zendesk.desk import TicketDesk
from connectors.zendesk.login import OAuthClient
from indexing.index import Index
from indexing.pipeline import Indexer
from indexing.retrieval import Retriever
from tests.waiting import PATIENCE

if TYPE_CHECKING:
    from collections.abc import Iterator
    from uuid import UUID

    from psycopg_pool import ConnectionPool

    from indexing.embedders.embedder import Embedder
    from tests.fakes.clock import FakeClock
    from tests.fakes.zendesk import FakeZendesk
    from tests.fakes.zendesk.ticket_records import Comment, Person, Ticket

LINKS = Links(keys=[b"the key of feedback links"], base="https://support.example.com")

SAMPLE = Source(name="sample", kind="sample", config={})


def index_sample(pool: ConnectionPool, embedder: Embedder) -> None:
    """Brings the sample help center into an empty database."""
    Sources(pool=pool).add(SAMPLE)
    index = Index.open(pool, model=embedder.name, dimensions=embedder.dimensions)
    indexer = Indexer(pool=pool, index=index, embedder=embedder)
    connector = kind_of("sample").build({}, source=SAMPLE.name, accounts=Accounts(zendesk=None))
    report = Sync(pool=pool, indexer=indexer).run(SAMPLE, connector)
    assert report.succeeded, report


class Tickets:
    """What customers do, the one who attends to it, and what both lead to. Time passes only when
    somebody waits, or by a minute with each message; a turn that is on its way counts as settled
    at once, because nothing is under way while a test looks."""

    def __init__(
        self,
        *,
        zendesk: FakeZendesk,
        clock: FakeClock,
        pool: ConnectionPool,
        embedder: Embedder,
        language: LanguageDetector,
    ) -> None:
        self.zendesk, self.clock, self.pool = zendesk, clock, pool
        self.ticketing = zendesk.account.ticketing
        self.policies = Policies(pool=pool)
        self.turns = Turns(pool=pool)
        self.settling = timedelta(0)
        self.fresh = FRESH
        self.limits = Limits()
        self.routes: Routes = NoRoutes()
        self.anna = self.ticketing.person("Anna Schmidt", email="anna@customer.example")
        self.carl = self.ticketing.person("Carl", role="agent", email="carl@acme.example")
        self._account = partial(
            ZendeskAccount,
            subdomain="acme",
            credentials=OAuthClient(client_id="supportbot", client_secret="the-client-secret"),
            base_url=zendesk.base_url,
            scopes=DESK_SCOPES,
            longest_wait=10.0,
            clock=clock,
            sleep=clock.sleep,
        )
        self.client = self._account(timeout=PATIENCE).client()
        self.desk = TicketDesk(client=self.client, sleep=clock.sleep)
        index = Index.open(pool, model=embedder.name, dimensions=embedder.dimensions)
        self._language = language
        self._retriever = Retriever(pool=pool, index=index, embedder=embedder)
        self.drafts = Drafts(pool=pool, queue=Queue(pool=pool))
        self.preferences = Preferences(pool=pool)
        self.sending = Sending(pool=pool, preferences=self.preferences)
        self.preferences.put(Voices(default=BrandVoice(brand="Larkmoor")))
        self._support = SupportDesk(
            retriever=self._retriever,
            engine=ExtractiveEngine(),
            fallback=None,
            recorder=Records(pool=pool),
            language=language,
            evidence_needed=EVIDENCE_NEEDED,
        )

    @contextmanager
    def hurried(self) -> Iterator[None]:
        """Meanwhile requests that take longer than a second are given up."""
        patient = self.desk
        with self._account(timeout=1.0).client() as client:
            self.desk = TicketDesk(client=client, sleep=self.clock.sleep)
            yield
        self.desk = patient

    # --- What people do

    def asks(self, text: str, *, by: Person | None = None, **more: Any) -> Ticket:
        """A new ticket; `more` as the stand-in takes it."""
        subject = more.pop("subject", "A question")
        ticket = self.ticketing.ticket(by or self.anna, subject, text, **more)
        self.clock.advance(60)
        return ticket

    def replies(self, ticket: Ticket, text: str, **more: Any) -> Ticket:
        """The ticket that the reply is in."""
        ticket = self.ticketing.reply(ticket, text, **more)
        self.clock.advance(60)
        return ticket

    def agent_says(self, ticket: Ticket, text: str, *, public: bool) -> None:
        self.ticketing.comment(ticket, self.carl, text, public=public, channel="web")
        self.clock.advance(60)

    # --- What the bot does

    def attendant(self, *, turns: Turns | None = None, desk: TicketDesk | None = None) -> Attendant:
        return Attendant(
            pool=self.pool,
            desk=desk or self.desk,
            turns=turns or self.turns,
            resolutions=Resolutions(pool=self.pool),
            decider=Decider(
                support=self._support,
                policies=self.policies,
                audiences=Audiences(pool=self.pool, segments_of=self.desk.segments_of),
                routes=self.routes,
                language=self._language,
                voice_of=self._voice_of,
                links=LINKS,
                limits=self.limits,
                evidence_to_send=lambda channel, intent: (
                    self.sending.needed(channel=channel, intent=intent).evidence
                ),
            ),
            approvals=Approvals(
                drafts=self.drafts,
                recorded=partial(recorded, self.pool),
                held=self._retriever.held,
                voice_of=self._voice_of,
                links=LINKS,
            ),
            queue=Queue(pool=self.pool),
            settling=self.settling,
            fresh=self.fresh,
        )

    def suggestions(self) -> Suggestions:
        return Suggestions(
            attendant=self.attendant(),
            drafts=self.drafts,
            support=self._support,
            audiences=Audiences(pool=self.pool, segments_of=self.desk.segments_of),
            routes=self.routes,
            language=self._language,
        )

    def _voice_of(self, brand_id: int | None) -> Voice:
        return self.preferences.get(Voices).of(brand_id)

    def attend(self, ticket: Ticket) -> Turn | None:
        """One look at the ticket; a minute passes."""
        turn = self.attendant().attend(ticket.id).turn
        self.clock.advance(60)
        return turn

    def outcome(self, ticket: Ticket) -> str:
        """One look, and what it led to: "answered", "handed_off: missing_knowledge",
        "ignored: channel off", or "nothing"."""
        turn = self.attend(ticket)
        if turn is None:
            return "nothing"
        why = turn.reason or turn.why
        return f"{turn.outcome.value}: {why.value}" if why else turn.outcome.value

    def send(self, ticket: Ticket, draft_id: UUID) -> str:
        """What the job of an approved draft does, and how the draft is then."""
        self.attendant().send(ticket.id, draft_id)
        self.clock.advance(60)
        draft = self.drafts.get(draft_id)
        return f"{draft.state}: {draft.why}" if draft.why else draft.state

    def judge(self, ticket: Ticket, turn: Turn, *, helped: bool) -> Turn | None:
        """What the link in the reply leads to."""
        verdict = Verdict(ticket_id=ticket.id, turn_id=turn.id, helped=helped, locale="en")
        found = self.attendant().judge(verdict).turn
        self.clock.advance(60)
        return found

    # --- What that led to

    def said(self, ticket: Ticket, *, public: bool) -> list[Comment]:
        """The bot's comments, the oldest first."""
        bot = self.desk.bot_id
        return [each for each in ticket.comments if each.author.id == bot and each.public == public]

    def rows(self, statement: str, *parameters: object) -> list[tuple[Any, ...]]:
        with self.pool.connection() as connection:
            return connection.execute(statement, parameters).fetchall()

    def outcomes(self, ticket: Ticket) -> list[tuple[str, str, int]]:
        """Of each turn in the books: its outcome, its state, and how many messages it takes in."""
        return self.rows(
            "SELECT outcome, state, count(message_id) FROM ticket_turns turn "
            "LEFT JOIN ticket_messages message ON message.turn_id = turn.id "
            "WHERE turn.ticket_id = %s GROUP BY turn.id ORDER BY decided_at",
            ticket.id,
        )
