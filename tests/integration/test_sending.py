"""What people said of answers sets how sure the next one must be to be sent."""

from __future__ import annotations

import random
from collections import Counter
from typing import TYPE_CHECKING, Any
from uuid import UUID, uuid4

import pytest

from bot.preferences import Preferences
from bot.sending import Sending, SendingRisk
from indexing.index import Index

if TYPE_CHECKING:
    from psycopg import Connection
    from psycopg_pool import ConnectionPool

ANSWERED, DRAFTED = "answered", "drafted"


class Books:
    """Writes what the bot and people would have written."""

    def __init__(self, pool: ConnectionPool[Connection[Any]]) -> None:
        self.pool = pool
        self.index = Index.open(pool, model="m", dimensions=3)
        self.preferences = Preferences(pool=pool)
        # For which nothing ever takes long.
        self.sending = Sending(pool=pool, preferences=self.preferences, clock=lambda: 0.0)
        self._ticket = 0

    def run(self, statement: str, *values: object) -> None:
        with self.pool.connection() as connection:
            connection.execute(statement, values)

    def answer(
        self,
        outcome: str = ANSWERED,
        *,
        evidence: float = 0.9,
        channel: str = "email",
        intent: str = "",
        ticket: dict[str, str] | None = None,
        index: int | None = None,
    ) -> UUID:
        """A recorded answer in a ticket; `ticket` are columns of it that are set to now."""
        question, self._ticket = uuid4(), self._ticket + 1
        self.run(
            "INSERT INTO questions (id, surface, text, locale, audience, outcome, detail, tags, "
            "evidence, engine, model, prompt_version, embedding_index, input_tokens, "
            "output_tokens, cache_read_tokens, cache_write_tokens, cost_usd, latency_ms) "
            "VALUES (%s, 'zendesk', '?', 'en', '{public}', %s, '', '{}', %s, '', '', '', %s, "
            "0, 0, 0, 0, 0, '{}')",
            question, outcome, evidence, self.index.id if index is None else index,
        )  # fmt: skip
        self.run("INSERT INTO tickets (ticket_id, channel) VALUES (%s, %s)", self._ticket, channel)
        self.run(
            "INSERT INTO ticket_turns (id, ticket_id, state, outcome, routing_tag, asked_at) "
            "VALUES (%s, %s, 'done', %s, %s, now())",
            question, self._ticket, outcome, intent,
        )  # fmt: skip
        for column in ticket or ():
            self.run(f"UPDATE tickets SET {column} = now() WHERE ticket_id = %s", self._ticket)
        return question

    def decide(self, draft: UUID, decision: str, text: str | None = None) -> None:
        self.run(
            "INSERT INTO draft_decisions (draft_id, decision, text, surface, person) "
            "VALUES (%s, %s, %s, 'slack', 'U1')",
            draft, decision, text,
        )  # fmt: skip

    def rate(self, question: UUID, *, helpful: bool, reasons: str = "{}") -> None:
        self.run(
            "INSERT INTO feedback (question_id, surface, person, helpful, reasons) "
            "VALUES (%s, 'slack', 'U1', %s, %s)",
            question, helpful, reasons,
        )  # fmt: skip

    def judgements(self) -> dict[UUID, bool]:
        with self.pool.connection() as connection:
            return dict(
                connection.execute("SELECT question_id, is_right FROM judged_answers").fetchall()
            )


@pytest.fixture
def books(pool: ConnectionPool[Connection[Any]]) -> Books:
    return Books(pool)


def test_only_what_people_said_is_a_judgement(books: Books) -> None:
    expected: dict[UUID, bool] = {}
    for decision, text, is_right in (
        ("approved", None, True), ("approved", "In my words.", False), ("rejected", None, False)
    ):  # fmt: skip
        draft = books.answer(DRAFTED)
        books.decide(draft, decision, text)
        expected[draft] = is_right
    for column, is_right in (
        ("confirmed_at", True),
        ("declined_at", False),
        ("reopened_at", False),
    ):
        expected[books.answer(ticket={column: ""})] = is_right
    for helpful, reasons, verdict in (
        (True, "{}", True), (False, "{incorrect}", False), (False, "{tone}", None)
    ):  # fmt: skip
        rated = books.answer()
        books.rate(rated, helpful=helpful, reasons=reasons)
        if verdict is not None:
            expected[rated] = verdict
    books.answer()  # silence
    assert books.judgements() == expected


def test_who_confirms_and_then_comes_back_was_not_helped(books: Books) -> None:
    question = books.answer(ticket={"confirmed_at": "", "reopened_at": ""})
    assert books.judgements() == {question: False}


def test_the_cautious_threshold_holds_until_enough_is_known(books: Books) -> None:
    needed = books.sending.needed(channel="email", intent="")
    assert (needed.evidence, needed.is_proven, needed.fit.missing) == (0.6, False, 149)
    for _ in range(20):
        books.answer(ticket={"confirmed_at": ""})
    assert books.sending.needed(channel="email", intent="").fit.missing == 129


def test_a_channel_that_has_proven_itself_decides_for_itself(books: Books) -> None:
    books.preferences.put(SendingRisk(wrong_at_most=0.2, confidence=0.9))
    for _ in range(15):
        books.answer(channel="email", evidence=0.45, ticket={"confirmed_at": ""})
    for _ in range(15):
        books.answer(channel="web", evidence=0.45, ticket={"declined_at": ""})
    email = books.sending.needed(channel="email", intent="")
    assert (email.channel, email.is_proven) == ("email", True)
    assert email.evidence == pytest.approx(0.45, abs=1e-5)
    assert email.evidence <= 0.45  # what is as sure as they were is sent
    assert not books.sending.needed(channel="web", intent="").is_proven
    rows = books.sending.table()
    assert [(each.channel, each.is_proven) for each in rows] == [
        (None, False), ("email", True), ("web", False)
    ]  # fmt: skip


def test_an_intent_comes_before_its_channel(books: Books) -> None:
    books.preferences.put(SendingRisk(wrong_at_most=0.2, confidence=0.9))
    for _ in range(15):
        books.answer(intent="returns", evidence=0.5, ticket={"confirmed_at": ""})
        books.answer(intent="fraud", evidence=0.9, ticket={"confirmed_at": ""})
    assert books.sending.needed(channel="email", intent="returns").evidence == pytest.approx(
        0.5, abs=1e-5
    )
    assert books.sending.needed(channel="email", intent="fraud").evidence == pytest.approx(
        0.9, abs=1e-5
    )
    unknown = books.sending.needed(channel="email", intent="billing")
    assert (unknown.channel, unknown.intent) == ("email", None)


def test_what_was_judged_under_another_model_says_nothing(books: Books) -> None:
    books.answer(ticket={"confirmed_at": ""}, index=99)
    assert books.sending.needed(channel="email", intent="").fit.cases == 0


def test_the_newest_judgements_of_the_account_count(books: Books) -> None:
    """As the view has them, which looks at every answer."""
    chance = random.Random(5)
    for number in range(60):
        said = chance.choice(({}, {"confirmed_at": "now"}, {"reopened_at": "now"}))
        outcome = chance.choice((ANSWERED, DRAFTED))
        evidence, channel = 0.3 + number / 100, chance.choice(("email", "web"))
        answer = books.answer(outcome, evidence=evidence, channel=channel, ticket=said)
        if outcome == DRAFTED and chance.random() < 0.6:
            books.decide(answer, chance.choice(("approved", "rejected")))
        if chance.random() < 0.5:
            tone = chance.random() < 0.3
            books.rate(answer, helpful=not tone, reasons="{tone}" if tone else "{}")
    books.run("UPDATE feedback SET given_at = given_at + random() * interval '1 hour'")
    with books.pool.connection() as connection:
        rows = connection.execute(
            "SELECT channel, intent, evidence, is_right FROM judged_answers"
        ).fetchall()

    known = books.sending.account().fit.cases
    assert 20 < known == len(rows)
    by_channel = {each.channel: each.fit.cases for each in books.sending.table()[1:]}
    assert by_channel == Counter(row[0] for row in rows)


def test_many_judgements_are_not_read_for_each_ticket(books: Books) -> None:
    now = [0.0]

    class Slow(Sending):
        def _judged(self) -> Any:
            now[0] += 0.2
            return super()._judged()

    sending = Slow(pool=books.pool, preferences=books.preferences, clock=lambda: now[0])

    def known() -> int:
        return sending.account().fit.cases

    assert known() == 0
    books.rate(books.answer(), helpful=True)
    assert known() == 1
    books.run(
        "INSERT INTO questions SELECT (jsonb_populate_record(question, jsonb_build_object("
        "'id', gen_random_uuid()))).* FROM questions AS question, generate_series(1, 1500)"
    )
    books.run(
        "INSERT INTO feedback (question_id, surface, person, helpful) "
        "SELECT id, 'slack', 'U1', true FROM questions LIMIT 1200 ON CONFLICT DO NOTHING"
    )
    before = known()
    assert before >= 1_000
    books.rate(books.answer(), helpful=True)
    assert known() == before
    now[0] += 20.0
    assert known() == before + 1
