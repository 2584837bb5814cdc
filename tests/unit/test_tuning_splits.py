"""How cases are split, and which replies may be learned from: without a database."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from itertools import combinations

import pytest
from hypothesis import given
from hypothesis import strategies as some

from bot.answering.base import AnswerRequest
from bot.tuning.cases import names_said
from bot.tuning.replies import NOT_CARRIED, REFUSED, carried_text, learnable, messages
from bot.tuning.splits import split
from tests.factories import passage


@dataclass(frozen=True, kw_only=True)
class Asked:
    text: str
    customer: str
    asked_at: datetime | None


START = datetime(2026, 1, 1, tzinfo=UTC)

asked = some.builds(
    Asked,
    text=some.sampled_from(["Where is it?", "where is IT", "Refund", "Parcel", "Login", "Invoice"]),
    customer=some.sampled_from(["", "1", "2", "3", "4", "5", "6", "7", "8"]),
    asked_at=some.none() | some.integers(0, 400).map(lambda day: START + timedelta(days=day)),
)


@given(some.lists(asked, max_size=60))
def test_parts_share_neither_customer_nor_words_and_are_in_the_order_of_time(
    cases: list[Asked],
) -> None:
    found = split(cases)

    parts = list(found.parts.values())
    for older, newer in combinations(parts, 2):
        assert {c.customer for c in older if c.customer}.isdisjoint(c.customer for c in newer)
        said = {c.text.casefold().strip("?") for c in older}
        assert said.isdisjoint(c.text.casefold().strip("?") for c in newer)
        dates = [[c.asked_at for c in part if c.asked_at] for part in (older, newer)]
        if all(dates):
            assert max(dates[0]) <= min(dates[1])
    assert sum(map(len, parts)) + found.leaking == len(cases)
    assert all(case.asked_at for part in parts[1:] for case in part)


def test_the_newest_measure() -> None:
    cases = [
        Asked(text=f"question {day}", customer=str(day), asked_at=START + timedelta(days=day))
        for day in range(100)
    ]

    found = split(list(reversed(cases)))

    assert [len(part) for part in found.parts.values()] == [70, 15, 15]
    assert found.test == tuple(cases[85:])


PASSAGES = (
    passage("shipping", text="Parcels to Norway take 5 days."),
    passage("returns", text="You can return an unworn item within 45 days of delivery."),
)


def test_a_reply_is_learned_with_the_number_of_what_carries_each_sentence() -> None:
    text = "You can return an unworn item within 45 days. [9]\nParcels to Norway take 5 days."

    assert carried_text(text, PASSAGES) == (
        "You can return an unworn item within 45 days [2].\nParcels to Norway take 5 days [1]."
    )


def test_a_reply_with_facts_of_its_own_is_not_learned() -> None:
    assert carried_text("You can return an unworn item within 90 days.", PASSAGES) == ""
    assert carried_text("Parcels to Norway take 5 days. Call Bob at once!", PASSAGES) == ""


def test_a_sentence_gets_the_number_of_the_passage_that_carries_most_of_it() -> None:
    near = passage("near", text="You can return an item.")
    far = passage("far", text="You can return an unworn item within 45 days of delivery.")

    assert carried_text("You can return an unworn item.", (near, far, far)) == (
        "You can return an unworn item [2]."
    )


@pytest.mark.parametrize(
    ("text", "found"),
    [
        ("You can return an unworn item within 45 days.",
         "You can return an unworn item within 45 days [2]."),
        ("We looked into your return.", REFUSED),
        ("Call Bob at once!", NOT_CARRIED),
    ],
)  # fmt: skip
def test_what_is_taken_out_of_answers_is_not_learned(text: str, found: str) -> None:
    assert learnable(text, PASSAGES, question="Can I return an item?", locale="en") == found


def test_the_passages_stay_in_what_is_learned() -> None:
    request = AnswerRequest(question="Returns?", passages=PASSAGES, locale="en")

    system, user, assistant = messages(request, "Within 45 days [2].")

    assert [system["role"], user["role"], assistant["role"]] == ["system", "user", "assistant"]
    assert "within 45 days of delivery" in user["content"]
    assert '"question": "Returns?"' in user["content"]


def test_names_that_people_give_as_their_own() -> None:
    assert list(names_said("Hi, my name is Jane Doe and my tent leaks")) == ["Jane Doe"]
    assert list(names_said("Ich heiße Jörg. Mein Zelt leckt")) == ["Jörg"]
    assert list(names_said("the name is my problem")) == []
