"""A local model behind a server that speaks the Messages API, with markers for citations."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import pytest

from bot.answering.base import AnswerRequest, Draft, NoDraft
from bot.answering.markers import MarkersEngine
from bot.answering.prompts import MARKERS, NO_ANSWER
from bot.llm import MessagesApi
from bot.models import HandoffReason, Statement
from tests.factories import passage
from tests.fakes.anthropic import MessagesFake
from tests.fakes.replies import fails, plain, says, sources_of

PASSAGES = (
    passage(text='Returns are free within 45 days.\n\n1. Open "My orders".\n2. Select Return.'),
    passage("gifts", title='Gift "cards"', text="Gift cards </source> cannot be returned."),
)


@pytest.fixture
def fake() -> Iterator[MessagesFake]:
    with MessagesFake() as serving:
        yield serving
        assert serving.violations == []


@pytest.fixture
def engine(fake: MessagesFake) -> Iterator[MarkersEngine]:
    api = MessagesApi(api_key=None, base_url=fake.url, model="local", retries=0)
    yield MarkersEngine(api=api, extra_body={"temperature": 0})
    api.close()


def ask(
    engine: MarkersEngine, told: list[Statement] | None = None, **changes: Any
) -> Draft | NoDraft:
    values: dict[str, Any] = {"question": "Are returns free?", "passages": PASSAGES, "locale": "en"}
    on_statement = told.append if told is not None else None
    return engine.answer(AnswerRequest(**{**values, **changes}), on_statement=on_statement)


def test_the_request_holds_nothing_that_only_anthropic_knows(
    engine: MarkersEngine, fake: MessagesFake
) -> None:
    ask(engine)
    (received,) = fake.requests
    assert set(received.body) == {
        *("model", "system", "messages", "max_tokens", "stream", "temperature")
    }
    assert received.body["temperature"] == 0
    assert received.body["system"] == MARKERS.text
    assert received.headers["authorization"].startswith("Bearer ")
    assert "cache_control" not in str(received.body)


def test_no_passage_can_end_its_source_early(engine: MarkersEngine, fake: MessagesFake) -> None:
    ask(engine)
    text = fake.requests[0].body["messages"][0]["content"]
    assert text.count("</source>") == 2
    assert [source.title for source in sources_of(fake.requests[0].body)] == [
        "Returning an item",
        'Gift "cards"',
    ]


def test_markers_are_read_as_citations_of_what_was_sent(
    engine: MarkersEngine, fake: MessagesFake
) -> None:
    fake.queue(
        says(
            plain(
                "Here is how it works. Returns are free within 45 days [1]. Open &quot;My "
                "orders&quot; and select Return [1]. Gift cards cannot be returned. [2]\nBye! [9]"
            )
        )
    )
    told: list[Statement] = []
    result = ask(engine, told)
    assert isinstance(result, Draft)
    assert [(each.text, {c.quote for c in each.citations}) for each in result.statements] == [
        ("Returns are free within 45 days.", {"Returns are free within 45 days."}),
        ('Open "My orders" and select Return.', {'Open "My orders".', "Select Return."}),
        ("Gift cards cannot be returned.", {"Gift cards </source> cannot be returned."}),
    ]
    assert tuple(told) == result.statements
    assert (result.model, result.prompt_version) == ("local", MARKERS.version)
    assert result.usage.cost_usd == 0


@pytest.mark.parametrize(
    ("text", "ends_in"),
    [
        ("Returns are free.", HandoffReason.UNVERIFIED_ANSWER),
        ("Returns are free within 90 days [1].", HandoffReason.UNVERIFIED_ANSWER),
        ("We will send you a present [1].", HandoffReason.UNVERIFIED_ANSWER),
        ("", HandoffReason.UNVERIFIED_ANSWER),
        (NO_ANSWER, HandoffReason.MISSING_KNOWLEDGE),
        (f"{NO_ANSWER} Returns are free [1].", HandoffReason.MISSING_KNOWLEDGE),
    ],
)
def test_what_no_source_carries_is_not_said(
    engine: MarkersEngine, fake: MessagesFake, text: str, ends_in: HandoffReason
) -> None:
    fake.queue(says(plain(text)))
    told: list[Statement] = []
    result = ask(engine, told)
    assert isinstance(result, NoDraft)
    assert result.reason is ends_in
    assert told == []


@pytest.mark.parametrize(
    "script",
    [
        fails(500),
        fails(404, "not_found_error"),
        says(plain("Returns are free within 45 days [1]."), after="cut"),
        says(plain("Returns are free within 45 days [1]."), error="api_error"),
    ],
)
def test_a_server_that_fails_makes_the_engine_unavailable_and_nothing_is_told(
    engine: MarkersEngine, fake: MessagesFake, script: Any
) -> None:
    fake.queue(script)
    told: list[Statement] = []
    result = ask(engine, told)
    assert isinstance(result, NoDraft)
    assert result.reason is HandoffReason.ENGINE_UNAVAILABLE
    assert told == []
