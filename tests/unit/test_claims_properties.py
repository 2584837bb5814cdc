"""Whatever the figures and words: a repeated sentence passes, one with another figure does not."""

from hypothesis import given, settings
from hypothesis import strategies as st

from bot.answering.checking import check
from bot.answering.checking.vocabulary import LANGUAGES
from bot.answering.citations import citation
from bot.models import Statement
from tests.factories import passage

quick = settings(max_examples=80, derandomize=True, deadline=None, database=None)

SENTENCES = {
    "en": (
        "You can return an item within {} days if it is unworn.",
        "Express shipping costs {} € and takes up to {} business days.",
        "Do not send more than {} items in one parcel.",
        "Orders over ${} ship free, except to Canada.",
    ),
    "de": (
        "Sie können Artikel innerhalb von {} Tagen zurückgeben, wenn sie ungetragen sind.",
        "Der Versand kostet {} € und dauert höchstens {} Werktage.",
    ),
    "fr": ("Vous pouvez annuler sous {} jours, sauf si le colis est parti.",),
    "es": ("Puede devolver el artículo en un plazo de {} días.",),
    "it": ("Il rimborso arriva entro {} giorni lavorativi.",),
    "nl": ("U kunt binnen {} dagen retourneren, tenzij het product gebruikt is.",),
    "pt": ("Pode devolver o artigo no prazo de {} dias.",),
}
NUMBER = st.integers(min_value=2, max_value=999)
TEMPLATE = st.sampled_from([(each, text) for each, some in SENTENCES.items() for text in some])
ANY_TEXT = st.text(max_size=120) | st.lists(
    st.sampled_from(["not", "if", "30", "days", "€", "1.000", "We", "will", "- ", "\n", ":", "I"]),
    max_size=20,
).map(" ".join)


def result(text: str, source: str, locale: str, quote: str = "") -> str:
    found = passage(text=source, locale=locale)
    statement = Statement(text=text, citations=(citation(found, quote or source),))
    (verdict,) = check([statement], [found], "How long?", locale).verdicts
    assert verdict.sent is None or verdict.sent.citations[0].quote in source
    return verdict.result


@quick
@given(TEMPLATE, NUMBER, NUMBER)
def test_a_statement_that_is_its_quote_is_never_rejected(
    template: tuple[str, str], first: int, second: int
) -> None:
    locale, text = template
    sentence = text.format(first, second)
    assert result(sentence, sentence, locale) == "ok"


@quick
@given(TEMPLATE, NUMBER, NUMBER, st.integers(min_value=1, max_value=999))
def test_another_figure_never_passes(
    template: tuple[str, str], first: int, second: int, more: int
) -> None:
    locale, text = template
    changed = text.format(first + more, second)
    source = text.format(first, second)
    if first + more != second:
        assert result(changed, source, locale) in ("repaired", "rejected")


@quick
@given(TEMPLATE, NUMBER, st.data())
def test_a_quote_cut_anywhere_is_repaired_at_most(
    template: tuple[str, str], number: int, data: st.DataObject
) -> None:
    locale, text = template
    sentence = text.format(number, number)
    words = sentence.split(" ")
    start = data.draw(st.integers(min_value=0, max_value=len(words) - 1))
    end = data.draw(st.integers(min_value=start + 1, max_value=len(words)))
    part = " ".join(words[start:end])
    if any(char.isalnum() for char in part):
        assert result(part, sentence, locale, quote=part) in ("ok", "repaired")


@quick
@given(ANY_TEXT, ANY_TEXT, st.sampled_from(["en", "de", "fr", "ja", "", "pt-BR", "xx"]))
def test_no_text_is_too_odd(said: str, source: str, locale: str) -> None:
    found = passage(text=source, locale=locale)
    statement = Statement(text=said, citations=(citation(found, source),))
    checked = check([statement, statement], [found], said, locale)
    assert len(checked.verdicts) == 2


def test_every_language_spells_the_same_numbers() -> None:
    assert {len(each["numbers"].split()) for each in LANGUAGES.values()} == {27}
