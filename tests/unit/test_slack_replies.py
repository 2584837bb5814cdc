"""What the bot says in Slack: whole, within Slack's limits, and inert."""

from __future__ import annotations

import json
from dataclasses import fields, replace
from datetime import UTC, datetime
from typing import Any
from uuid import UUID

import pytest
from hypothesis import given
from hypothesis import strategies as st

from bot.models import Citation, HandoffReason, Outcome, OutcomeKind, Statement
from bot.slack import rich
from bot.slack.access import Access, Limit
from bot.slack.blocks import escaped, linked
from bot.slack.replies import Shown, answer, handoff
from bot.slack.texts import TEXTS, Texts, texts_for
from indexing.models import Passage, Reader
from tests.asking import shown
from tests.factories import passage
from tests.fakes.slack.limits import faults_of_message

ID = UUID(int=7)
AGENT = Access(reader=Reader.agent())
PUBLIC = Access(reader=Reader.customer(), limit=Limit.ROOM)
HARMFUL = (
    "<!channel> <!here> <@U0123456> <#C0123456> <!subteam^S1> <https://evil.example|click> "
    "@channel @here &lt;!channel&gt; *bold* [a](https://evil.example) `code` <b>x</b> \u202erev"
)


def outcome(*statements: Statement, passages: tuple[Passage, ...] = (), **more: Any) -> Outcome:
    values: dict[str, Any] = {
        "question_id": ID,
        "kind": OutcomeKind.ANSWERED,
        "statements": statements,
        "passages": passages or (passage(),),
        "engine": "claude",
    }
    return Outcome(**{**values, **more})


def said(text: str, *ids: str) -> Statement:
    citations = tuple(
        Citation(document_id=each, chunk_id=f"{each}-1", title="", url="", quote="You can return")
        for each in ids or ("returns",)
    )
    return Statement(text=text, citations=citations)


def reply(found: Outcome, access: Access = AGENT, **more: Any) -> list[dict[str, Any]]:
    return [each.message for each in answer(found, Shown(locale="en", access=access, **more))]


def blocks(messages: list[dict[str, Any]]) -> list[dict[str, Any]]:
    return [block for message in messages for block in message["blocks"]]


# --- What is told, and what carries it


def test_sources_are_numbered_in_the_order_they_are_cited() -> None:
    found = outcome(
        said("First.", "b", "a"),
        said("Second.", "a"),
        passages=(passage("a", title="A"), passage("b", title="B", audience=("agents",))),
    )
    [message] = reply(found)

    assert shown(message).startswith("First. [1] [2]\n\nSecond. [2]\n*Sources*\n[1] <")
    assert "|B> · :lock: internal, not for customers\n[2] <" in shown(message)


def test_a_statement_that_rests_on_more_than_the_reader_may_read_is_not_told() -> None:
    passages = (passage("a"), passage("b", audience=("agents",)), passage("m", kind="macro"))
    for inside in ("b", "m"):
        found = outcome(said("Open.", "a"), said("Secret.", "a", inside), passages=passages)
        assert "Secret" not in str(reply(found, PUBLIC))
        assert "Secret" in str(reply(found))
    assert reply(outcome(said("Secret.", "b"), passages=passages), PUBLIC) == []


def test_steps_stand_below_each_other_and_paragraphs_apart() -> None:
    found = outcome(said("Do this:"), said("1. Open it."), said("2. Close it."), said("Done."))
    [message] = reply(found)

    assert shown(message).startswith(
        "Do this: [1]\n\n1. Open it. [1]\n2. Close it. [1]\n\nDone. [1]\n"
    )


def test_emphasis_and_code_are_kept_and_links_of_models_are_not() -> None:
    elements = rich.inline("Press **Save**, then `rm -rf` or [here](https://evil.example/x).")

    assert elements == [
        {"type": "text", "text": "Press "},
        {"type": "text", "text": "Save", "style": {"bold": True}},
        {"type": "text", "text": ", then "},
        {"type": "text", "text": "rm -rf", "style": {"code": True}},
        {"type": "text", "text": " or here."},
    ]


def test_words_of_articles_are_shown_as_they_stand() -> None:
    found = outcome(said("Enter *.txt and C:\\_temp_\\new"), engine="extractive")

    assert shown(reply(found)[0]).startswith("Enter *.txt and C:\\_temp_\\new [1]")


def test_one_source_has_a_button_and_several_have_a_menu() -> None:
    one = json.dumps(reply(outcome(said("First."))))
    several = json.dumps(
        reply(outcome(said("First.", "a", "b"), passages=(passage("a"), passage("b"))))
    )

    assert f'"value": "{ID}:1"' in one
    assert '"action_id": "passage"' in one
    assert '"action_id": "passages"' in several
    assert f'"value": "{ID}:2"' in several


def test_what_only_the_asker_sees_can_be_posted_and_is_not_rated_there() -> None:
    private = json.dumps(reply(outcome(said("First.")), is_private=True))

    assert '"action_id": "publish"' in private
    assert "feedback_buttons" not in private
    assert "feedback_buttons" in json.dumps(reply(outcome(said("First."))))


def test_stopped_answers_say_so() -> None:
    found = outcome(said("First."), said("Second."))
    [message] = reply(found, stopped_after=1)

    assert "Second" not in shown(message)
    assert "Stopped, as you wished." in shown(message)


@pytest.mark.parametrize("reason", HandoffReason)
def test_every_hand_off_says_why_and_what_to_do(reason: HandoffReason) -> None:
    near = (passage("a", title="Near", dense=0.6), passage("b", title="Far", dense=0.1))
    found = outcome(kind=OutcomeKind.HANDED_OFF, reason=reason, passages=near)
    [part] = handoff(found, Shown(locale="en", access=AGENT))
    text = shown(part.message)

    assert "You can ask a person" in text
    assert "Near" in text
    assert "Far" not in text
    assert faults_of_message(part.message) == []


def test_a_hand_off_names_no_article_that_the_reader_may_not_read() -> None:
    near = (passage("a", title="Secret", audience=("agents",)),)
    found = outcome(kind=OutcomeKind.HANDED_OFF, reason=HandoffReason.LOW_CONFIDENCE, passages=near)
    [part] = handoff(found, Shown(locale="en", access=PUBLIC))

    assert "Secret" not in json.dumps(part.message)


# --- However long


def test_a_long_answer_is_split_where_paragraphs_end() -> None:
    told = [f"Paragraph {number}. " + "All of it matters. " * 40 for number in range(30)]
    messages = reply(outcome(*map(said, told)))

    assert len(messages) > 2
    assert all(faults_of_message(each) == [] for each in messages)
    words = "\n".join(map(shown, messages)).replace(" [1]", "").split()
    assert words[: words.index("*Sources*")] == " ".join(told).split()
    for message in messages:
        first = message["blocks"][0]["elements"][0]["elements"][0]["text"]
        assert first.startswith("Paragraph")


def test_one_endless_paragraph_is_cut_and_none_of_it_is_lost() -> None:
    for text in ("Word by word it goes on. " * 150, "x" * 3_900, "漢字" * 1_900):
        messages = reply(outcome(said(text), engine="extractive"))

        assert all(faults_of_message(each) == [] for each in messages)
        whole = "".join(map(shown, messages)).split("[1]")[0]
        assert "".join(whole.split()) == "".join(text.split())


def test_many_sources_with_long_names_fit() -> None:
    passages = tuple(
        passage(
            f"d{number}",
            title="A title that goes on and on " * 8,
            url=f"https://help.example.com/{'a' * 500}/{number}",
            heading_path=("Section " * 20,),
            audience=("agents",),
            edited_at=datetime(2026, 5, 3, tzinfo=UTC),
        )
        for number in range(40)
    )
    found = outcome(*(said("A fact.", f"d{number}") for number in range(40)), passages=passages)
    messages = reply(found)

    assert all(faults_of_message(each) == [] for each in messages)


@given(
    st.lists(
        st.tuples(st.text(min_size=1, max_size=600), st.sampled_from(["a", "b", "c"])),
        min_size=1,
        max_size=20,
    ),
    st.sampled_from(["claude", "extractive"]),
)
def test_whatever_is_said_slack_takes_it(told: list[tuple[str, str]], engine: str) -> None:
    passages = tuple(
        passage(each, title=text[:200]) for each, (text, _) in zip("abc", told * 3, strict=False)
    )
    found = outcome(*(said(text, each) for text, each in told), passages=passages, engine=engine)
    messages = reply(found)

    assert [fault for each in messages for fault in faults_of_message(each)] == []
    assert all(each["text"] for each in _elements(blocks(messages)))


# --- Nothing happens in it


@pytest.mark.parametrize("engine", ["claude", "extractive"])
def test_words_can_name_nobody_and_command_nothing(engine: str) -> None:
    found = outcome(
        said(HARMFUL), passages=(passage(title=HARMFUL, heading_path=(HARMFUL,)),), engine=engine
    )
    for message in [*reply(found), *_handed_off(found)]:
        assert "<!" not in message["text"]
        assert "<@" not in message["text"]
        for text in _mrkdwn(message["blocks"]):
            links = [each for each in text.split("<")[1:] if not each.startswith("https://help.")]
            assert links == []
        for element in _elements(message["blocks"]):
            assert element["type"] in {"text", "link"}
            assert element.get("url", "https://help.").startswith("https://help.")
    assert "\u202e" not in json.dumps(reply(found), ensure_ascii=False)


def test_addresses_that_lead_astray_are_not_linked() -> None:
    for url in ("javascript:alert(1)", "https://user:pass@evil.example/", "file:///etc/passwd", ""):
        assert linked(url, "Title") == "Title"
    assert linked("https://a.example/x|y>z", "A|B") == "<https://a.example/x%7Cy%3Ez|A¦B>"
    assert escaped("<&>") == "&lt;&amp;&gt;"


def _handed_off(found: Outcome) -> list[dict[str, Any]]:
    ended = replace(found, kind=OutcomeKind.HANDED_OFF, reason=HandoffReason.LOW_CONFIDENCE)
    return [each.message for each in handoff(ended, Shown(locale="en", access=AGENT))]


def _mrkdwn(value: Any) -> list[str]:
    if isinstance(value, list):
        return [text for each in value for text in _mrkdwn(each)]
    if not isinstance(value, dict):
        return []
    if value.get("type") == "mrkdwn":
        return [value["text"]]
    return [text for each in value.values() for text in _mrkdwn(each)]


def _elements(found: list[dict[str, Any]]) -> list[dict[str, Any]]:
    return [
        element
        for block in found
        if block["type"] == "rich_text"
        for section in block["elements"]
        for element in section["elements"]
    ]


# --- In every language


@pytest.mark.parametrize("language", TEXTS)
def test_every_language_says_everything(language: str) -> None:
    texts, english = TEXTS[language], TEXTS["en"]
    for field in fields(Texts):
        value, other = getattr(texts, field.name), getattr(english, field.name)
        assert value, field.name
        if isinstance(value, str):
            assert ("{" in value) == ("{" in other), field.name
    assert texts.handoff.keys() == english.handoff.keys()


def test_unknown_languages_are_english() -> None:
    assert texts_for("xx") == texts_for("en-GB") == TEXTS["en"]
    assert texts_for("de_AT") == TEXTS["de"]
