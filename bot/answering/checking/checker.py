"""Holds each statement of an answer to the words that it cites, before anybody else reads it.

A quote that stands in the passage is not enough: the statement may say 14 days where the quote
says 30, leave out its condition, or promise what only people can do. A statement that fails is
replaced by the source's own sentence where that can stand, and removed otherwise.
"""

from __future__ import annotations

import re
from collections.abc import Callable
from dataclasses import replace
from typing import TYPE_CHECKING

from bot.answering.checking.claims import Claim, content, share, speak_alike
from bot.answering.checking.conditions import dropped_condition, dropped_limit
from bot.answering.checking.coverage import still_answers
from bot.answering.checking.denials import contradiction
from bot.answering.checking.figures import contrary, figures, missing
from bot.answering.checking.lexicons import lexicon_of
from bot.answering.checking.names import contacts, foreign_codes, foreign_contacts, foreign_names
from bot.answering.checking.placement import misplaced_figure
from bot.answering.checking.promises import promise
from bot.answering.checking.repair import repaired
from bot.answering.checking.sources import Evidence, evidence, tokens
from bot.answering.checking.verdicts import Checked, Fault, Finding, Verdict
from bot.answering.checking.wording import changed_wording, overstatement
from bot.answering.relevance import content_words, words

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

    from bot.models import Statement
    from indexing.models import Passage

Look = Callable[[Claim, Evidence], Finding | None]

_SUPPORTED = 0.34  # of a statement's telling words stand in its source
_PASSES = 3  # a removed statement may have held the condition of another
_LIST_MARK = re.compile(r"^\s*\(?(?:\d{1,3}|[a-h])[.)]\s+")


def check(
    statements: Sequence[Statement], passages: Sequence[Passage], question: str, locale: str
) -> Checked:
    """What of the answer may be sent. `passages` are what it was written from, `locale` is its
    language. Pure; for five statements about 2 ms of CPU where they are quotes, 12 ms where they
    are rewritten."""
    by_id = {passage.chunk_id: passage for passage in passages}
    verdicts = [Verdict(given=each, result="ok", sent=each) for each in statements]
    for looked in range(_PASSES):
        before = [each.sent for each in verdicts]
        answer = _Answer(verdicts, by_id, question, locale)
        looks = (dropped_condition, dropped_limit) if looked else _LOOKS
        for at, verdict in enumerate(verdicts):
            if verdict.result == "ok":
                verdicts[at] = answer.verdict(verdict.given, looks)
        verdicts = _each_once(verdicts)
        if [each.sent for each in verdicts] == before:
            break
    return checked(verdicts, question)


def checked(verdicts: Sequence[Verdict], question: str) -> Checked:
    """The verdicts as a whole: what is sent, and whether that answers the question."""
    sent = tuple(each.sent for each in verdicts if each.sent is not None)
    given = tuple(each.given for each in verdicts)
    return Checked(
        statements=sent,
        verdicts=tuple(verdicts),
        still_answers=still_answers(question, given=given, sent=sent),
    )


class _Answer:
    """Judges the statements of one answer, each in the light of the others."""

    def __init__(
        self,
        verdicts: Sequence[Verdict],
        passages: dict[str, Passage],
        question: str,
        locale: str,
    ) -> None:
        self._passages = passages
        self._locale = locale
        self._asked = frozenset(words(question))
        self._told = frozenset(
            word for each in verdicts if each.sent for word in content_words(each.sent.text)
        )

    def verdict(self, statement: Statement, looks: Sequence[Look]) -> Verdict:
        source = evidence(statement.citations, self._passages)
        finding = self._finding(statement.text, source, looks)
        if finding is None:
            return Verdict(given=statement, result="ok", sent=statement)
        other = None
        if source is not None:
            claim = self._claim(statement.text)
            other = repaired(statement, claim, source, finding, self._may_stand(source))
        if other is not None:
            return Verdict(given=statement, result="repaired", sent=other, finding=finding)
        if finding.slight:
            return Verdict(given=statement, result="ok", sent=statement)
        return Verdict(given=statement, result="rejected", sent=None, finding=finding)

    def _claim(self, text: str) -> Claim:
        return Claim(
            text=_LIST_MARK.sub("", text),
            lexicon=lexicon_of(text, self._locale),
            answer=self._told | frozenset(content_words(text)),
            asked=self._asked,
        )

    def _finding(self, text: str, source: Evidence | None, looks: Sequence[Look]) -> Finding | None:
        claim = self._claim(text)
        if found := self._promise(claim.text, source):
            return found
        if source is None:
            return Finding(fault=Fault.UNCITED)
        if _is_verbatim(text, source) or _is_verbatim(claim.text, source):
            return dropped_limit(claim, source)
        faults = (look(claim, source) for look in looks)
        return next((each for each in faults if each), None)

    def _may_stand(self, source: Evidence) -> Callable[[str], bool]:
        return lambda text: self._promise(text, source) is None

    def _promise(self, text: str, source: Evidence | None) -> Finding | None:
        """In the language it seems to be in, and in the one it should be in: a short sentence
        does not tell for sure."""
        pieces = [each.text for each in source.pieces] if source else []
        lexicons = dict.fromkeys((lexicon_of(text, self._locale), lexicon_of("", self._locale)))
        other = source.lexicon if source and source.lexicon not in lexicons else None
        made = (promise(text, pieces, lexicon, source=other) for lexicon in lexicons)
        return next((each for each in made if each), None)


def _unsupported(claim: Claim, source: Evidence) -> Finding | None:
    telling = _subject(claim)
    if not telling or not speak_alike(claim, source):
        return None
    is_held = share(telling, source.words) >= _SUPPORTED
    return None if is_held else Finding(fault=Fault.NOT_IN_SOURCE)


def _subject(claim: Claim) -> frozenset[str]:
    """The telling words but for figures: "within 45 days" is said of many things. All of them where
    nothing else is said."""
    found = figures(contacts(claim.text).rest, claim.lexicon)
    return claim.content() - content(" ".join(each.text for each in found)) or claim.content()


def _differing_fact(claim: Claim, source: Evidence) -> Finding | None:
    return next(_differing_facts(claim, source), None)


def _differing_facts(claim: Claim, source: Evidence) -> Iterator[Finding]:
    said = contacts(claim.text)
    links = "\n".join(each.passage.link for each in source.pieces)
    for each in foreign_contacts(said, f"{source.all}\n{links}"):
        yield Finding(fault=Fault.CONTACT, what=each)
    for each in foreign_codes(said, source.all):
        yield Finding(fault=Fault.FIGURE, what=each)
    claimed = figures(said.rest, claim.lexicon)
    if claimed:
        held = figures(contacts(source.all).rest, source.lexicon)
        across = not speak_alike(claim, source)
        for figure in missing(claimed, held, source.all, translated=across):
            yield Finding(fault=Fault.FIGURE, what=figure.text)
        for figure in contrary(claimed, held):
            yield Finding(fault=Fault.LIMIT, what=figure.text)
    languages = (claim.lexicon.language, source.lexicon.language)
    for each in foreign_names(said.rest, source.all, languages):
        yield Finding(fault=Fault.NAME, what=each)


# Worst first.
_LOOKS: tuple[Look, ...] = (
    _differing_fact,
    contradiction,
    misplaced_figure,
    dropped_condition,
    dropped_limit,
    overstatement,
    changed_wording,
    _unsupported,
)


def _is_verbatim(text: str, source: Evidence) -> bool:
    """The statement is whole pieces of the source, word for word; a heading or the line that
    announces a list may stand before them."""
    said = tokens(text)
    above = [*source.headings, *(each.lead for each in source.pieces)]
    starts = {0, *(len(head) for each in above if said[: len(head := tokens(each))] == head)}
    whole = [tokens(each.text) for each in source.pieces]
    if not source.partial:
        whole += [tokens(_unmarked(quote)) for quote in source.quotes]
    return any(_is_run(said[start:], whole) for start in starts if said[start:])


def _is_run(said: tuple[str, ...], whole: Sequence[tuple[str, ...]]) -> bool:
    """Whether these words are some of the pieces in a row."""
    if said in whole:
        return True
    for first in range(len(whole)):
        run: tuple[str, ...] = ()
        for piece in whole[first:]:
            run += piece
            if run == said:
                return True
            if len(run) > len(said):
                break
    return False


_PICTURE = re.compile(r"\[(?:image|video): [^\]\n]*\]")


def _unmarked(quote: str) -> str:
    return _PICTURE.sub(" ", quote)


def _each_once(verdicts: Sequence[Verdict]) -> list[Verdict]:
    """A repair that says what another statement says already is left out."""
    said = {tokens(each.sent.text) for each in verdicts if each.sent and each.result == "ok"}
    kept: list[Verdict] = []
    for each in verdicts:
        if each.result == "repaired" and each.sent is not None:
            words_sent = tokens(each.sent.text)
            if words_sent in said:
                kept.append(replace(each, result="rejected", sent=None))
                continue
            said.add(words_sent)
        kept.append(each)
    return kept
