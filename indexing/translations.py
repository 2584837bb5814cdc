"""One article in several languages is one result: the translation that was asked for."""

from __future__ import annotations

from typing import TYPE_CHECKING

from indexing.lexical import language_of

if TYPE_CHECKING:
    from collections.abc import Sequence

    from indexing.candidates import Hit


def in_asked_locale(
    scored: Sequence[tuple[Hit, float]], locale: str | None
) -> list[tuple[Hit, float]]:
    """Keeps one translation of each article: the asked locale's, else its language's, else the
    best. It takes the place that the article earned in any language, because a question in
    German may lie nearer to the English text under an English model."""
    chosen: dict[tuple[str, str], int] = {}
    earned: dict[tuple[str, str], float] = {}
    kept_best: dict[int, float] = {}
    for hit, score in scored:
        article = _article(hit)
        earned[article] = max(earned.get(article, score), score)
        kept_best[hit.document_pk] = max(kept_best.get(hit.document_pk, score), score)
    for hit, _ in sorted(scored, key=lambda pair: (_fit(pair[0].locale, locale), pair[1])):
        chosen[_article(hit)] = hit.document_pk
    kept = [
        (hit, score + earned[_article(hit)] - kept_best[hit.document_pk])
        for hit, score in scored
        if chosen[_article(hit)] == hit.document_pk
    ]
    kept.sort(key=lambda pair: -pair[1])
    return kept


def _article(hit: Hit) -> tuple[str, str]:
    return hit.source, f"={hit.document_id}" if not hit.translation_group else hit.translation_group


def _fit(locale: str, asked: str | None) -> int:
    if not asked:
        return 0
    if locale.lower() == asked.lower():
        return 2
    return int(language_of(locale) == language_of(asked))
