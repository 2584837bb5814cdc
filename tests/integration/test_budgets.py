"""Budgets and what is done without them, on the real books, with vendors' stand-ins over HTTP."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from typing import TYPE_CHECKING, Any

import pytest
from pydantic import SecretStr

from bot import doctor
from bot.answering.claude import ClaudeEngine
from bot.answering.extractive import ExtractiveEngine
from bot.audit import Actor, Audit
from bot.budgets import Budgets, Spending, Standing, Step
from bot.language import LanguageDetector
from bot.llm import Ending, MessagesApi
from bot.models import HandoffReason, Outcome, OutcomeKind, Question
from bot.preferences import Preferences
from bot.records import Records
from bot.support import SupportDesk
from bot.vendor_metrics import VendorMetrics
from bot.vendors import VendorUse
from bot.zendesk.ceiling import SharedCeiling
from connectors.errors import BudgetUsedUp, SourceUnavailable, VendorResting
from connectors.zendesk.account import ZendeskAccount
from connectors.zendesk.login import OAuthClient
from indexing.models import Reader
from tests.factories import document
from tests.fakes.anthropic import MessagesFake
from tests.fakes.clock import FakeClock
from tests.fakes.replies import fails
from tests.fakes.zendesk import FakeZendesk

if TYPE_CHECKING:
    from psycopg import Connection
    from psycopg_pool import ConnectionPool

    from tests.integration.conftest import Knowledge

ADMIN = Actor(surface="cli", name="ada")


@pytest.fixture
def use(pool: ConnectionPool[Connection[Any]]) -> VendorUse:
    return VendorUse(pool=pool, process="a")


@pytest.fixture
def spending(pool: ConnectionPool[Connection[Any]], use: VendorUse) -> Spending:
    return Spending(preferences=Preferences(pool=pool), use=use)


def set_budgets(pool: ConnectionPool[Connection[Any]], **budgets: Any) -> None:
    Preferences(pool=pool).put(Budgets(**budgets), actor=ADMIN)


def an_hour_passes(pool: ConnectionPool[Connection[Any]]) -> None:
    with pool.connection() as connection:
        connection.execute("UPDATE vendor_use SET hour = hour - interval '1 hour'")


def test_steps_follow_what_is_used_and_end_with_the_hour(
    pool: ConnectionPool[Connection[Any]], use: VendorUse, spending: Spending
) -> None:
    assert spending.standing().step is Step.FULL
    set_budgets(pool, model_usd_per_hour=1.0, zendesk_calls_per_hour=100)

    seen = []
    for _ in range(5):
        use.note("model", calls=1, cost_usd=0.25)
        seen.append(spending.standing().step)
    assert seen == [Step.FULL, Step.FULL, Step.FULL, Step.EXTRACTIVE, Step.EXTRACTIVE]
    assert "125% of the budget of 1 model usd per hour" in spending.standing().why

    use.note("zendesk", calls=80)
    assert spending.standing().syncs_wait_until is not None
    use.note("zendesk", calls=20)
    assert spending.standing().step is Step.DRAFTS
    use.note("zendesk", calls=10)
    assert spending.standing().step is Step.HAND_OFF

    an_hour_passes(pool)
    standing = spending.standing()
    assert (standing.step, standing.why, standing.syncs_wait_until) == (Step.FULL, "", None)


def test_a_day_is_counted_over_its_hours(
    pool: ConnectionPool[Connection[Any]], use: VendorUse, spending: Spending
) -> None:
    set_budgets(pool, model_usd_per_day=1.0)
    use.note("model", calls=1, cost_usd=0.9)
    with pool.connection() as connection:
        connection.execute("UPDATE vendor_use SET hour = date_trunc('day', now(), 'UTC')")

    (day,) = spending.standing().budgets
    assert spending.standing().step is Step.NO_EXTRAS
    assert day.ends_at - datetime.now(UTC) <= timedelta(days=1)
    assert (day.ends_at.hour, day.ends_at.minute) == (0, 0)


def test_an_admin_takes_a_step_by_hand_and_that_is_in_the_audit(
    pool: ConnectionPool[Connection[Any]], spending: Spending
) -> None:
    set_budgets(pool, at_least=Step.DRAFTS)

    assert spending.standing().step is Step.DRAFTS
    entry = Audit(pool=pool).latest(target="budgets")[0]
    assert entry.actor == ADMIN


def answered(
    knowledge: Knowledge, api: MessagesApi, standing: Standing, *, delivery: Any = "sent"
) -> Outcome:
    knowledge.add(document())
    desk = SupportDesk(
        retriever=knowledge.retriever,
        engine=ClaudeEngine(api=api),
        fallback=ExtractiveEngine(),
        recorder=Records(pool=knowledge.pool),
        language=LanguageDetector(default="en"),
        evidence_needed=0.0,
        standing=lambda: standing,
    )
    return desk.respond(
        Question(
            text="How long do I have to return an item?",
            reader=Reader.customer(),
            surface="zendesk",
            delivery=delivery,
        )
    )


def standing(step: Step) -> Standing:
    return Standing(step=step, why="All of the budget is used.", budgets=())


def test_each_step_does_without_what_it_says(knowledge: Knowledge, use: VendorUse) -> None:
    with MessagesFake() as fake:
        api = MessagesApi(api_key=SecretStr("k"), base_url=fake.url, meter=use.spent)

        full = answered(knowledge, api, standing(Step.FULL))
        assert (full.engine, full.kind) == ("claude", OutcomeKind.ANSWERED)
        asked = len(fake.requests)
        assert asked == 1

        plain = answered(knowledge, api, standing(Step.EXTRACTIVE))
        assert (plain.engine, plain.kind) == ("extractive", OutcomeKind.ANSWERED)
        assert "claude was not asked: All of the budget is used." in plain.detail

        draft = answered(knowledge, api, standing(Step.DRAFTS))
        assert draft.kind is OutcomeKind.DRAFTED

        handed = answered(knowledge, api, standing(Step.HAND_OFF))
        assert (handed.kind, handed.reason) == (
            OutcomeKind.HANDED_OFF,
            HandoffReason.LIMIT_REACHED,
        )
        shown = answered(knowledge, api, standing(Step.HAND_OFF), delivery="shown")
        assert shown.kind is OutcomeKind.ANSWERED  # it costs Zendesk nothing

        assert len(fake.requests) == asked
        api.close()
    assert use.lately()["model"].calls_today == 1
    assert use.lately()["model"].usd_today == pytest.approx(float(full.usage.cost_usd))


def test_a_model_that_fails_is_left_alone_and_the_passages_answer(
    knowledge: Knowledge, use: VendorUse
) -> None:
    with MessagesFake(default=fails(500)) as fake:
        api = MessagesApi(
            api_key=SecretStr("k"),
            base_url=fake.url,
            sleep=lambda _: None,
            meter=use.spent,
            circuit=use.circuit("model"),
        )
        for _ in range(4):
            outcome = answered(knowledge, api, standing(Step.FULL))
            assert (outcome.engine, outcome.kind) == ("extractive", OutcomeKind.ANSWERED)
        assert len(fake.requests) == 5
        assert "is left alone for 30 seconds" in outcome.detail
        assert use.resting() == {"model": 1}
        api.close()
    (total,) = use.totals()
    assert (total.calls, total.failures) == (5, 5)


def test_what_is_refused_here_is_not_asked() -> None:
    with MessagesFake() as fake:
        api = MessagesApi(api_key="k", base_url=fake.url, refusal=lambda: "Too dear.")
        reply = api.ask(system="s", messages=[{"role": "user", "content": "?"}], max_tokens=5)
    assert (reply.ending, reply.detail) == (Ending.REFUSED_HERE, "Too dear.")
    assert fake.requests == []


def zendesk_account(zendesk: FakeZendesk, clock: FakeClock, **more: Any) -> ZendeskAccount:
    return ZendeskAccount(
        subdomain="acme",
        credentials=OAuthClient(client_id="supportbot", client_secret="the-client-secret"),
        base_url=zendesk.base_url,
        clock=clock,
        sleep=clock.sleep,
        **more,
    )


def test_calls_of_zendesk_are_counted_and_syncs_wait_before_replies_do(
    pool: ConnectionPool[Connection[Any]], use: VendorUse, spending: Spending
) -> None:
    def admit(share: float) -> None:
        if share < 1 and spending.standing().syncs_wait_until:
            raise BudgetUsedUp

    clock = FakeClock()
    ceiling = SharedCeiling(database=pool, account="acme", clock=clock, admit=admit)
    with FakeZendesk() as zendesk:
        account = zendesk_account(zendesk, clock, ceiling=ceiling)
        with account.client() as replies, account.sync_client() as sync:
            replies.check()
            sync.check()
            counted = use.lately()["zendesk"].calls_this_hour
            assert counted >= 2

            set_budgets(pool, zendesk_calls_per_hour=counted + 1)
            clock.advance(5)  # what was reserved no longer holds
            with pytest.raises(BudgetUsedUp):
                sync.check()
            replies.check()


def test_zendesk_that_fails_is_left_alone_which_everybody_can_see(
    pool: ConnectionPool[Connection[Any]], use: VendorUse, spending: Spending
) -> None:
    with FakeZendesk() as zendesk:
        account = zendesk_account(zendesk, FakeClock(), circuit=use.circuit("zendesk"))
        zendesk.failures.plan(503, times=100, matching="/api/v2")
        with account.client() as client:
            with pytest.raises(SourceUnavailable):
                client.check()
            with pytest.raises(VendorResting) as resting:
                client.check()
            with pytest.raises(VendorResting):
                client.check()
        assert 0 < resting.value.retry_after <= 30
    assert use.resting() == {"zendesk": 1}
    assert use.totals()[0].failures == 5

    check = doctor.budgets(spending.standing(), use.resting())
    assert check.state == "warning"
    assert "zendesk is left alone" in check.detail
    samples = {
        (sample.name, *sample.labels.values()): sample.value
        for family in VendorMetrics(pool=pool).collect()
        for sample in family.samples
    }
    assert samples["supportbot_vendor_resting_processes", "zendesk"] == 1
    assert samples["supportbot_vendor_failures_total", "zendesk"] == 5
