"""The model's second opinion over real HTTP: it may take a statement away, never bring one back."""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping
from typing import Any

import pytest

from bot.answering.checking import Checked, Fault, check
from bot.answering.checking.entailment import entailed
from bot.answering.citations import citation
from bot.llm import MessagesApi
from bot.models import Statement
from tests.factories import passage
from tests.fakes.anthropic import MessagesFake
from tests.fakes.clock import FakeClock
from tests.fakes.replies import Script, fails, plain, says

RETURNS = passage(text="You can return an unworn item within 45 days. Gift cards are final sale.")
WINDOW, GIFTS = (f"{each.rstrip('.')}." for each in RETURNS.text.split(". "))
PARAPHRASE = "Unworn items may come back within 45 days."


@pytest.fixture
def fake() -> Iterator[MessagesFake]:
    with MessagesFake() as serving:
        yield serving
        assert serving.violations == []


@pytest.fixture
def api(fake: MessagesFake) -> Iterator[MessagesApi]:
    clock = FakeClock()
    opened = MessagesApi(api_key="test", base_url=fake.url, sleep=clock.sleep, clock=clock)
    yield opened
    opened.close()


def pure(*texts: str) -> Checked:
    cited = (citation(RETURNS, RETURNS.text),)
    given = [Statement(text=text, citations=cited) for text in texts]
    return check(given, [RETURNS], "return?", "en")


def verdicts(*given: Mapping[str, Any]) -> Script:
    return says(plain(json.dumps({"verdicts": given})))


def test_a_statement_that_the_model_refuses_is_removed(
    fake: MessagesFake, api: MessagesApi
) -> None:
    fake.queue(verdicts({"number": 1, "supported": False, "why": "It says may."}))
    result = entailed(pure(PARAPHRASE), "return?", api=api)
    (verdict,) = result.checked.verdicts
    assert verdict.finding is not None
    assert verdict.finding.fault is Fault.NOT_ENTAILED
    assert "It says may." in result.checked.detail
    assert not result.checked.still_answers
    assert result.usage.input_tokens > 0
    (request,) = fake.requests
    schema = request.body["output_config"]["format"]
    assert schema["type"] == "json_schema"
    assert schema["schema"]["additionalProperties"] is False
    assert PARAPHRASE in str(request.body["messages"])


def test_a_model_that_approves_brings_nothing_back(fake: MessagesFake, api: MessagesApi) -> None:
    given = pure(PARAPHRASE, "I have refunded your order.")
    fake.queue(
        verdicts(
            {"number": 1, "supported": True, "why": ""},
            {"number": 2, "supported": True, "why": ""},
            {"number": 9, "supported": False, "why": "no such statement"},
        )
    )
    result = entailed(given, "return?", api=api)
    assert result.checked == given
    assert [each.text for each in result.checked.statements] == [PARAPHRASE]
    assert "refunded" not in str(fake.requests[0].body["messages"])


def test_the_sources_own_words_are_not_asked_about(fake: MessagesFake, api: MessagesApi) -> None:
    given = check(
        [Statement(text=GIFTS, citations=(citation(RETURNS, GIFTS),))], [RETURNS], "gift?", "en"
    )
    assert entailed(given, "gift?", api=api).checked == given
    assert fake.requests == []


@pytest.mark.parametrize(
    "script",
    [
        fails(400, "invalid_request_error"),
        says(plain("I think they are fine.")),
        says(plain('{"verdicts": 7}')),
        says(plain('{"verdicts": [{"number": 1}]}')),
        says(plain('{"verdicts": []}'), stop_reason="max_tokens"),
    ],
)
def test_a_model_that_fails_leaves_the_answer_as_it_was(
    fake: MessagesFake, api: MessagesApi, script: Script
) -> None:
    given = pure(PARAPHRASE)
    fake.queue(script)
    result = entailed(given, "return?", api=api)
    assert result.checked == given
    assert result.detail
