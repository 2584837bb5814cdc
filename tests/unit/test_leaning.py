"""Which questions lean on the one before, and whether what is found for both is about them."""

from __future__ import annotations

import pytest

from bot.answering.leaning import is_about, leant_on
from bot.models import Turn
from tests.factories import passage

ASKED = "How long do I have to return a jacket?"
SAID = Turn(speaker="customer", text=ASKED)
BOOTS = passage(title="Returns", text="Jackets and boots go back within 60 days, free of charge.")


@pytest.mark.parametrize(
    ("text", "before"),
    [
        ("And on boots?", ASKED),
        ("And how long does it take until the money is in my account again?", ""),
    ],
)
def test_only_a_short_question_leans(text: str, before: str) -> None:
    assert leant_on(text, [SAID, Turn(speaker="bot", text="Within 60 days.")]) == before
    assert leant_on(text, [Turn(speaker="bot", text="Hello.")]) == ""


@pytest.mark.parametrize(
    ("text", "about"),
    [
        ("And on boots?", True),
        ("And a boot?", True),
        ("And how long?", True),
        ("Are you sure about that?", True),
        ("And the jacket?", True),
        ("Is there a charger?", False),
        ("Do you sell bicycles and boots for children?", False),
    ],
)
def test_what_is_found_is_about_a_question_whose_new_subjects_it_names(
    text: str, about: bool
) -> None:
    assert is_about(text, ASKED, [passage(), BOOTS], "en-us") is about


def test_in_another_language_nobody_can_tell() -> None:
    assert is_about("En een oplader?", "Hoe lang?", [BOOTS], "nl")
