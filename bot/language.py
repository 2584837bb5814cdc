"""Which language a question is written in, for choosing translations and the answer's language."""

from __future__ import annotations

import threading
from typing import TYPE_CHECKING

import psycopg
from cachetools import TTLCache, cached

if TYPE_CHECKING:
    from collections.abc import Callable, Collection

    from psycopg_pool import ConnectionPool
    from py3langid.langid import LanguageIdentifier

# Below these the identifier guesses: "paket weg" is Dutch to it. Counted in UTF-8 bytes, because
# a Chinese character tells as much as a short word.
_BYTES_NEEDED = 20
_CERTAINTY_NEEDED = 0.95
_CHARACTERS_READ = 1000

# Few words are believed where they are most like a language that articles are written in, and so
# surely like that one among those: of 45 of one to four words in six languages 19 were told, all
# rightly, where articles are in English, German, French and Spanish.
_CERTAINTY_AMONG_WRITTEN = 0.9

_WRITTEN = """
SELECT DISTINCT lower(split_part(locale, '-', 1)) FROM documents
WHERE locale <> '' AND kind NOT IN ('ticket', 'macro')
"""
_SECONDS_KNOWN = 300

# Slack waits three seconds for a sign, also while the database is away.
_PATIENCE = 0.5


def languages_written(pool: Callable[[], ConnectionPool]) -> Callable[[], frozenset[str]]:
    """Returns what tells the languages that articles are in, ISO 639-1 codes, as they were at most
    five minutes ago. `pool` is asked for when that is. It raises psycopg.Error, half a second later
    at most where there is no connection."""

    @cached(TTLCache(maxsize=1, ttl=_SECONDS_KNOWN), lock=threading.Lock())
    def written() -> frozenset[str]:
        with pool().connection(timeout=_PATIENCE) as connection:
            return frozenset(row[0] for row in connection.execute(_WRITTEN))

    return written


class LanguageDetector:
    """Tells a text's language, or the default where the text is too short to tell. To be shared by
    all threads of a process: its model takes 70 MB. `written` are the languages of the articles,
    as far as they are known: one of those is told from fewer words, and without any few words are
    in the default language."""

    def __init__(self, *, default: str, written: Callable[[], Collection[str]] = frozenset) -> None:
        self._default = default
        self._written = written
        self._identifier: LanguageIdentifier | None = None
        self._reading = threading.Lock()

    def locale_of(self, text: str, *, hint: str = "") -> str:
        """An ISO 639-1 code; the hint, or else the default locale, when nothing can be told for
        certain. A hint such as "pt-br" also stands where the text is in its language."""
        otherwise = hint or self._default
        language = self._told(text[:_CHARACTERS_READ])
        return language if language and language != otherwise.partition("-")[0] else otherwise

    def _told(self, text: str) -> str:
        """The text's language, "" where that is not certain."""
        size = sum(len(each.encode()) for each in text if each.isalpha())
        if size >= _BYTES_NEEDED:
            language, certainty = self._load().classify(text)
            return str(language) if certainty >= _CERTAINTY_NEEDED else ""
        return self._told_among(text, self._known()) if size else ""

    def _known(self) -> Collection[str]:
        """None while the database is away: not knowing a language must not hold up a reply."""
        try:
            return self._written()
        except psycopg.Error:
            return ()

    def _told_among(self, text: str, written: Collection[str]) -> str:
        if len(written) < 2:
            return ""
        ranked = self._load().rank(text)
        likeliest, chance = ranked[0]
        among = sum(float(each) for language, each in ranked if language in written)
        is_certain = likeliest in written and float(chance) >= _CERTAINTY_AMONG_WRITTEN * among
        return str(likeliest) if is_certain else ""

    def _load(self) -> LanguageIdentifier:
        with self._reading:
            if self._identifier is None:
                # Reading the model takes a moment that `--help` must not pay for.
                from py3langid.langid import MODEL_FILE, LanguageIdentifier  # noqa: PLC0415

                self._identifier = LanguageIdentifier.from_model_file(MODEL_FILE, norm_probs=True)
            return self._identifier
