"""The pages behind "yes" and "no" speak the languages of the replies that link to them."""

from __future__ import annotations

from dataclasses import fields

from bot.zendesk.page_texts import PAGE_TEXTS, page_texts_for
from bot.zendesk.texts import TEXTS


def test_every_language_of_replies_has_its_own_pages() -> None:
    assert PAGE_TEXTS.keys() == TEXTS.keys()
    for each in fields(PAGE_TEXTS["en"]):
        said = [getattr(texts, each.name) for texts in PAGE_TEXTS.values()]
        assert all(said)
        shared = 2 if each.name == "button" else 0  # Spanish and Portuguese confirm alike
        assert len(set(said)) >= len(said) - shared


def test_unknown_languages_read_english() -> None:
    assert page_texts_for("pt-BR") == PAGE_TEXTS["pt"]
    assert page_texts_for("xx") == PAGE_TEXTS["en"]
