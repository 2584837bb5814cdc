"""Who changed what, what is set while it runs, and what people say of answers."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, ClassVar

import pytest

from bot.audit import Actor, Audit, note
from bot.errors import InputRejected
from bot.feedback import Feedback
from bot.models import Outcome, OutcomeKind, Question
from bot.preferences import Preference, Preferences
from bot.queue import Queue
from bot.records import Records
from bot.schedules import Schedules
from bot.sources import Source, Sources
from bot.timing import cron
from bot.triage.models import Example, RoutingTag
from bot.triage.taxonomy import TaxonomyStore
from bot.zendesk.policies import Mode, Policies, Policy
from bot.zendesk.voices import BrandVoice, Voices
from indexing.models import Reader

if TYPE_CHECKING:
    from psycopg import Connection
    from psycopg_pool import ConnectionPool

ANNA = Actor(surface="console", name="anna@acme.example")


def asked(pool: ConnectionPool[Connection[Any]]) -> Question:
    question = Question(text="How long?", reader=Reader.customer(), surface="slack")
    outcome = Outcome(question_id=question.id, kind=OutcomeKind.ANSWERED)
    Records(pool=pool).save(question, outcome, locale="en")
    return question


def told(pool: ConnectionPool[Connection[Any]]) -> list[tuple[str, str, str]]:
    """Who did what to which, the oldest first."""
    entries = reversed(Audit(pool=pool).latest())
    return [(each.actor.name, each.action, each.target) for each in entries]


def test_every_change_of_a_setting_is_noted_with_who_before_and_after(
    pool: ConnectionPool[Connection[Any]],
) -> None:
    sources = Sources(pool=pool)
    schedules = Schedules(pool=pool, queue=Queue(pool=pool))
    policies, tags = Policies(pool=pool), TaxonomyStore(pool=pool)
    sources.add(Source(name="docs", kind="files", config={"path": "/a"}), actor=ANNA)
    schedules.set("docs", cron("0 3 * * *", timezone="UTC"), actor=ANNA)
    schedules.set("docs", cron("0 4 * * *", timezone="UTC"), actor=ANNA)
    schedules.pause("docs", actor=ANNA)
    schedules.run_now("docs", full=True, actor=ANNA)
    number = policies.set(Policy(mode=Mode.DRAFT, channel="web"), actor=ANNA)
    policies.set(Policy(mode=Mode.AUTO, channel="web"), actor=ANNA)
    policies.remove(number, actor=ANNA)
    examples = [Example(text=f"text {n}", tag="billing") for n in range(30)]
    tags.save([RoutingTag(name="billing")], examples, actor=ANNA)
    tags.remove("billing", actor=ANNA)
    Preferences(pool=pool).put(Voices(default=BrandVoice(brand="Acme")), actor=ANNA)
    sources.remove("docs", actor=ANNA)
    assert told(pool) == [
        (ANNA.name, action, target)
        for action, target in (
            ("sources added", "docs"),
            ("schedules added", "docs"),
            ("schedules changed", "docs"),
            ("schedules changed", "docs"),
            ("sync asked for", "docs"),
            ("ticket_policies added", str(number)),
            ("ticket_policies changed", str(number)),
            ("ticket_policies removed", str(number)),
            ("routing_tags added", "billing"),
            ("routing_examples added", ""),
            ("routing_tags removed", "billing"),
            ("routing_examples removed", ""),
            ("preferences added", "voices"),
            ("sources removed", "docs"),
            ("schedules removed", "docs"),
        )
    ]
    changed = Audit(pool=pool).latest(action="ticket_policies changed")[0]
    assert changed.actor == ANNA
    assert changed.before is not None
    assert changed.after is not None
    assert (changed.before["mode"], changed.after["mode"]) == ("draft", "auto")
    (counted,) = Audit(pool=pool).latest(action="routing_examples added")
    assert counted.after == {"rows": 30}


def test_what_the_program_keeps_for_itself_is_no_change(
    pool: ConnectionPool[Connection[Any]],
) -> None:
    sources, schedules = Sources(pool=pool), Schedules(pool=pool, queue=Queue(pool=pool))
    sources.add(Source(name="docs", kind="files", config={}))
    schedules.set("docs", cron("* * * * *", timezone="UTC"))
    before = told(pool)
    with pool.connection() as connection:
        connection.execute("UPDATE sources SET cursor = 'x', api_calls = 7")
        connection.execute("UPDATE schedules SET next_run = now() - interval '1 minute'")
    assert schedules.enqueue_due("docs") is not None
    assert told(pool) == before


def test_a_transaction_that_is_rolled_back_leaves_no_trace_and_no_name(
    pool: ConnectionPool[Connection[Any]],
) -> None:
    with pool.connection() as connection:
        note(connection, actor=ANNA, action="signed in")
        connection.rollback()
    Sources(pool=pool).add(Source(name="docs", kind="files", config={}), actor=ANNA)
    with pool.connection() as connection:  # the same connection, for the pool has given it back
        connection.execute("DELETE FROM sources")
    last = Audit(pool=pool).latest(limit=1)[0]
    assert (last.action, last.actor.surface) == ("sources removed", "system")
    assert last.actor.name != ANNA.name
    assert len(Audit(pool=pool).latest()) == 2


def test_the_log_is_read_in_pages(pool: ConnectionPool[Connection[Any]]) -> None:
    with pool.connection() as connection:
        for number in range(5):
            note(connection, actor=ANNA, action="tried", target=str(number))
    first = Audit(pool=pool).latest(limit=2)
    then = Audit(pool=pool).latest(limit=10, before=first[-1].id)
    assert [each.target for each in (*first, *then)] == ["4", "3", "2", "1", "0"]
    assert [each.target for each in Audit(pool=pool).latest(target="3")] == ["3"]


class Colours(Preference):
    NAME: ClassVar[str] = "colours"

    first: str = "red"
    many: int = 3


def test_preferences_have_defaults_and_follow_every_change(
    pool: ConnectionPool[Connection[Any]],
) -> None:
    preferences, elsewhere = Preferences(pool=pool), Preferences(pool=pool)
    assert preferences.get(Colours) == Colours()
    preferences.put(Colours(first="blue"))
    assert elsewhere.get(Colours) == Colours(first="blue", many=3)
    elsewhere.forget(Colours)
    assert preferences.get(Colours) == Colours()


def test_what_is_stored_and_cannot_be_used_names_the_group_and_the_field(
    pool: ConnectionPool[Connection[Any]],
) -> None:
    with pool.connection() as connection:
        connection.execute(
            """INSERT INTO preferences VALUES ('colours', '{"many": "x", "new": 1}')"""
        )
    with pytest.raises(InputRejected, match=r"colours, many cannot be used: .*Set it anew"):
        Preferences(pool=pool).get(Colours)


@pytest.mark.parametrize(
    ("values", "complaint"),
    [
        ({"greeting": {"xx": "Hi"}}, "no language that the bot writes"),
        ({"greeting": {"en": "Hi {first}"}}, "no other braces"),
        ({"sign_off": {"en": "x" * 1001}}, "longer than 1000"),
        ({"salutation": {}}, "Extra inputs"),
    ],
)
def test_a_voice_that_cannot_be_spoken_is_refused(values: dict[str, Any], complaint: str) -> None:
    with pytest.raises(ValueError, match=complaint):
        BrandVoice.model_validate(values)


def test_a_brand_s_voice_is_filled_up_from_the_one_for_all() -> None:
    voices = Voices(
        default=BrandVoice(brand="Acme", hours={"": "9-17"}, greeting={"de": "Hallo,"}),
        brands={7: BrandVoice(brand="Acme Pro", greeting={"de": "Guten Tag,"})},
    )
    assert (voices.of(None).brand, voices.of(7).brand, voices.of(8).brand) == (
        "Acme", "Acme Pro", "Acme",
    )  # fmt: skip
    assert (voices.of(7).greeting, voices.of(7).hours) == ({"de": "Guten Tag,"}, {"": "9-17"})


def test_the_latest_word_of_each_person_counts(pool: ConnectionPool[Connection[Any]]) -> None:
    feedback, question = Feedback(pool=pool), asked(pool)
    feedback.rate(question.id, surface="slack", person="U1", helpful=True)
    feedback.rate(
        question.id,
        surface="slack",
        person="U1",
        helpful=False,
        reasons=["outdated", "tone", "tone"],
        comment="It is 60 days\x00 now.",
    )
    feedback.rate(question.id, surface="slack", person="U2", helpful=True)
    found = {each.person: each for each in feedback.of(question.id)}
    assert (found["U1"].helpful, found["U1"].reasons) == (False, ("outdated", "tone"))
    assert found["U1"].comment == "It is 60 days  now."
    assert found["U2"].helpful


def test_bad_feedback_says_what_to_do(pool: ConnectionPool[Connection[Any]]) -> None:
    feedback, question = Feedback(pool=pool), asked(pool)
    unknown = Question(text="?", reader=Reader.customer(), surface="slack")
    with pytest.raises(InputRejected, match="'ugly' is no reason: use incorrect"):
        feedback.rate(question.id, surface="slack", person="U1", helpful=False, reasons=["ugly"])
    with pytest.raises(InputRejected, match="no question"):
        feedback.rate(unknown.id, surface="slack", person="U1", helpful=True)
    with pytest.raises(InputRejected, match="no question"):
        feedback.report(unknown.id, kind="wrong", surface="slack", person="U1")


def test_reports_wait_until_somebody_settles_them(pool: ConnectionPool[Connection[Any]]) -> None:
    feedback, question = Feedback(pool=pool), asked(pool)
    for kind, documents in (("wrong", ["article:7"]), ("missing", [])):
        feedback.report(
            question.id,
            kind=kind,  # type: ignore[arg-type]
            surface="slack",
            person="U1",
            documents=documents,
        )
    missing, wrong = feedback.open_reports()
    assert (missing.kind, wrong.documents, wrong.question) == (
        "missing", ("article:7",), "How long?",
    )  # fmt: skip
    assert feedback.settle(wrong.id)
    assert not feedback.settle(wrong.id)
    assert [each.kind for each in feedback.open_reports()] == ["missing"]
    feedback.report(question.id, kind="wrong", surface="slack", person="U1")  # it still is
    assert {each.kind for each in feedback.open_reports()} == {"wrong", "missing"}
