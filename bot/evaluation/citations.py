"""Whether citations are true and carry their statements, judged apart from the engine.

Recall and precision follow ALCE (Gao et al. 2023): a statement is recalled when its citations
together support it; a citation is precise when its statement is recalled and it is needed, that
is, it supports the statement alone or the others do not support it without it. ALCE asks a
language-inference model whether text supports a statement; here exact words decide for an
extractive answer, words and numbers otherwise, so that the figure needs no model and no key.
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from typing import TYPE_CHECKING, Literal

from bot.evaluation.scorers import words

if TYPE_CHECKING:
    from collections.abc import Collection, Iterable, Mapping, Sequence

    from bot.models import Citation, Statement
    from indexing.models import Audience, Reader

SupportTest = Literal["exact", "words"]

NOT_READABLE = "the reader may not read the document"

# A paraphrase may bring a few words of its own ("you can", "please"); a fact may not.
WORDS_NEEDED = 0.8

# How an article is set, not what it says: bullets, the number of a step, places of pictures.
_BULLETS = frozenset({"-", "*", "\u2022", "\u2013"})
_STEP = re.compile(r"\(?(?:\d{1,3}[.)]|[a-h]\)) ")
_PICTURE = re.compile(r"\[image:[^\]]*\]")
_SENTENCE = re.compile(r"(?<=[.!?;])\s+")
_NUMBER = re.compile(r"\d+(?:[.,:/\u2013-]\d+)*")
_NEGATION = re.compile(
    r"\b(?:no|not|never|none|cannot|without|kein\w*|nicht|nie|ohne|sin|nunca|pas|jamais|sans|non|"
    r"mai|niet|geen|nooit|zonder)\b|n['\u2019]t\b",
    re.IGNORECASE,
)


@dataclass(frozen=True, kw_only=True, slots=True)
class StoredChunk:
    """What the database holds under a cited chunk id, read back after the answer."""

    chunk_id: str
    document_id: str
    title: str
    url: str
    anchor: str
    heading_path: tuple[str, ...]
    text: str
    audience: Audience


@dataclass(frozen=True, kw_only=True, slots=True)
class CitationScore:
    """Counts over the statements of one or more answers."""

    statements: int = 0
    supported: int = 0
    citations: int = 0
    needed: int = 0
    invalid: int = 0

    def __add__(self, other: CitationScore) -> CitationScore:
        return CitationScore(
            statements=self.statements + other.statements,
            supported=self.supported + other.supported,
            citations=self.citations + other.citations,
            needed=self.needed + other.needed,
            invalid=self.invalid + other.invalid,
        )

    @property
    def recall(self) -> float | None:
        """Share of statements that their citations support; None without statements."""
        return self.supported / self.statements if self.statements else None

    @property
    def precision(self) -> float | None:
        """Share of citations that are needed; None without citations."""
        return self.needed / self.citations if self.citations else None


def faults(citation: Citation, stored: Collection[StoredChunk], reader: Reader) -> list[str]:
    """What is wrong with a citation, in words; empty when it is true. `stored` holds the
    chunks that the database has under the citation's document and chunk id."""
    if not stored:
        return ["the cited chunk is not in the index"]
    found = [_faults(citation, chunk, reader) for chunk in stored]
    return min(found, key=len)


def score_answer(
    statements: Sequence[Statement],
    *,
    invalid: Collection[Citation],
    test: SupportTest,
    headings: Mapping[Citation, Sequence[str]] | None = None,
) -> CitationScore:
    """ALCE counts of one answer. Citations in `invalid` support nothing and are never needed;
    `headings` are the title and headings that a citation's quote stands under."""
    judge = _Judge(invalid=invalid, test=test, headings=headings or {})
    return sum((judge.score(each) for each in statements), start=CitationScore())


def supports(
    statement: str, quotes: Iterable[str], *, test: SupportTest, headings: Iterable[str] = ()
) -> bool:
    """Whether these quotes together carry the statement. `exact`: it stands in one of them, or
    in all of them in a row, word for word. `words`: they hold every number and most words of
    it, and their nearest sentence is negated exactly where it is. A statement may begin with
    one of `headings`, under which the quotes stand, and a colon."""
    evidence = [_set_plainly(quote) for quote in quotes]
    claim = without_step(_set_plainly(statement))
    under = [_set_plainly(heading).rstrip(":") for heading in headings]
    said = [claim, *(claim[len(each) + 1 :].strip() for each in under if _begins(claim, each))]
    if not claim or not evidence:
        return False
    if any(_quoted(each, evidence) for each in said):
        return True
    return test == "words" and _worded(claim, " ".join([*under, *evidence]))


@dataclass(frozen=True, kw_only=True, slots=True)
class _Judge:
    invalid: Collection[Citation]
    test: SupportTest
    headings: Mapping[Citation, Sequence[str]]

    def score(self, statement: Statement) -> CitationScore:
        valid = [one for one in statement.citations if one not in self.invalid]
        supported = self._carried(statement, valid)
        needed = [one for one in valid if supported and self._is_needed(statement, valid, one)]
        return CitationScore(
            statements=1,
            supported=int(supported),
            citations=len(statement.citations),
            needed=len(needed),
            invalid=len(statement.citations) - len(valid),
        )

    def _is_needed(self, statement: Statement, valid: list[Citation], one: Citation) -> bool:
        others = [each for each in valid if each is not one]
        return self._carried(statement, [one]) or not self._carried(statement, others)

    def _carried(self, statement: Statement, citations: Sequence[Citation]) -> bool:
        return supports(
            statement.text,
            (one.quote for one in citations),
            test=self.test,
            headings=(each for one in citations for each in self.headings.get(one, ())),
        )


def _faults(citation: Citation, chunk: StoredChunk, reader: Reader) -> list[str]:
    found = []
    if not citation.quote or citation.quote not in chunk.text:
        found.append("the quote is not in the cited chunk")
    if citation.title != chunk.title:
        found.append("the title is not the document's")
    if citation.url not in _links(chunk):
        found.append("the URL is not the document's")
    if not reader.may_read(chunk.audience):
        found.append(NOT_READABLE)
    return found


def _links(chunk: StoredChunk) -> set[str]:
    page = chunk.url.split("#", 1)[0]
    return {chunk.url, f"{page}#{chunk.anchor}" if page and chunk.anchor else chunk.url}


def _set_plainly(text: str) -> str:
    pieces = _PICTURE.sub(" ", text).split()
    return " ".join(piece for piece in pieces if piece not in _BULLETS)


def without_step(text: str) -> str:
    """A statement without the number or letter of the step that it is."""
    mark = _STEP.match(text)
    return text[mark.end() :] if mark else text


def _begins(claim: str, heading: str) -> bool:
    return bool(heading) and claim.startswith(f"{heading}:")


def _quoted(claim: str, evidence: Sequence[str]) -> bool:
    if not claim:
        return False
    return any(claim in quote for quote in evidence) or claim in " ".join(evidence)


def _worded(claim: str, evidence: str) -> bool:
    if not set(_NUMBER.findall(claim)) <= set(_NUMBER.findall(evidence)):
        return False
    claimed = {word for word in words(claim) if len(word) > 2 or word.isdigit()}
    if not claimed or len(claimed & set(words(evidence))) < WORDS_NEEDED * len(claimed):
        return False
    # A quote may be long and say "not" about something else: compare the nearest sentence.
    nearest = max(_SENTENCE.split(evidence), key=lambda one: len(claimed & set(words(one))))
    return bool(_NEGATION.search(claim)) == bool(_NEGATION.search(nearest))
