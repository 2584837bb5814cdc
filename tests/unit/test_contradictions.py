"""Which passages say different things of the same, and which only look like it."""

from __future__ import annotations

import pytest

from bot.insight.gaps.contradictions import Text, contradictions


def texts(ours: str, theirs: str, above: tuple[str, str] = ("Returns", "Returns")) -> list[Text]:
    return [
        Text(above=title, text=text, locale="en")
        for title, text in zip(above, (ours, theirs), strict=True)
    ]


@pytest.mark.parametrize(
    ("ours", "theirs"),
    [
        (
            "You can return an unworn item within 45 days of delivery.",
            "An unworn item can be returned within 30 days of delivery.",
        ),
        (
            "Standard delivery costs €4.95 within Germany.",
            "Within Germany standard delivery costs €5.95.",
        ),
        (
            "We process a refund within 2 weeks.\n\nIt goes to your card.",
            "Keep the receipt.\n\nWe process your refund within 5 business days.",
        ),
    ],
)
def test_figures_that_differ_in_the_same_sentence_are_found(ours: str, theirs: str) -> None:
    first, second = texts(ours, theirs)
    (found,) = contradictions(first, second)
    assert found.ours in first.text
    assert found.theirs in second.text
    assert len(list(contradictions(second, first))) == 1


@pytest.mark.parametrize(
    ("ours", "theirs", "above"),
    [
        # the same in other words
        (
            "You can return an unworn item within two weeks of delivery.",
            "You can return an unworn item within 14 days of delivery.",
            ("Returns", "Returns"),
        ),
        # other things
        (
            "You can return a jacket within 45 days of delivery.",
            "You can exchange boots within 30 days of purchase.",
            ("Returns", "Exchanges"),
        ),
        (
            "Weight of the tent without poles: 1.9 kg",
            "Weight of the tent without poles: 2.4 kg",
            ("Alder 2 expedition shelter", "Birch family dome"),
        ),
        # the figure is there too
        (
            "You can return an unworn item within 45 days of delivery.",
            "Members can return an unworn item within 90 days of delivery.\n\nAll: 45 days.",
            ("Returns", "Returns"),
        ),
        # no figure at all
        ("You can return an unworn item.", "You cannot return an unworn item.", ("", "")),
    ],
)
def test_what_only_looks_alike_is_not(ours: str, theirs: str, above: tuple[str, str]) -> None:
    first, second = texts(ours, theirs, above)
    assert list(contradictions(first, second)) == []


def test_passages_in_two_languages_are_not_compared() -> None:
    english = Text(above="", text="You may return the items within 45 days.", locale="en")
    german = Text(above="", text="Sie können die Artikel in 30 Tagen zurückgeben.", locale="de")
    assert list(contradictions(english, german)) == []
