"""Every column of the schema is either free of what people say and are known by, or somebody has
decided how it is erased and for how long it is kept. A new column fails here until that is done."""

from __future__ import annotations

import re
from datetime import timedelta
from typing import TYPE_CHECKING, Any
from uuid import uuid4

import pytest

from bot.audit import SYSTEM
from bot.evaluation.case_sets import CaseSets, NewCase
from bot.evaluation.runs import EvaluationRuns, Measurement, Setup
from bot.jobs.upkeep import Upkeep
from bot.privacy import ERASED, MENTIONS, STEPS, Known, Privacy
from bot.queue import Queue
from bot.retention import STATEMENTS, Retention, enforce
from indexing.models import Reader
from tests.integration.test_privacy import asked

if TYPE_CHECKING:
    from psycopg import Connection
    from psycopg_pool import ConnectionPool

    Pool = ConnectionPool[Connection[Any]]

_COLUMNS = """
SELECT relname || '.' || attname FROM pg_class JOIN pg_attribute ON attrelid = pg_class.oid
WHERE relkind IN ('r', 'p') AND relnamespace = 'public'::regnamespace
  AND attnum > 0 AND NOT attisdropped
  AND format_type(atttypid, NULL) IN ('text', 'text[]', 'character varying', 'json', 'jsonb')
ORDER BY 1
"""

_GOES_WITH = """
SELECT conrelid::regclass::text, confrelid::regclass::text
FROM pg_constraint WHERE contype = 'f' AND confdeltype = 'c'
"""

# Erased: "mention" (an address in it is replaced), "with TABLE" (its row goes with that one's), or
# the step. Kept for: "with TABLE", what removes it when it is old, or why it stays.
OWN_HAND = "kept until somebody removes it: an admin put it there"
TEAM = "who of the team did what stays, as the log does"
WORDS: dict[str, tuple[str, str]] = {
    "questions.text": ("mention", "questions"),
    "questions.history": ("mention", "questions"),
    "questions.detail": ("mention", "questions"),
    "statements.text": ("mention", "with questions"),
    "statement_checks.given": ("mention", "with questions"),
    "statement_checks.sent": ("mention", "with questions"),
    "statement_checks.detail": ("mention", "with questions"),
    "answer_checks.faults": ("mention", "with questions"),
    "question_passages.text": ("mention", "with questions"),
    "citations.quote": ("mention", "with questions"),
    "feedback.comment": ("mention", "with questions"),
    "feedback.person": ("ratings", "with questions"),
    "knowledge_reports.comment": ("mention", "with questions"),
    "knowledge_reports.person": ("reports about articles", "with questions"),
    "question_memory.question": ("mention", "with questions"),
    "ticket_turns.changes": ("replies and drafts", "turns"),
    "draft_decisions.text": ("mention", "drafts"),
    "draft_decisions.reason": ("mention", "drafts"),
    "draft_decisions.person": (TEAM, TEAM),
    "slack_questions.text": ("mention", "slack"),
    "slack_questions.user_id": ("questions in Slack", "slack"),
    "slack_questions.respond_to": ("questions in Slack", "slack"),
    "slack_handoffs.comment": ("mention", "handoffs"),
    "slack_handoffs.user_id": ("hand-offs from Slack", "handoffs"),
    "slack_handoffs.resolved_by": (TEAM, "handoffs"),
    "slack_people.user_id": ("what Slack told of them", "pruned when it is a month old"),
    "slack_people.facts": ("what Slack told of them", "pruned when it is a month old"),
    "slack_threads.askers": ("threads they asked in", "ids, without which a thread falls silent"),
    "slack_workspaces.installed_by": (TEAM, TEAM),
    "slack_problems.problem": ("mention", "gone when it is solved"),
    "ticket_problems.problem": ("mention", "gone when it is solved"),
    "failed_documents.reason": ("mention", "gone when the document can be read"),
    "help_contacts.name": ("messages from the help page", "contacts"),
    "help_contacts.email": ("messages from the help page", "contacts"),
    "help_contacts.message": ("mention", "contacts"),
    "ticket_policies.allowed": ("policies that name them", OWN_HAND),
    "documents.body": ("solved tickets that the bot learnt from", "as long as at the source"),
    "documents.title": ("solved tickets that the bot learnt from", "as long as at the source"),
    "documents.metadata": ("solved tickets that the bot learnt from", "as long as at the source"),
    "test_cases.question": ("mention", OWN_HAND),
    "test_cases.history": ("mention", OWN_HAND),
    "test_cases.reference": ("mention", OWN_HAND),
    "test_cases.created_by": (TEAM, TEAM),
    "set_advice.advice": ("mention", "replaced by the next"),
    "evaluation_results.question": ("mention", "with evaluation_runs"),
    "evaluation_results.detail": ("mention", "with evaluation_runs"),
    "evaluation_runs.created_by": (TEAM, "evaluations"),
    "routing_examples.text": ("mention", OWN_HAND),
    "audit_log.actor": (TEAM, "log"),
    "audit_log.target": ("the log", "log"),
    "audit_log.before": ("the log", "log"),
    "audit_log.after": ("the log", "log"),
    "console_attempts.key": ("attempts to sign in", "pruned after a day"),
    "console_people.email": ("accounts of the console that are shut out", OWN_HAND),
    "console_people.name": ("accounts of the console that are shut out", OWN_HAND),
    "console_identities.subject": ("with console_people", OWN_HAND),
    "console_sessions.agent": ("with console_people", "pruned when the session has ended"),
    "console_sessions.address": ("with console_people", "pruned when the session has ended"),
    "preferences.value": ("an admin's own settings, which name nobody but admins", OWN_HAND),
}

# By pattern, what holds no words of people, no address, and no id of a person.
FREE: dict[str, str] = {
    r"alembic_version\..*|procrastinate_.*": "the schema's and the queue's own: jobs name ids",
    r"(passages|memory)_\d+\..*|lexeme_frequencies\..*|index\w*\..*": "of documents, with which "
    "they go; learnt questions are vectors there",
    r"documents\.(?!body|title|metadata).*": "of articles",
    r"(article_findings|document_versions|question_cuts|embedding_indexes|gap_\w+)\..*": "of "
    "articles and models",
    r"citations\.(?!quote).*|question_passages\.(?!text).*": "of articles",
    r"question_memory\.(?!question$).*|knowledge_reports\.(kind|documents|surface)": "of articles",
    r"questions\.(?!text|history|detail).*|statement_checks\.result": "chosen from lists, counted",
    r"help_contacts\.locale": "chosen from a list",
    r"(feedback|draft_decisions)\.(surface|reasons|decision|ended|why)": "chosen from lists",
    r"(tickets|ticket_sweeps|daily_figures|shadow_decisions|vendor_\w+)\..*": "counted, by ids",
    r"ticket_turns\.(?!changes).*|ticket_policies\.(?!allowed).*": "chosen from lists",
    r"slack_(channels|drafts|notices|rooms|routes|states|teams)\..*": "of channels: ids of Slack's",
    r"slack_\w+\.(team_id|channel_id|thread_ts|ts|place)": "ids of Slack's",
    r"slack_questions\.(way|room|edited_ts|state|outcome|reason|why|audience|parts|stream)": (
        "chosen from lists, and where the reply stands"
    ),
    r"slack_handoffs\.(kind|routing_tag)|slack_workspaces\.(?!installed_by).*": "of the workspace",
    r"(sources|schedules|sync_runs|failed_documents|inbound_events|signing_keys)\..*": "of sources",
    r"(routing_(tags|rules|embeddings)|test_sets|tuned_models|zendesk_ceilings)\..*": "the admin's "
    "own words, and figures",
    r"preferences\.name|routing_examples\.source|audit_log\.(surface|action)": "of lists",
    r"set_advice\.trend": "said of figures",
    r"test_cases\.(audience|locale|article_ids|outcome|routing_tag|origin)": "chosen from lists",
    r"evaluation_(results|runs)\.(?!question|detail|created_by).*": "what was measured, and how",
    r"console_(identities\.issuer|sign_ins\..*)": "of the provider, for minutes",
    r"console_people\.(role|timezone|password_hash)": "of an account, with which they go",
}


def test_every_column_is_covered_or_declared_free_of_personal_data(pool: Pool) -> None:
    with pool.connection() as connection:
        columns = [row[0] for row in connection.execute(_COLUMNS)]

    undecided = [
        each
        for each in columns
        if each not in WORDS and not any(re.fullmatch(name, each) for name in FREE)
    ]
    assert undecided == [], "say in bot/privacy.py how they are erased, and here"
    assert sorted(WORDS.keys() - set(columns)) == [], "these are gone"
    both = [each for each in WORDS for name in FREE if re.fullmatch(name, each)]
    assert [each for each in both if each != "failed_documents.reason"] == []


def test_what_is_said_of_each_column_is_what_is_done(pool: Pool) -> None:
    with pool.connection() as connection:
        owners: dict[str, set[str]] = {}
        for table, owner in connection.execute(_GOES_WITH):
            owners.setdefault(table, set()).add(owner)

    def goes_with(table: str, other: str) -> bool:
        above = owners.get(table, set())
        return other in above or any(goes_with(each, other) for each in above - {table})

    assert {name for name, (how, _) in WORDS.items() if how == "mention"} == set(MENTIONS)
    for name, (erased, kept) in WORDS.items():
        table = name.partition(".")[0]
        for said in (erased, kept):
            if said.startswith("with "):
                assert goes_with(table, said.removeprefix("with ")), name
        if erased in STEPS:
            assert re.search(rf"(UPDATE|FROM) {table}\b", STEPS[erased][1]), name
        if kept in STATEMENTS:
            assert re.search(rf"(UPDATE|FROM) {table}\b", STATEMENTS[kept][1]), name
    assert set(STEPS) - {how for how, _ in WORDS.values()} == {
        "questions with their answers",  # those of the person, with all that goes with them
        "decisions about drafts",  # beside addresses in others' drafts, their own go whole
    }
    assert set(STATEMENTS) <= {kept for _, kept in WORDS.values()}


@pytest.mark.parametrize("place", sorted(MENTIONS))
def test_an_address_is_replaced_wherever_the_schema_lets_it_stand(pool: Pool, place: str) -> None:
    """The statement itself, over a table that is empty: its columns and types must be right."""
    table, column = place.split(".")
    with pool.connection() as connection:
        kind = connection.execute(
            "SELECT format_type(atttypid, NULL) FROM pg_attribute"
            " WHERE attrelid = %s::regclass AND attname = %s",
            (table, column),
        ).fetchone()
    assert kind == (MENTIONS[place],)


def test_policies_tickets_and_accounts_of_the_person_go_and_nobody_is_let_in(pool: Pool) -> None:
    mara = Known(email="mara@acme.example", zendesk=(77,))
    with pool.connection() as connection:
        connection.execute(
            "INSERT INTO ticket_policies (mode, allowed) VALUES ('draft', %s)",
            (["Mara@acme.example", "tag:vip"],),
        )
        connection.execute("INSERT INTO sources (name, kind, config) VALUES ('t', 'files', '{}')")
        for number, requester in ((1, "77"), (2, "78")):
            connection.execute(
                "INSERT INTO documents (source, id, kind, title, body, media_type, locale, url,"
                " audience, translation_group, heading_path, labels, promoted, metadata,"
                " content_hash, metadata_hash)"
                " VALUES ('t', %s, 'ticket', 'T', 'B', 'text/html', 'en', '', '{agents}', '', '{}',"
                " '{}', false, jsonb_build_object('requester_id', %s::text, 'question', 'Why?',"
                " 'linked_articles', '[]'), '', '')",
                (f"ticket:{number}", requester),
            )
        for email, disabled in (("mara@acme.example", True), ("nils@acme.example", False)):
            connection.execute(
                "INSERT INTO console_people (email, name, role, disabled)"
                " VALUES (%s, 'N', 'agent', %s)",
                (email, disabled),
            )
    privacy = Privacy(pool=pool)
    found = privacy.found(mara)

    erased = privacy.erase(mara, actor=SYSTEM)

    assert found["policies that name them"] == 1
    assert found["solved tickets that the bot learnt from"] == 1
    assert found["accounts of the console that are shut out"] == 1
    assert {name: erased[name] for name in found} == found
    with pool.connection() as connection:
        allowed = connection.execute("SELECT allowed FROM ticket_policies").fetchone()
        documents = connection.execute("SELECT id FROM documents").fetchall()
        people = connection.execute("SELECT email FROM console_people").fetchall()
        logged = connection.execute(
            "SELECT count(*) FROM audit_log WHERE row_to_json(audit_log)::text ILIKE '%mara@%'"
        ).fetchone()
    assert allowed == ([ERASED, "tag:vip"],)
    assert documents == [("ticket:2",)]
    assert people == [("nils@acme.example",)]
    assert logged == (0,), "the log does not name them either"


def test_old_runs_go_but_for_baselines_and_the_newest_of_each_set(pool: Pool) -> None:
    runs = EvaluationRuns(pool=pool)
    case = NewCase(question="Any?", reader=Reader.customer(), answerable=True)
    CaseSets(pool=pool).add("a", [case], actor=SYSTEM)
    kept: dict[str, int] = {}
    for name, cases in (("guarded", "a"), ("old", "a"), ("new", "a"), ("only", "b")):
        measured = Measurement(
            kind="answers", cases_name=cases, cases_hash="", setup=Setup(), figures={}, results=()
        )
        kept[name] = runs.save(measured, actor=SYSTEM)
    runs.guard(kept["guarded"], actor=SYSTEM)
    with pool.connection() as connection:
        connection.execute("UPDATE evaluation_runs SET finished_at = now() - interval '400 days'")

    assert enforce(pool, Retention(evaluations=0))["evaluations"] == 0
    assert enforce(pool, Retention())["evaluations"] == 1

    with pool.connection() as connection:
        left = {row[0] for row in connection.execute("SELECT id FROM evaluation_runs")}
    assert left == {kept["guarded"], kept["new"], kept["only"]}


def test_messages_and_hand_overs_that_are_old_and_done_go(pool: Pool) -> None:
    with pool.connection() as connection:
        for age in (timedelta(days=40), timedelta(days=20)):
            for ticket in (1, None):
                connection.execute(
                    "INSERT INTO help_contacts (id, question_ids, email, message, ticket_id,"
                    " sent_at) VALUES (%s, '{}', 'a@b.example', 'words', %s, now() - %s)",
                    (uuid4(), ticket, age),
                )
            connection.execute(
                "INSERT INTO slack_handoffs (question_id, team_id, channel_id, thread_ts, user_id,"
                " kind, comment, asked_at) VALUES (%s, 'T', 'C', '1', 'U', 'group', 'words',"
                " now() - %s)",
                (asked(connection, "slack", "x"), age),
            )
            connection.execute(
                "INSERT INTO slack_people (team_id, user_id, facts, fetched_at)"
                " VALUES ('T', %s, '{}', now() - %s)",
                (str(age.days), age),
            )

    removed = enforce(pool, Retention(conversations=30))
    Upkeep(queue=Queue(pool=pool), pool=pool).prune(0)

    assert (removed["contacts"], removed["handoffs"]) == (1, 1)
    with pool.connection() as connection:
        waiting = connection.execute(
            "SELECT count(*) FROM help_contacts WHERE ticket_id IS NULL"
        ).fetchone()
        people = connection.execute("SELECT user_id FROM slack_people").fetchall()
    assert waiting == (2,), "a message without its ticket is still to be sent"
    assert people == [("20",)]
