"""How much a piece of text has to do with a question, by its words: no model, any language."""

from __future__ import annotations

import math
import re
import unicodedata
from collections import Counter
from functools import lru_cache
from typing import TYPE_CHECKING

from indexing.lexical import searchable

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping

_WORDS = re.compile(r"[^\W_]+(?:'[^\W\d_]{1,2}\b)?")
# One word for every denial: "What can't I return?" asks for the list of what cannot be returned.
_NEGATION = re.compile(r"\b(?:cannot|can'?t|won'?t|[a-z]{2,6}n't|never|not)\b")
_PLURAL = re.compile(r"(?<=\w{3})(?:'?s|')$")
_PLURALS = re.compile(r"(?<=\w{3})(?:ies|y)$")
_SUFFIXES = re.compile(
    r"(?<=\w{4})(?:ations?|ements?|ments?|ungen|ung|ings?|ers?|ed|es|en|ly|al|s|e|i)$"
    r"|(?<=\w{3})(?:ing|s)$"
)
_DOUBLED = re.compile(r"([b-df-hj-np-tv-z])\1$")

# Words that a question is made of but that no answer is about. Rare words weigh more by their
# frequency in the passages; these would weigh most, because articles do not ask.
_FUNCTION_WORDS = {
    "en": "a about after again all also am an and any anyone are as at be because been being "
    "but by can could did do does doing for from get gets "
    "getting had has have having he hello help her hey hi his how i i'd i'll i'm i've if "
    "in into is it it's its just know like long make may me might much must my need no "
    "of ok on one or our out please possible really s shall she should since so some tell thank "
    "thanks that that's the their them then there these they this those to too try trying us use "
    "used using very want wanted was way we were what what's when where whether which while who "
    "why will with without would you your",
    "de": "aber als am an auch auf aus bei bin bitte da das dass dem den der des die dies diese "
    "dieser du ein eine einem einen einer es für gibt habe haben hallo ich ihr im in ist kann "
    "können könnte man mein meine meinem meinen meiner mich mir mit möchte muss nach nicht noch "
    "nur oder sein sich sie sind so und uns unser von vor wann warum was welche welcher wenn wer "
    "werden wie wieder will wird wo zu zum zur über um",
    "fr": "à au aux avec ce ces cette comment d dans de des du elle en est et être il j j'ai je l "
    "la le les leur m ma mais mes mon ne nous ou où par pas peut peux pour pourquoi puis qu que "
    "quand quel quelle qui quoi sa se ses si son sont suis sur t ta tu un une vos votre vous",
    "es": "al como cómo con cual cuál cuando cuándo cuánto de del dónde el ella en es esta este ha "
    "hay la las lo los me mi mis no para pero por puedo qué que se si sin sobre son su sus un una",
    "it": "che chi come cosa da di dove e gli ho i il io le lo ma mio nel nella non per perché più "
    "posso quale quando sono su tra una uno",
    "pt": "as com da do dos em eu meu minha na não no nos o os ou para posso quando se um uma",
    "nl": "aan ben dat deze dit een en er het hoe ik is je kan met mijn naar niet of om op te van "
    "voor waar waarom wanneer wat welke wie wil worden zijn",
}
_STOP = frozenset(word for line in _FUNCTION_WORDS.values() for word in line.split())


def words(text: str) -> list[str]:
    """The words of the text, folded to one form for upper case, accents and common endings;
    Chinese, Japanese and Thai as overlapping pairs of characters."""
    return [_stem(word) for word in _spoken(text)]


def content_words(text: str) -> list[str]:
    """The same without words that carry no subject; all of them where nothing else is left."""
    spoken = _spoken(text)
    telling = [word for word in spoken if word not in _STOP]
    return [_stem(word) for word in telling or spoken]


def subjects(text: str) -> frozenset[str]:
    """The words that carry a subject, told apart but for their plural: a charger is no charge."""
    return frozenset(_one(word) for word in _spoken(text) if word not in _STOP)


def _one(word: str) -> str:
    return _PLURAL.sub("", word)


def _spoken(text: str) -> list[str]:
    folded = unicodedata.normalize("NFKC", searchable(text)).casefold().replace("\u2019", "'")
    return _WORDS.findall(_NEGATION.sub(" not ", folded))


def rarity(texts: Iterable[Iterable[str]]) -> Mapping[str, float]:
    """Inverse document frequency of each word, each text counted once; rarer is higher."""
    counts: Counter[str] = Counter()
    total = 0
    for text in texts:
        counts.update(set(text))
        total += 1
    return {
        word: math.log(1 + (total - count + 0.5) / (count + 0.5)) for word, count in counts.items()
    }


def overlap(claim: Iterable[str], support: Iterable[str]) -> float:
    """The share of the claim's different words that the support holds, 0..1."""
    claimed = set(claim)
    return len(claimed & set(support)) / len(claimed) if claimed else 0.0


@lru_cache(maxsize=16_384)
def _stem(word: str) -> str:
    word = word.split("'", 1)[0]
    if not word.isascii():
        decomposed = unicodedata.normalize("NFD", word)
        word = "".join(each for each in decomposed if not unicodedata.combining(each))
    if len(word) <= 3 or not word.isalpha():
        return word
    return _DOUBLED.sub(r"\1", _SUFFIXES.sub("", _PLURALS.sub("", word)))
