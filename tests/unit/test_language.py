"""Which language few words are in, where it is known what articles are written in."""

import psycopg
import pytest

from bot.language import LanguageDetector

WRITTEN = frozenset({"en", "de"})


@pytest.fixture(scope="module")
def detector() -> LanguageDetector:
    return LanguageDetector(default="en", written=lambda: WRITTEN)


@pytest.mark.parametrize(
    ("text", "language"),
    [
        ("Wo ist mein Paket?", "de"),
        ("Was kostet Versand?", "de"),
        ("Kann ich umtauschen?", "de"),
        ("Geld zurück?", "de"),
        ("Rückgabe", "de"),
        ("where is my parcel", "en"),
        ("Do you ship?", "en"),
        ("ok thanks", "en"),
        # Of no language that articles are in, or of none at all: better none than a wrong one.
        ("mi pedido", "en"),
        ("Où est mon colis?", "en"),
        ("waar is mijn pakket", "en"),
        ("XR-200", "en"),
        ("503 ???", "en"),
        ("", "en"),
        # Long enough to be told whatever the articles are in.
        ("Waar is mijn pakket nu gebleven, dat ik vorige week besteld heb?", "nl"),
    ],
)
def test_few_words_are_in_a_language_of_the_articles_or_in_the_usual_one(
    detector: LanguageDetector, text: str, language: str
) -> None:
    assert detector.locale_of(text) == language


@pytest.mark.parametrize("written", [frozenset[str](), frozenset({"de"})])
def test_where_nothing_else_is_written_few_words_tell_nothing(written: frozenset[str]) -> None:
    assert LanguageDetector(default="en", written=lambda: written).locale_of("Geld zurück?") == "en"


def test_a_hint_stands_where_it_is_of_the_same_language(detector: LanguageDetector) -> None:
    assert detector.locale_of("Wo ist mein Paket?", hint="de-at") == "de-at"
    assert detector.locale_of("Wo ist mein Paket?", hint="en-gb") == "de"


def test_a_database_that_is_away_leaves_few_words_in_the_usual_language() -> None:
    def away() -> frozenset[str]:
        raise psycopg.OperationalError

    assert LanguageDetector(default="en", written=away).locale_of("Geld zurück?") == "en"
