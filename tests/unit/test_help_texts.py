"""The help page speaks every language of replies, and chooses the one that somebody reads."""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import fields, is_dataclass
from pathlib import Path
from typing import TYPE_CHECKING

import pytest

import bot.help
from bot.help.contact_texts import CONTACT_TEXTS
from bot.help.languages import Spoken, preferred
from bot.help.notices import NOTICES
from bot.help.texts import TEXTS
from bot.language import LanguageDetector
from bot.self_service import HelpPage
from bot.zendesk import texts as replies

if TYPE_CHECKING:
    from _typeshed import DataclassInstance

TEMPLATES = sorted((Path(bot.help.__file__).parent / "templates").glob("*.html"))

ALIKE = {("fr", "sources"), ("fr", "source")}
"""Words that are the same as in English."""

ENGLISH = re.compile(r"\b(the|you|your|please|thank|this|with|again)\b", re.IGNORECASE)


def told(texts: DataclassInstance) -> Iterator[tuple[str, str]]:
    """Name and text, also of the tables within."""
    for each in fields(texts):
        value = getattr(texts, each.name)
        if is_dataclass(value) and not isinstance(value, type):
            yield from ((f"{each.name}.{name}", text) for name, text in told(value))
        else:
            yield each.name, value


def test_it_speaks_the_languages_of_replies() -> None:
    assert set(TEXTS) == set(CONTACT_TEXTS) == set(NOTICES) == set(replies.TEXTS)
    for language, texts in TEXTS.items():
        assert texts.contact is CONTACT_TEXTS[language]
        assert texts.notices is NOTICES[language]
        assert texts.sources == replies.TEXTS[language].sources


@pytest.mark.parametrize("language", sorted(TEXTS))
def test_every_text_is_there_in_its_own_language(language: str) -> None:
    english = dict(told(TEXTS["en"]))

    for name, text in told(TEXTS[language]):
        assert text == " ".join(text.split()) != "", name
        assert re.findall(r"{\w*}", text) == re.findall(r"{\w*}", english[name]), name
        if language != "en" and (language, name) not in ALIKE:
            assert text != english[name], name
            assert not ENGLISH.search(text), name
    # All of them together, for one language that stands in the place of another.
    whole = " ".join(text for _, text in told(TEXTS[language]))
    assert LanguageDetector(default="").locale_of(whole) == language


def test_what_no_admin_wrote_is_said_by_the_page() -> None:
    first = HelpPage()
    assert (first.title, first.introduction) == (TEXTS["en"].title, TEXTS["en"].introduction)


@pytest.mark.parametrize("template", TEMPLATES, ids=lambda path: path.name)
def test_templates_have_no_words_of_their_own(template: Path) -> None:
    html = re.sub(r"{{.*?}}|{%.*?%}", "", template.read_text(encoding="utf-8"), flags=re.DOTALL)

    said = re.findall(r'(?:aria-label|placeholder|title|alt|data-(?:looking|broken))="(.*?)"', html)
    assert not re.search(r"[^\W\d_]", re.sub(r"<[^>]*>", "", html) + "".join(said))


@pytest.mark.parametrize(
    ("accepted", "language"),
    [
        ("de", "de"),
        ("de-AT,de;q=0.9,en;q=0.8", "de"),
        ("fr-CH, fr;q=0.9, en;q=0.8, de;q=0.7, *;q=0.5", "fr"),
        ("en;q=0.4,es;q=0.9,it;q=0.5", "es"),
        ("nb,da;q=0.7,en;q=0.3", "da"),
        ("zh-Hant-TW,ja ; q=0.2", "ja"),
        ("PT-br", "pt"),
        ("de;q=0,en;q=0.1", "en"),
        ("de;q=0", "nl"),
        ("*", "nl"),
        ("ru,*;q=0.5,pl;q=0.1", "nl"),
        ("ru", "nl"),
        ("", "nl"),
        (",;q=1,;,de;q=x,de;q=9,sv;q=1.0000,<script>,\u0130,\0", "nl"),
        ("de;q=0.1," * 2_000 + "fr;q=0.2", "fr"),
    ],
    ids=range(15),
)
def test_the_language_is_that_which_is_wanted_most_of_those_it_speaks(
    accepted: str, language: str
) -> None:
    assert preferred(accepted, default="nl") == language


def test_addresses_carry_the_language_only_where_one_did() -> None:
    assert Spoken(language="de", is_named=True).address("/help/ask") == "/help/ask?locale=de"
    assert Spoken(language="de").address("/help/ask") == "/help/ask"
    assert {Spoken(language=each).direction for each in TEXTS} == {"ltr"}
