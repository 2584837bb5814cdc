"""Tickets as jobs: what people write gets its outcome, whatever fails meanwhile."""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from datetime import timedelta
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING, Any, cast
from uuid import uuid4

import procrastinate
import pytest
from fastapi.testclient import TestClient
from psycopg_pool import PoolTimeout

from bot import settings
from bot.bootstrap import Application, processes
from bot.bootstrap.ticket_checks import ticket_checks
from bot.drafts import Drafts
from bot.errors import DatabaseUnavailable
from bot.jobs.tickets import TicketJobs, TicketSweepJob
from bot.models import OutcomeKind
from bot.queue import Lane, Priority, Queue
from bot.recorded import recorded
from bot.worker import traced
from bot.zendesk.approving import Approvals
from bot.zendesk.attending import Attendant
from bot.zendesk.errands import ticket_job
from bot.zendesk.feedback import Links, Verdict, signing_keys
from bot.zendesk.page_texts import PAGE_TEXTS
from bot.zendesk.policies import Mode, Policies, Policy
from bot.zendesk.problems import Problems
from bot.zendesk.replies import Voice
from bot.zendesk.resolutions import Resolutions
from bot.zendesk.sweeping import TicketSweep
from bot.zendesk.turns import Past, Turn, Turns, turn_id
from connectors.zendesk.account import DESK_SCOPES, ZendeskAccount
from connectors.zendesk.conversation import Conversation, TicketChange
from connectors.zendesk.desk import TicketDesk
from connectors.zendesk.login import OAuthClient
from tests.fakes.clock import FakeClock
from tests.fakes.zendesk import FakeZendesk
from tests.fakes.zendesk.ticketing import Person, Ticket
from tests.waiting import PATIENCE

if TYPE_CHECKING:
    from psycopg import Connection
    from psycopg_pool import ConnectionPool

    from bot.zendesk.deciding import Decider


@dataclass(kw_only=True)
class Answering:
    """Answers whatever a customer asked and nobody answered, always alike: what is tested here is
    how tickets come in, not what is said. `fault` is raised instead."""

    fault: Exception | None = None
    verdicts: list[Verdict] = field(default_factory=list)

    def decide(
        self, ticket: Conversation, past: Past, *, bot_id: int, verdict: Verdict | None = None
    ) -> Turn | None:
        if self.fault is not None:
            raise self.fault
        if verdict is not None:
            self.verdicts.append(verdict)
        waiting = [
            each
            for each in ticket.messages
            if each.public and not each.author.is_staff and each.id not in past.handled
        ]
        if not waiting:
            return None
        number = turn_id(ticket.ticket_id, waiting[-1].id)
        answer = TicketChange(marker=str(number), html="<p>45 days.</p>", public=True)
        return Turn(
            id=number,
            ticket_id=ticket.ticket_id,
            message_ids=tuple(each.id for each in waiting),
            asked_at=waiting[0].created_at,
            outcome=OutcomeKind.ANSWERED,
            changes=(answer,),
        )


class Desk:
    """A worker that deals with the tickets of the stand-in, here and now."""

    def __init__(self, zendesk: FakeZendesk, clock: FakeClock, pool: Any, url: str) -> None:
        self.zendesk, self.clock, self.pool, self._url = zendesk, clock, pool, url
        self.queue, self.problems = Queue(pool=pool), Problems(pool=pool)
        self.decider = Answering()
        self.account = ZendeskAccount(
            subdomain="acme",
            credentials=OAuthClient(client_id="supportbot", client_secret="the-client-secret"),
            base_url=zendesk.base_url,
            scopes=DESK_SCOPES,
            timeout=PATIENCE,
            longest_wait=10.0,
            clock=clock,
            sleep=clock.sleep,
        )
        self.client = self.account.client()
        self.desk = TicketDesk(client=self.client, sleep=clock.sleep)
        self.settling = timedelta(seconds=45)

    def attendant(self) -> Attendant:
        return Attendant(
            pool=self.pool,
            desk=self.desk,
            turns=Turns(pool=self.pool),
            resolutions=Resolutions(pool=self.pool),
            decider=cast("Decider", self.decider),
            approvals=Approvals(
                drafts=Drafts(pool=self.pool, queue=self.queue),
                recorded=partial(recorded, self.pool),
                held=lambda chunks, reader: frozenset(chunks),
                voice_of=lambda brand_id: Voice(),
                links=None,
            ),
            queue=self.queue,
            settling=self.settling,
        )

    def sweep(self) -> TicketSweep:
        return TicketSweep(pool=self.pool, queue=self.queue, desk=self.desk, account="acme")

    def swept(self) -> list[int]:
        """The tickets that one sweep a little later wants to have looked at."""
        self.rows("DELETE FROM procrastinate_jobs RETURNING 1")
        self.clock.advance(90)
        TicketSweepJob(sweep=self.sweep).run(0)
        told = self.rows("SELECT (args->>'ticket_id')::bigint FROM procrastinate_jobs ORDER BY id")
        return [row[0] for row in told]

    def work(self) -> None:
        """Does what waits, as if its time had come."""
        self.rows("UPDATE procrastinate_jobs SET scheduled_at = NULL RETURNING 1")
        asyncio.run(self._work())

    async def _work(self) -> None:
        app = procrastinate.App(connector=procrastinate.PsycopgConnector(conninfo=self._url))
        TicketJobs(attendant=self.attendant, problems=self.problems, queue=self.queue).register(app)
        async with app.open_async():
            await app.run_worker_async(
                queues=[Lane.REPLIES.value],
                wait=False,
                install_signal_handlers=False,
                worker_middleware=[traced],
            )

    def rows(self, statement: str) -> list[tuple[Any, ...]]:
        with self.pool.connection() as connection:
            return cast("list[tuple[Any, ...]]", connection.execute(statement).fetchall())

    def said(self, ticket: Ticket) -> list[str]:
        return [each.text for each in ticket.comments]

    def waiting(self) -> list[tuple[int, float]]:
        """Attempts so far of each job that waits, and how many seconds after its last attempt it
        is due: counted from then, because this machine may be slow."""
        return self.rows(
            "SELECT attempts, extract(epoch FROM scheduled_at - ("
            "    SELECT max(at) FROM procrastinate_events event WHERE event.job_id = job.id"
            "    AND event.type IN ('deferred', 'deferred_for_retry')))::float8 "
            "FROM procrastinate_jobs job WHERE status = 'todo' ORDER BY id"
        )


@pytest.fixture
def desk(pool: ConnectionPool[Connection[Any]], database_url: str) -> Iterator[Desk]:
    clock = FakeClock()
    with FakeZendesk(clock=clock) as zendesk:
        made = Desk(zendesk, clock, pool, database_url)
        Policies(pool=pool).set(Policy(mode=Mode.AUTO))
        with made.client:
            yield made


@pytest.fixture
def anna(desk: Desk) -> Person:
    return desk.zendesk.account.ticketing.person("Anna")


@pytest.fixture
def ticket(desk: Desk, anna: Person) -> Ticket:
    return desk.zendesk.account.ticketing.ticket(anna, "Tents", "How long?")


# --- Looking at a ticket


def test_messages_of_a_short_time_are_one_turn_and_one_answer(desk: Desk, ticket: Ticket) -> None:
    desk.queue.enqueue(ticket_job(ticket.id))
    desk.zendesk.account.ticketing.comment(ticket, ticket.requester, "And how wide?")
    desk.queue.enqueue(ticket_job(ticket.id))
    before = len(desk.zendesk.journal)
    desk.work()

    assert desk.said(ticket) == ["How long?", "And how wide?", "45 days."]
    assert desk.rows("SELECT count(*) FROM ticket_turns WHERE state = 'done'") == [(1,)]
    assert desk.rows("SELECT status::text FROM procrastinate_jobs") == [("succeeded",)]
    calls = [each.path for each in desk.zendesk.journal[before:] if "/tickets/" in each.path]
    assert len(calls) == 4

    desk.queue.enqueue(ticket_job(ticket.id))
    desk.work()
    assert len(desk.said(ticket)) == 3


@pytest.mark.parametrize(
    ("disturb", "says", "at_least"),
    [
        (lambda z: z.failures.plan(503, times=9, matching=r"GET .*/tickets/"), "disturbance", 4),
        (
            lambda z: z.failures.plan(429, matching=r"GET .*/tickets/", retry_after="90"),
            "asks to wait 90",
            85,
        ),
        (lambda z: setattr(z.access, "allowed_scopes", frozenset({"read"})), "scope write", 590),
    ],
    ids=["unavailable", "rate", "permission"],
)
def test_what_cannot_be_done_now_waits_and_the_admin_sees_why(
    desk: Desk,
    ticket: Ticket,
    disturb: Callable[[FakeZendesk], None],
    says: str,
    at_least: float,
) -> None:
    disturb(desk.zendesk)
    desk.queue.enqueue(ticket_job(ticket.id))
    desk.work()

    assert desk.said(ticket) == ["How long?"]
    ((attempts, wait),) = desk.waiting()
    assert attempts == 1
    assert at_least - 1 <= wait <= 1.3 * at_least + 5
    (problem,) = desk.problems.all()
    assert (problem.ticket_id, says in problem.problem) == (ticket.id, True), problem

    desk.zendesk.failures.clear()
    desk.zendesk.access.allowed_scopes = None
    desk.clock.advance(120)
    desk.work()
    assert desk.said(ticket)[1:] == ["45 days."]
    assert desk.problems.all() == ()


@pytest.mark.parametrize("error", [DatabaseUnavailable("gone"), PoolTimeout("gone")], ids=repr)
def test_while_the_database_is_away_a_ticket_waits_and_nothing_is_wrong_with_it(
    desk: Desk, ticket: Ticket, error: Exception
) -> None:
    desk.decider.fault = error
    desk.queue.enqueue(ticket_job(ticket.id))
    desk.work()
    ((_, wait),) = desk.waiting()
    assert wait < 60
    assert desk.problems.all() == ()

    desk.decider.fault = None
    desk.work()
    assert desk.said(ticket)[1:] == ["45 days."]


def test_an_answer_of_which_nobody_knows_whether_it_arrived_is_there_once(
    desk: Desk, ticket: Ticket
) -> None:
    desk.zendesk.failures.plan("reset", matching="PUT", applied=True)
    desk.queue.enqueue(ticket_job(ticket.id))
    desk.work()

    ((_, wait),) = desk.waiting()
    assert wait > 40  # until no request can be under way any more
    assert desk.problems.all() == ()  # nothing is wrong yet

    desk.work()
    assert desk.said(ticket) == ["How long?", "45 days."]
    assert desk.rows("SELECT state FROM ticket_turns") == [("done",)]


def test_a_job_that_was_tried_for_long_is_carried_on_by_a_new_one(
    desk: Desk, ticket: Ticket
) -> None:
    desk.zendesk.failures.plan(503, times=9, matching="tickets")
    desk.queue.enqueue(ticket_job(ticket.id))
    desk.rows("UPDATE procrastinate_jobs SET attempts = 20 RETURNING 1")
    desk.work()

    ((attempts, wait),) = desk.waiting()
    assert attempts == 0
    assert wait > 500
    desk.zendesk.failures.clear()
    desk.work()
    assert desk.said(ticket)[1:] == ["45 days."]


def test_a_fault_of_ours_is_tried_a_few_times_then_left_for_the_admin(
    desk: Desk, ticket: Ticket
) -> None:
    desk.decider.fault = KeyError("secret words of a customer")
    desk.queue.enqueue(ticket_job(ticket.id))
    for _ in range(5):
        desk.work()

    assert desk.rows("SELECT status::text FROM procrastinate_jobs") == [("failed",)]
    (problem,) = desk.problems.all()
    assert "KeyError" in problem.problem
    assert "secret words" not in problem.problem


def test_a_ticket_that_is_gone_ends_quietly(desk: Desk, ticket: Ticket) -> None:
    desk.zendesk.account.ticketing.delete(ticket, ticket.requester)
    for number in (ticket.id, 999_999):
        desk.queue.enqueue(ticket_job(number))
    desk.work()

    assert desk.rows("SELECT DISTINCT status::text FROM procrastinate_jobs") == [("succeeded",)]


# --- The sweep


def test_a_sweep_finds_what_webhooks_lost_and_nothing_else(
    desk: Desk, ticket: Ticket, anna: Person
) -> None:
    ticketing = desk.zendesk.account.ticketing
    carl = ticketing.person("Carl", role="agent")
    assert desk.swept() == [ticket.id]
    assert desk.swept() == []
    assert desk.rows("SELECT account, bot_id FROM ticket_sweeps") == [("acme", 77)]

    # Our own answer is nothing new.
    desk.attendant().attend(ticket.id)
    assert desk.said(ticket)[1:] == ["45 days."]
    assert desk.swept() == []

    # A customer's is, even where it comes within the second of ours.
    ticketing.reply(ticket, "And how wide?")
    desk.attendant().attend(ticket.id)
    ticketing.reply(ticket, "And how high?")
    assert desk.swept() == [ticket.id]

    # What was looked at since is left out; what people do is worth a look; closing is not.
    ticketing.comment(ticket, carl, "Two metres.")
    second = ticketing.ticket(anna, "Stoves", "How hot?")
    desk.attendant().attend(ticket.id)
    assert desk.swept() == [second.id]
    desk.attendant().attend(second.id)
    ticketing.change(second, status="solved")
    assert desk.swept() == [second.id]
    desk.attendant().attend(second.id)
    desk.clock.advance(60)
    ticketing.change(second, status="closed")
    assert desk.swept() == []


def test_nothing_is_swept_before_a_policy_answers_anything(desk: Desk, ticket: Ticket) -> None:
    assert desk.swept() == [ticket.id]
    (policy,) = Policies(pool=desk.pool).all()
    Policies(pool=desk.pool).remove(policy.id)
    desk.zendesk.account.ticketing.reply(ticket, "Hello?")

    before = len(desk.zendesk.journal)
    assert desk.swept() == []
    assert len(desk.zendesk.journal) == before
    assert desk.rows("SELECT count(*) FROM ticket_sweeps") == [(0,)]


def test_a_sweep_goes_on_where_it_failed_and_anew_where_its_place_is_lost(
    desk: Desk, ticket: Ticket
) -> None:
    assert desk.swept() == [ticket.id]
    desk.zendesk.account.ticketing.reply(ticket, "Hello?")
    desk.zendesk.failures.plan(503, times=9, matching="incremental")
    assert desk.swept() == []
    desk.zendesk.failures.clear()
    assert desk.swept() == [ticket.id]

    desk.zendesk.account.ticketing.reply(ticket, "Are you there?")
    desk.rows("UPDATE ticket_sweeps SET cursor = 'too old' RETURNING 1")
    assert desk.swept() == [ticket.id]
    assert desk.swept() == []


def test_of_two_sweeps_at_once_one_stops(desk: Desk, ticket: Ticket) -> None:
    assert desk.swept() == [ticket.id]
    desk.zendesk.account.ticketing.reply(ticket, "Hello?")
    other = desk.sweep()
    raced: list[int] = []

    def meanwhile() -> None:
        desk.zendesk.meanwhile = lambda: None
        with desk.pool.connection() as connection:
            connection.execute("UPDATE ticket_sweeps SET cursor = 'the other one'")
        raced.append(1)

    desk.clock.advance(90)
    desk.rows("DELETE FROM procrastinate_jobs RETURNING 1")
    desk.zendesk.meanwhile = meanwhile
    assert other.run() == 0
    assert raced
    assert desk.rows("SELECT cursor FROM ticket_sweeps") == [("the other one",)]
    assert desk.waiting() == []


def test_what_a_sweep_finds_comes_after_what_people_just_wrote(desk: Desk, ticket: Ticket) -> None:
    desk.swept()

    assert desk.rows("SELECT priority FROM procrastinate_jobs") == [(int(Priority.SCHEDULED),)]
    desk.queue.enqueue(ticket_job(ticket.id))
    assert desk.rows("SELECT priority FROM procrastinate_jobs") == [(int(Priority.EVENT),)]


# --- Verdicts


@pytest.fixture
def application(
    desk: Desk, database_url: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> Iterator[Application]:
    for name in settings.names():
        monkeypatch.delenv(name, raising=False)
    (tmp_path / ".env").write_text(
        f"DATABASE_URL={database_url}\nSUPPORTBOT_DATA_DIR={tmp_path}\nZENDESK_SUBDOMAIN=acme\n"
        f"ZENDESK_BASE_URL={desk.zendesk.base_url}\nZENDESK_CLIENT_ID=supportbot\n"
        "ZENDESK_CLIENT_SECRET=the-client-secret\nPUBLIC_URL=https://bot.example\n"
    )
    with Application(settings=settings.load(tmp_path / ".env")) as opened:
        yield opened


def test_a_verdict_is_acted_on_once_and_only_by_the_button(
    desk: Desk, ticket: Ticket, application: Application
) -> None:
    links = Links(keys=signing_keys(desk.pool), base="https://bot.example")
    verdict = Verdict(ticket_id=ticket.id, turn_id=uuid4(), helped=False, locale="de")
    path = links.of(verdict).removeprefix("https://bot.example")
    with TestClient(processes.web(application)) as client:
        page = client.get(path)
        assert PAGE_TEXTS["de"].confirm_no in page.text
        assert desk.waiting() == []  # whoever scans mail opens links

        answers = [client.post(path) for _ in range(2)]
        forged = client.post(f"{path}x")

    assert [each.status_code for each in answers] == [200, 200]
    assert PAGE_TEXTS["de"].thanks_no in answers[0].text
    assert forged.status_code == 404
    assert len(desk.waiting()) == 1
    desk.work()
    assert desk.decider.verdicts == [verdict]
    assert desk.rows("SELECT lock FROM procrastinate_jobs") == [(f"ticket:{ticket.id}",)]


# --- What the admin is told


def test_doctor_tells_what_is_stuck_and_whether_sweeps_come(
    desk: Desk, ticket: Ticket, application: Application
) -> None:
    def told() -> dict[str, tuple[str, str]]:
        return {each.name: (each.state, each.detail) for each in ticket_checks(application)}

    assert told()["tickets"][0] == "warning"  # no sweep yet
    desk.swept()
    desk.problems.note(ticket.id, "The group is gone.")

    state, detail = told()["tickets"]
    assert (state, "1 auto" in detail) == ("ok", True)
    state, detail = told()["stuck tickets"]
    assert (state, f"Ticket {ticket.id}" in detail, "group is gone" in detail) == (
        "warning",
        True,
        True,
    )
    assert told()["ticket events"][0] == "warning"  # nothing is installed
    metrics = TestClient(processes.web(application)).get("/metrics").text
    assert "supportbot_stuck_tickets 1.0" in metrics
    assert "supportbot_ticket_sweep_age_seconds" in metrics
    desk.attendant().attend(ticket.id)
    metrics = TestClient(processes.web(application)).get("/metrics").text
    assert 'supportbot_ticket_turns_total{outcome="answered",reason=""} 1.0' in metrics
