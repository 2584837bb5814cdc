"""How text becomes words for full-text search: one way for documents and questions alike.

PostgreSQL's parser knows no word boundaries in Chinese, Japanese or Thai, so runs of such
characters are cut into overlapping bigrams before it sees them; everything else is left to
the text-search configuration of the document's language.
"""

from __future__ import annotations

import itertools
import re
from collections.abc import Iterator

# Text-search configurations that PostgreSQL >= 15 ships, by ISO 639-1 code.
LANGUAGES = {
    "ar": "arabic",
    "ca": "catalan",
    "da": "danish",
    "de": "german",
    "el": "greek",
    "en": "english",
    "es": "spanish",
    "eu": "basque",
    "fi": "finnish",
    "fr": "french",
    "ga": "irish",
    "hi": "hindi",
    "hu": "hungarian",
    "hy": "armenian",
    "id": "indonesian",
    "it": "italian",
    "lt": "lithuanian",
    "nb": "norwegian",
    "ne": "nepali",
    "nl": "dutch",
    "nn": "norwegian",
    "no": "norwegian",
    "pt": "portuguese",
    "ro": "romanian",
    "ru": "russian",
    "sr": "serbian",
    "sv": "swedish",
    "ta": "tamil",
    "tr": "turkish",
    "yi": "yiddish",
}

# BM25's parameters (k1: how soon repetition stops counting; b: how much length counts) and the
# usual length of a passage in lexemes. Stored passages depend on them: changing one needs a
# new index.
BM25_K1 = 1.2
BM25_B = 0.75
BM25_AVERAGE_LENGTH = 90.0

_UNSPACED = re.compile(
    "[\u0e00-\u0eff\u1000-\u109f\u1780-\u17ff\u3040-\u30ff\u3400-\u4dbf\u4e00-\u9fff"
    "\uf900-\ufaff\uff66-\uff9f\U00020000-\U0002fa1f]+"
)
_UNSEARCHABLE = re.compile("[\x00-\x1f\u200b-\u200f\u202a-\u202e\u2060-\u2069\ufeff\ud800-\udfff]")


def language_of(locale: str) -> str:
    """The ISO 639 code of a BCP 47 locale: "pt" for "pt-BR"."""
    return locale.replace("_", "-").split("-", 1)[0].lower()


def text_search_language(locale: str) -> str:
    """The name of the text-search configuration for a BCP 47 locale; "simple" where PostgreSQL
    has none, which keeps every word as it is written."""
    return LANGUAGES.get(language_of(locale), "simple")


def searchable(text: str) -> str:
    """The text as PostgreSQL's parser should see it: without characters it rejects or that
    split words invisibly, and with unspaced scripts cut into overlapping bigrams."""
    return _UNSPACED.sub(_bigrams, _UNSEARCHABLE.sub(" ", text))


def _bigrams(run: re.Match[str]) -> str:
    return f" {' '.join(_pairs(run.group()))} "


def _pairs(text: str) -> Iterator[str]:
    if len(text) == 1:
        yield text
    for first, second in itertools.pairwise(text):
        yield first + second
