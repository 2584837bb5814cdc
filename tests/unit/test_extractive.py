"""What a reader gets when no model writes: the passages' own sentences, chosen and in order."""

import pytest

from bot.answering.base import AnswerRequest, Draft, NoDraft
from bot.answering.extractive import ExtractiveEngine
from bot.answering.units import units
from bot.models import HandoffReason
from indexing.models import Passage
from tests.factories import passage

RETURNS = passage(
    "returns",
    text="You have 60 days from the day of delivery to return a jacket. It must be unused. "
    "However, boots can be returned after a walk indoors.",
    score=0.9,
)
CANCEL = passage(
    "cancel",
    title="Cancelling an order",
    heading_path=("Cancel an order",),
    text="You can cancel an order free of charge until it is packed.\n\nDo this:\n\n"
    "1. Open My orders.\n   [image: The list of orders]\n2. Select Cancel order.\n"
    "3. Wait for the e-mail.\n\nA card is only charged at dispatch.",
    score=0.8,
)
EXCLUDED = passage(
    "excluded",
    title="Returning an item",
    heading_path=("What cannot be returned",),
    text="- Gift cards.\n- Opened water filters.\n- Items made to order.\n\n"
    "Trying an item on at home does not count as use.",
    score=0.88,
)
SHIPPING = passage(
    "shipping",
    title="Shipping times and costs",
    text="Region: Germany; Standard: 2 to 4 days; Costs: 5 €\n"
    "Region: Canada; Standard: 5 to 8 days; Costs: 15 $\n"
    "Region: Norway; Standard: 5 to 8 days; Costs: 15 €",
    score=0.7,
)
HELP = (RETURNS, CANCEL, SHIPPING, EXCLUDED)


def ask(question: str, *passages: Passage, locale: str = "en") -> list[str]:
    request = AnswerRequest(question=question, passages=passages or HELP, locale=locale)
    result = ExtractiveEngine().answer(request)
    assert isinstance(result, Draft)
    return [statement.text for statement in result.statements]


def test_the_sentence_that_answers_comes_first() -> None:
    said = ask("How long do I have to return a jacket?")
    assert said[0] == "You have 60 days from the day of delivery to return a jacket."


def test_a_procedure_is_told_whole_in_order_with_its_numbers_and_without_pictures() -> None:
    said = ask("How do I cancel an order?")
    steps = ["1. Open My orders.", "2. Select Cancel order.", "3. Wait for the e-mail."]
    start = said.index(steps[0])
    assert said[start : start + 3] == steps
    assert said[start - 1] == "Do this:"


def test_a_message_that_asks_for_something_to_be_done_gets_the_steps() -> None:
    assert "2. Select Cancel order." in ask("cancel my order please")


def test_a_step_is_never_told_alone() -> None:
    said = ask("When is a card charged after I cancel?")
    assert "A card is only charged at dispatch." in said
    steps = [text for text in said if text[0].isdigit()]
    assert len(steps) in (0, 3)


def test_a_long_procedure_loses_no_step() -> None:
    lines = "\n".join(f"{number}. Turn screw {number} to the left." for number in range(1, 15))
    said = ask("How do I turn the screws?", passage(title="Screws", text=f"To turn:\n{lines}"))
    assert len(said) <= 8
    assert all(f"Turn screw {number} to" in " ".join(said) for number in range(1, 15))


def test_a_procedure_that_was_cut_goes_on_with_the_steps_of_the_next_passage() -> None:
    first = passage("a", chunk_id="1", text="1. Open the lid.\n2. Take the filter out.", score=0.9)
    second = passage("a", chunk_id="2", text="3. Rinse the filter.\n4. Close it.", score=0.4)
    said = ask("How do I open the lid and change the filter?", first, second)
    assert said == [
        *("1. Open the lid.", "2. Take the filter out."),
        *("3. Rinse the filter.", "4. Close it."),
    ]


def test_a_sentence_that_points_back_brings_what_it_points_to() -> None:
    club = passage(title="Club", text="Trail Club is our membership. It costs 39 dollars a year.")
    assert ask("What does it cost per year?", club) == [
        "Trail Club is our membership.",
        "It costs 39 dollars a year.",
    ]


def test_a_sentence_that_limits_the_answer_is_told_with_it() -> None:
    text = "Returns are free in Europe. However, sale items cost five euros. We like maps."
    said = ask("Are returns free in Europe?", passage(title="Costs", text=text))
    assert said == ["Returns are free in Europe.", "However, sale items cost five euros."]


def test_a_bare_list_is_told_under_its_heading() -> None:
    assert ask("What can't be returned?") == [
        "What cannot be returned: Gift cards.",
        "Opened water filters.",
        "Items made to order.",
    ]


def test_an_item_that_follows_another_sentence_still_stands_under_its_heading() -> None:
    filters = passage(
        "filters", title="Filters", text="Water filters last three years once opened.", score=1.0
    )
    said = ask("Are opened water filters taken back?", filters, EXCLUDED)
    assert said[0] == "Water filters last three years once opened."
    assert "Opened water filters." not in said


def test_of_a_table_the_row_that_matches_is_told_with_its_header_words() -> None:
    said = ask("How long does shipping to Canada take?")
    assert said[0] == "Region: Canada; Standard: 5 to 8 days; Costs: 15 $"
    assert not any("Norway" in text for text in said)


def test_a_figure_finds_the_row_whose_range_holds_it() -> None:
    sizes = passage(
        title="Sizes",
        text="Size: S; Chest: 88 to 94 cm\n"
        "Size: M; Chest: 95 to 101 cm\n"
        "Size: L; Chest: 102 to 109 cm",
    )
    said = ask("Which size for a chest of 100 cm?", sizes)
    assert said[0] == "Size: M; Chest: 95 to 101 cm"


def test_nothing_is_said_twice() -> None:
    copy = passage("copy", text=RETURNS.text, score=0.85)
    said = ask("How long do I have to return a jacket?", RETURNS, copy)
    assert len(said) == len(set(said))


def test_a_question_in_the_text_is_not_an_answer_but_what_follows_is() -> None:
    faq = passage(title="FAQ", text="Can I return a used jacket? No, only unused ones.")
    assert ask("Can I return a used jacket?", faq) == ["No, only unused ones."]


def test_passages_in_the_readers_language_are_preferred() -> None:
    german = passage("de", title="Rückgabe", locale="de", text="Rückgabe bis 60 Tage. Danke.")
    english = passage("en", title="Rückgabe", locale="en", text="Rückgabe 60 days. Thanks.")
    assert ask("Rückgabe?", english, german, locale="de") == ["Rückgabe bis 60 Tage."]


@pytest.mark.parametrize(
    ("question", "text", "answer"),
    [
        ("退货需要多少天？", "我们每天发货。您可以在六十天内退货。", "您可以在六十天内退货。"),  # noqa: RUF001  Chinese marks
        ("كم يوما للإرجاع؟", "نشحن كل يوم. الإرجاع خلال ستين يوما.", "الإرجاع خلال ستين يوما."),
        ("Wie kündige ich?", "Wir liefern oft. Sie kündigen im Konto.", "Sie kündigen im Konto."),
    ],
)
def test_other_scripts_and_languages(question: str, text: str, answer: str) -> None:
    assert answer in ask(question, passage(title="x", text=text))


@pytest.mark.parametrize("question", ["Do you sell bananas?", "?", "", "a", "&|!:*'\"", "🙂"])
def test_what_no_sentence_is_about_is_left_to_people(question: str) -> None:
    request = AnswerRequest(
        question=question, passages=(passage(dense=0.1), passage("b", dense=0.2)), locale="en"
    )
    result = ExtractiveEngine().answer(request)
    assert isinstance(result, NoDraft)
    assert result.reason is HandoffReason.MISSING_KNOWLEDGE


def test_every_quote_is_its_statement() -> None:
    request = AnswerRequest(question="How do I cancel an order?", passages=HELP, locale="en")
    result = ExtractiveEngine().answer(request)
    assert isinstance(result, Draft)
    for statement in result.statements:
        (cited,) = statement.citations
        assert " ".join(cited.quote.split()) in statement.text


# Units -----------------------------------------------------------------------------------------


def quotes(text: str) -> list[tuple[str, str]]:
    return [(unit.kind, unit.quote(text)) for unit in units(text)]


def test_paragraphs_lists_steps_and_rows_are_told_apart() -> None:
    text = (
        "See e.g. page 3. Then stop!\n\n- one\n  more of one\n  - nested\n\n1. first\n2) second\n\n"
        "Plan: Gold; Days: 90. Free.\nPlan: Basic; Days: 60\n[image: x] Last words"
    )
    assert quotes(text) == [
        ("sentence", "See e.g. page 3."),
        ("sentence", "Then stop!"),
        ("item", "one\n  more of one"),
        ("item", "nested"),
        ("step", "first"),
        ("step", "second"),
        ("row", "Plan: Gold; Days: 90. Free."),
        ("row", "Plan: Basic; Days: 60"),
        ("sentence", "Last words"),
    ]


def test_text_wrapped_at_a_column_is_read_as_sentences() -> None:
    wrapped = "This line was broken by an old e-mail program somewhere\nin the middle. Next one."
    assert [quote for _, quote in quotes(wrapped)] == [wrapped[:-10], "Next one."]


@pytest.mark.parametrize("text", ["", " \n", "...\n---\n???", "[image: x]", "\x00"])
def test_where_there_are_no_words_there_is_nothing_to_quote(text: str) -> None:
    assert quotes(text) == []


def test_text_without_any_end_is_cut_into_pieces_that_can_be_quoted() -> None:
    text = "word " * 10_000
    found = units(text)
    assert max(unit.end - unit.start for unit in found) <= 600
    assert sum(unit.quote(text).count("word") for unit in found) == 10_000
