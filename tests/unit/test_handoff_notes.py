"""What an agent reads who takes over: facts as they were written, nothing secret, nothing live."""

from __future__ import annotations

from datetime import date
from html import unescape
from typing import Any
from uuid import uuid4

import pytest
from hypothesis import given, settings

from bot.handoff.case import Case
from bot.handoff.dates import days_in
from bot.handoff.facts import FactKind, facts_in
from bot.handoff.note import note
from bot.handoff.refund import is_refund_case, refund_summary
from bot.handoff.secrets import masked
from bot.handoff.wanted import LONGEST, summary
from bot.handoff.wording import NEXT_STEPS, REASONS
from bot.models import HandoffReason, Outcome, OutcomeKind, Turn
from indexing.models import Passage
from tests.factories import passage
from tests.unit.test_replies import NASTY, harmless

TODAY = date(2026, 11, 22)
POLICY = passage(
    "returns",
    text="You can return an unworn item within 45 days of delivery.\nWater filters cannot be "
    "returned once opened.\nThe refund is credited within 5 days.",
    score=0.91,
)


def case(text: str, *, passages: tuple[Passage, ...] = (POLICY,), **changes: Any) -> Case:
    reason = changes.pop("reason", HandoffReason.LOW_CONFIDENCE)
    outcome = Outcome(
        question_id=uuid4(),
        kind=OutcomeKind.HANDED_OFF,
        reason=reason,
        detail=changes.pop("detail", ""),
        passages=passages,
    )
    values = {"text": text, "history": (), "outcome": outcome, "asked_on": TODAY, **changes}
    return Case(**values)


@pytest.mark.parametrize(
    ("text", "kind", "values"),
    [
        ("my order LM-204512 is late", FactKind.ORDER, ["LM-204512"]),
        ("Order number is #12345 and order 12345", FactKind.ORDER, ["12345"]),
        ("Bestellung Nr. 2045123, Auftrag: A-77812", FactKind.ORDER, ["2045123", "A-77812"]),
        ("Ma commande n° 88123", FactKind.ORDER, ["88123"]),
        ("注文番号は 123-456789 です", FactKind.ORDER, ["123-456789"]),
        ("in order to get 2020, order 2 tents", FactKind.ORDER, []),
        ("I ordered on 12.10.2026", FactKind.ORDER, []),
        ("Tracking 1Z999AA10123456784", FactKind.TRACKING, ["1Z999AA10123456784"]),
        ("Sendungsnummer 00340434161094042557", FactKind.TRACKING, ["00340434161094042557"]),
        ("RR123456785DE", FactKind.TRACKING, ["RR123456785DE"]),
        ("$129.90, 1.299,00 EUR, 5,000円", FactKind.AMOUNT, ["$129.90", "1.299,00 EUR", "5,000円"]),
        ("error 0x80070005 then E404", FactKind.ERROR, ["0x80070005", "E404"]),
        ("Fehler: ERR_CONNECTION_REFUSED", FactKind.ERROR, ["ERR_CONNECTION_REFUSED"]),
        ("the model SN750 Black is dead", FactKind.PRODUCT, ["SN750 Black"]),
        ("my trail jacket tore", FactKind.PRODUCT, ["trail jacket"]),
        ("Produkt: „Zelt Nord“", FactKind.PRODUCT, ["Zelt Nord"]),
        ("on 3 October 2026, le 5 octobre, 2026-11-02", FactKind.DATE,
         ["3 October 2026", "5 octobre", "2026-11-02"]),
        ("3 marbles, 2 decks and 31.31.2026", FactKind.DATE, []),
        ("write to anna@shop.example", FactKind.PRODUCT, []),
    ],
)  # fmt: skip
def test_facts_are_found_as_they_were_written(text: str, kind: FactKind, values: list[str]) -> None:
    facts = facts_in(text, asked_on=TODAY, products=["Trail Jacket"])
    assert [each.value for each in facts if each.kind is kind] == values


@pytest.mark.parametrize(
    ("text", "shown"),
    [
        ("card 4111 1111 1111 1111 ok", "card [card number] ok"),
        ("IBAN DE89 3704 0044 0532 0130 00", "IBAN [bank account]"),
        ("my password is hunter2, thanks", "my password is [password] thanks"),
        ("Mein Passwort lautet Geheim!", "Mein Passwort lautet [password]"),
        ("PIN: 9981", "PIN: [password]"),
        ("mot de passe : secret", "mot de passe : [password]"),
        ("パスワードは abc123 です", "パスワードは [password] です"),
        ("My password is not working", "My password is not working"),
        ("Ich habe mein Passwort vergessen", "Ich habe mein Passwort vergessen"),
    ],
)
def test_secrets_are_masked_and_words_about_them_stay(text: str, shown: str) -> None:
    assert masked(text) == shown


def test_a_day_is_every_day_it_can_mean() -> None:
    def meant(text: str) -> set[date]:
        return {day for each in days_in(text, before=TODAY) for day in each.meant}

    assert meant("3/4/2026") == {date(2026, 4, 3), date(2026, 3, 4)}
    assert meant("3.4.2026") == {date(2026, 4, 3)}
    assert meant("December 24") == {date(2025, 12, 24)}
    assert meant("24. Dez") == {date(2025, 12, 24)}
    assert meant("November 3, 2026") == {date(2026, 11, 3)}
    assert meant("10月3日") == {date(2026, 10, 3)}


@pytest.mark.parametrize(
    ("text", "eligible"),
    [
        ("I received it on 3 September 2026.", "past the return period"),
        ("It was delivered on 3 November 2026.", "within the return period"),
        ("I bought it on 3 November 2026.", "within the return period"),
        # It may have been delivered long after it was bought.
        ("I bought it on 3 September 2026.", "not stated"),
        ("I ordered on 3 September and it arrived on 3 November.", "within the return period"),
        # The third of September in one country, the ninth of March in another: both are past.
        ("It arrived on 3/9/2026.", "past the return period"),
        ("It arrived on 5/11/2026.", "not stated"),
        ("It arrived on 10/11/2026.", "within the return period"),
        ("It is from 3 September 2026.", "not stated"),
        ("I want a refund.", "not stated"),
        ("My water filters arrived on 3 November 2026.", "not stated"),
    ],
)
def test_a_period_is_judged_only_where_the_words_allow_it(text: str, eligible: str) -> None:
    told = case(text)
    found = refund_summary(told, ())
    assert found.eligible == eligible
    assert "within 45 days" in found.why
    assert found.policy is POLICY


def test_without_a_policy_nothing_is_said_about_a_refund() -> None:
    found = refund_summary(case("Refund my order 4711, please", passages=()), ())
    assert (found.eligible, found.why, found.policy) == ("not stated", "not stated", None)


def test_an_exception_that_names_the_goods_is_shown() -> None:
    assert "Water filters cannot be" in refund_summary(case("My filters arrived."), ()).why
    assert "Water filters cannot be" not in refund_summary(case("My jacket arrived."), ()).why


@pytest.mark.parametrize(
    "text",
    ["I want a refund", "Ich will mein Geld zurück", "Je veux être remboursé", "返金してください"],
)
def test_a_refund_case_is_known_by_its_words_or_by_routing(text: str) -> None:
    assert is_refund_case(case(text))
    assert not is_refund_case(case(text, refund=False))
    assert is_refund_case(case("Hello", refund=True))


def test_a_summary_is_the_customers_own_sentences_in_order() -> None:
    told = case(
        "Hello! I hope you are well. The zip of my jacket is broken. I already tried to oil it. "
        "The weather is nice here. Can you replace it?",
        history=(
            Turn(speaker="customer", text="How do I return a jacket?"),
            Turn(speaker="bot", text="Within 45 days."),
            Turn(speaker="bot", text="Keep the label."),
        ),
    )
    assert summary(told) == (
        "The customer wrote: “How do I return a jacket? … The zip of my jacket is broken. … "
        "Can you replace it?” Already tried: “I already tried to oil it.” "
        "Before that, the bot answered 2 times."
    )


@pytest.mark.parametrize("text", ["", "Das Zelt.", "word " * 10_000, "Why? " * 3_000])
def test_a_summary_is_short_whatever_was_written(text: str) -> None:
    assert len(summary(case(text))) <= LONGEST


def test_a_note_says_why_what_and_what_next() -> None:
    told = case(
        "I received it on 3 September 2026 and want a refund of $129.90 for order LM-204512. "
        "Please refund card 4111 1111 1111 1111.",
        reason=HandoffReason.POLICY_RESTRICTED,
        detail="Refunds are for people.",
        passages=(POLICY, POLICY, passage("m", kind="macro", audience=("agents",), score=0.5)),
    )
    text = harmless(note(told, summary=summary(told)), links={POLICY.link, _link("m")})
    for words in (
        *(REASONS[HandoffReason.POLICY_RESTRICTED], "Refunds are for people."),
        *("order number: LM-204512", "amount: $129.90", "Eligible: past the return period"),
        *("(score 0.91)", "(score 0.50, not public)", "[card number]"),
    ):
        assert words in text
    assert text.count("score") == 2
    assert "4111" not in text


def _link(name: str) -> str:
    return passage(name).link


def test_a_case_that_is_no_refund_has_no_refund_summary() -> None:
    text = note(case("Where is it?"), summary="")
    assert "Eligible" not in text
    assert NEXT_STEPS[HandoffReason.LOW_CONFIDENCE] in text


@pytest.mark.parametrize("reason", list(HandoffReason))
def test_every_reason_has_words_and_a_next_step(reason: HandoffReason) -> None:
    text = unescape(note(case("Hello", reason=reason, passages=()), summary=""))
    assert REASONS[reason] in text
    assert NEXT_STEPS[reason].split(",", maxsplit=1)[0] in text


@settings(max_examples=150, deadline=None)
@given(text=NASTY, title=NASTY, detail=NASTY)
def test_whatever_a_customer_writes_a_note_only_shows_it(
    text: str, title: str, detail: str
) -> None:
    article = passage("returns", title=title, text=f"Return it within 5 days of delivery {text}.")
    told = case(
        f"Refund order #{text} error {text} 12345 model “{text}”",
        passages=(article,),
        detail=detail,
        history=(Turn(speaker="customer", text=title),),
    )
    html = note(told, summary=f"{summary(told)}{text}")
    harmless(html, links={article.link})
    assert len(html.encode()) < 60_000
