"""Settings in the console: what is saved counts, and who changed it stands in the log."""

from datetime import timedelta
from typing import Any
from uuid import uuid4

import pytest
from psycopg import Connection
from psycopg_pool import ConnectionPool

from bot.admin.roles import Role
from bot.audit import SYSTEM, Audit
from bot.evaluation.case_sets import CaseSets, NewCase
from bot.evaluation.runs import EvaluationRuns, KeptResult, Measurement, Setup
from bot.limits import Limits, left_to_people
from bot.models import HandoffReason
from bot.preferences import Preferences
from bot.retention import Retention, enforce
from bot.sending import SendingRisk
from bot.slack.channels import Channels
from bot.zendesk.policies import Mode, Policies
from bot.zendesk.voices import Voices
from indexing.models import Reader
from tests.console import Browser, somebody
from tests.integration.console import Serve, serve

__all__ = ["serve"]

Pool = ConnectionPool[Connection[Any]]

CUSTOMER, AGENT = Reader.customer().labels, Reader.agent().labels


def test_a_channel_is_set_to_auto_and_the_log_tells_before_and_after(
    serve: Serve, pool: Pool
) -> None:
    admin, policies = Browser(serve(), pool, somebody(pool)), Policies(pool=pool)
    form = {"mode": "draft", "channel": "Email", "share": "20", "allowed": "@acme.example\ntag:vip"}

    assert admin.post("/settings/tickets", form).status_code == 303
    (policy,) = policies.all()
    assert (policy.mode, policy.channel, policy.share) == (Mode.DRAFT, "email", 20)
    assert policy.allowed == ("@acme.example", "tag:vip")
    assert "tag:vip" in admin.page(f"/settings/tickets/{policy.id}").select("textarea")[0].text
    assert admin.post("/settings/tickets", {**form, "mode": "auto"}).status_code == 303
    entry = Audit(pool=pool).latest(action="ticket_policies changed")[0]
    assert entry.before is not None
    assert entry.after is not None
    assert (entry.before["mode"], entry.after["mode"]) == ("draft", "auto")
    log = admin.page("/audit?actor=admin%40example.com").get_text()
    assert "draft" in log
    assert "auto" in log

    for wrong in ({"share": "140"}, {"allowed": "everybody"}, {"brand": "Larkmoor"}):
        assert admin.post("/settings/tickets", {**form, **wrong}).status_code == 422
    assert admin.post("/settings/tickets", {**form, "mode": "yes"}).status_code == 422
    assert admin.post(f"/settings/tickets/{policy.id}/remove").status_code == 303
    assert policies.all() == ()


def test_groups_of_settings_are_checked_as_their_models_say(serve: Serve, pool: Pool) -> None:
    admin, preferences = Browser(serve(), pool, somebody(pool)), Preferences(pool=pool)

    sending = {"wrong_at_most": "0.01", "confidence": "0.99", "until_known": "0.8"}
    assert admin.post("/settings/sending", sending).status_code == 303
    assert preferences.get(SendingRisk).until_known == 0.8
    assert "0.80" in admin.page("/settings/sending/needed").get_text()
    refused = admin.post("/settings/sending", {**sending, "confidence": "2"})
    assert refused.status_code == 422
    assert "less than or equal to 0.99" in refused.text
    limits = {"sensitive_topics": "lawyer\n data   breach \n*\n", "languages": "EN, pt_BR"}
    assert admin.post("/settings/limits", limits).status_code == 303
    assert preferences.get(Limits) == Limits(
        sensitive_topics=("lawyer", "data breach"), languages=("en", "pt-br")
    )
    assert admin.post("/settings/retention", {"conversations": "-1"}).status_code == 422
    assert admin.get("/settings/nothing").status_code == 404
    viewer = Browser(serve(), pool, somebody(pool, Role.VIEWER))
    assert "data breach" in viewer.page("/settings/limits").get_text()
    assert viewer.post("/settings/limits", limits).status_code == 403


def test_a_risk_that_would_send_wrong_answers_is_refused_with_them(
    serve: Serve, pool: Pool
) -> None:
    case = NewCase(question="Any?", reader=Reader.customer(), answerable=True)
    CaseSets(pool=pool).add("mine", [case], actor=SYSTEM)
    kept = tuple(
        KeptResult(
            case_id=str(evidence),
            question=f"Question at {evidence}?",
            scores={"right": right},
            detail={"outcome": "answered", "evidence": evidence},
        )
        for evidence, right in ((0.9, 1.0), (0.5, 0.0))
    )
    runs = EvaluationRuns(pool=pool)
    measured = Measurement(
        kind="answers", cases_name="mine", cases_hash="", setup=Setup(), figures={}, results=kept
    )
    runs.guard(runs.save(measured, actor=SYSTEM), actor=SYSTEM)
    admin = Browser(serve(), pool, somebody(pool))
    sending = {"wrong_at_most": "0.02", "confidence": "0.95", "until_known": "0.4"}

    refused = admin.post("/settings/sending", sending)

    assert refused.status_code == 422
    assert "Question at 0.5?" in refused.text
    assert Preferences(pool=pool).get(SendingRisk) == SendingRisk()
    assert admin.post("/settings/sending", {**sending, "until_known": "0.7"}).status_code == 303


def test_voices_and_slack_channels_are_set(serve: Serve, pool: Pool) -> None:
    admin = Browser(serve(), pool, somebody(pool))

    voice = {"language": "de", "brand": "7", "title": "Larkmoor", "greeting": "Moin {name},"}
    assert admin.post("/settings/voice", voice).status_code == 303
    assert Preferences(pool=pool).get(Voices).of(7).greeting["de"] == "Moin {name},"
    assert admin.post("/settings/voice", {**voice, "greeting": "{evil}"}).status_code == 422
    assert admin.post("/settings/voice", {**voice, "greeting": ""}).status_code == 303
    assert Preferences(pool=pool).get(Voices).brands[7].greeting == {}
    with pool.connection() as connection:
        connection.execute(
            "INSERT INTO slack_workspaces (id, name, bot_user_id) VALUES ('T1', 'Acme', 'U0')"
        )
        connection.execute("INSERT INTO slack_teams (team_id, workspace) VALUES ('T1', 'T1')")
    channel = {
        "team": "T1",
        "channel": "C1",
        "title": "#help",
        "auto_answer": "true",
        "floor": "0.8",
    }
    assert admin.post("/settings/slack", channel).status_code == 303
    kept = Channels(pool=pool).of("T1", "C1")
    assert (kept.name, kept.auto_answer, kept.floor, kept.sources) == ("help", True, 0.8, None)
    assert admin.post("/settings/slack", {**channel, "floor": "3"}).status_code == 422
    assert admin.post("/settings/slack", {**channel, "channel": "#help"}).status_code == 422
    assert "#help" in admin.page("/settings/slack").get_text()
    assert admin.get("/settings/slack/T1/C1").status_code == 200


@pytest.mark.parametrize(
    ("text", "locale", "labels", "reason"),
    [
        ("My LAWYER will call you.", "en", CUSTOMER, HandoffReason.SENSITIVE_TOPIC),
        ("I want a chargeback.", "en", CUSTOMER, HandoffReason.SENSITIVE_TOPIC),
        ("Chargebacks, how do they work?", "en", CUSTOMER, HandoffReason.SENSITIVE_TOPIC),
        ("Where do lawyers sit?", "en", CUSTOMER, None),
        ("My lawyer will call you.", "en", AGENT, None),
        ("Où est ma commande ?", "fr", CUSTOMER, HandoffReason.LANGUAGE_UNSUPPORTED),
        ("Where is it?", "en-gb", CUSTOMER, None),
    ],
)
def test_what_is_left_to_people(
    text: str, locale: str, labels: frozenset[str], reason: HandoffReason | None
) -> None:
    limits = Limits(sensitive_topics=("lawyer", "chargeback*"), languages=("en", "de"))

    left = left_to_people(limits, text, locale=locale, labels=labels)

    assert (left.reason if left else None) == reason
    assert left_to_people(Limits(), text, locale=locale, labels=labels) is None


def test_what_is_older_than_it_is_kept_loses_its_words_and_no_message_its_outcome(
    pool: Pool,
) -> None:
    old, new = timedelta(days=40), timedelta(days=20)
    with pool.connection() as connection:
        for age in (old, new):
            connection.execute(
                "INSERT INTO questions (id, surface, text, locale, audience, outcome, detail, tags,"
                " evidence, engine, model, prompt_version, embedding_index, input_tokens,"
                " output_tokens, cache_read_tokens, cache_write_tokens, cost_usd, latency_ms,"
                " asked_at) VALUES (gen_random_uuid(), 'slack', 'words', 'en', '{public}',"
                " 'answered', '', '{}', 0, '', '', '', 1, 0, 0, 0, 0, 0, '{}', now() - %s)",
                (age,),
            )
            turn = uuid4()
            connection.execute(
                "INSERT INTO ticket_turns (id, ticket_id, state, outcome, changes, asked_at,"
                " decided_at) VALUES (%s, 1, 'done', 'answered', '[\"words\"]', now(), now() - %s)",
                (turn, age),
            )
            connection.execute("INSERT INTO ticket_messages VALUES (1, %s, %s)", (age.days, turn))
        connection.execute("UPDATE audit_log SET at = now() - interval '1 year'")

    assert not any(enforce(pool, Retention()).values())
    removed = enforce(pool, Retention(conversations=30))

    assert (removed["questions"], removed["turns"]) == (1, 1)
    with pool.connection() as connection:
        assert connection.execute("SELECT count(*) FROM questions").fetchone() == (1,)
        assert connection.execute("SELECT count(*) FROM ticket_messages").fetchone() == (2,)
        words = connection.execute(
            "SELECT count(*) FROM ticket_turns WHERE changes::text LIKE '%words%'"
        ).fetchone()
    assert words == (1,)
