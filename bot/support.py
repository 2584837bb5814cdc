"""The one entry for every surface: a question in, an outcome out, and a record of why.

Retrieve what this reader may read, decide whether it carries an answer, let an engine write
from it, send only statements whose citations hold, hand off otherwise.
"""

from __future__ import annotations

import re
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field, replace
from typing import TYPE_CHECKING, Protocol

from bot.answering.base import AnswerRequest, Draft, NoDraft
from bot.answering.clearing import to_send, to_show
from bot.answering.leaning import is_about, leant_on
from bot.answering.outcomes import Answering, handed_off, outcome_of
from bot.budgets import EVERYTHING, Standing, Step
from bot.limits import left_to_people
from bot.models import HandoffReason

if TYPE_CHECKING:
    from bot.answering.base import Engine, OnStatement
    from bot.answering.clearing import SecondOpinion
    from bot.language import LanguageDetector
    from bot.limits import Left, Limits
    from bot.models import Outcome, Question
    from indexing.models import Passage
    from indexing.retrieval import Found, Retriever

# What an engine is given to read. More passages cost time and money and, past this many,
# brought no further answer on the development questions.
PASSAGES_READ = 8

# Below this probability that the passages carry an answer, people take over: the calibrated
# trade between a missing answer and a wrong one, see indexing.evidence.
EVIDENCE_NEEDED = 0.4

# A question is read up to here; nobody asks one thing in more characters.
QUESTION_CHARACTERS = 8000

_UNREADABLE = re.compile("[\x00\ud800-\udfff]")


class Recorder(Protocol):
    """Where questions are written down: the database, or nowhere for evaluations."""

    def save(self, question: Question, outcome: Outcome, *, locale: str) -> None: ...


class NoRecords:
    """Writes nothing down: evaluations must not appear among people's conversations."""

    def save(self, question: Question, outcome: Outcome, *, locale: str) -> None:
        """Does nothing."""


class SupportDesk:
    """Answers a question with citations, or hands it off with a reason."""

    def __init__(
        self,
        *,
        retriever: Retriever,
        engine: Engine,
        fallback: Engine | None,
        recorder: Recorder,
        language: LanguageDetector,
        evidence_needed: float,
        second_opinion: SecondOpinion | None = None,
        limits: Callable[[], Limits] | None = None,
        standing: Callable[[], Standing] | None = None,
    ) -> None:
        """`fallback` answers when `engine` is unavailable; None hands off instead.
        `evidence_needed` is the probability in 0..1 below which nothing is answered.
        `second_opinion` may take statements out of an answer that is sent or drafted. `limits` are
        asked for with each question; None leaves nothing to people. `standing` tells what has to
        be done without now; None is nothing."""
        self._retriever = retriever
        self._engine = engine
        self._fallback = fallback
        self._recorder = recorder
        self._language = language
        self._evidence_needed = evidence_needed
        self._second_opinion = second_opinion
        self._limits = limits
        self._standing = standing

    def respond(self, question: Question, *, on_statement: OnStatement | None = None) -> Outcome:
        """Answers or hands off, records it, and returns the outcome.

        `on_statement` sees statements before the outcome is known: what it shows is provisional
        until this returns an answered outcome. Raises psycopg.OperationalError when the database
        is away: the question is then unanswered and may be asked again under the same id.
        """
        clock = _Clock()
        standing = self._standing() if self._standing else EVERYTHING
        if standing.step >= Step.HAND_OFF and question.delivery != "shown":
            return self.hand_off(question, reason=HandoffReason.LIMIT_REACHED, detail=standing.why)
        text = readable(question.text)
        locale = question.locale or self._language.locale_of(text)
        if left := self._left(question, text, locale):
            return self.hand_off(question, reason=left.reason, detail=left.detail)
        found = self._search(question, text, locale)
        clock.add(found.latency_ms)
        unsure = ""
        if question.delivery == "sent" and standing.step >= Step.DRAFTS:
            unsure = standing.why
            question = replace(question, delivery="drafted")
        if question.delivery == "sent" and found.evidence < question.evidence_to_send:
            unsure = _too_unsure(found.evidence, question.evidence_to_send)
            question = replace(question, delivery="drafted")
        if found.evidence < self._evidence_needed or not found.passages:
            answering = Answering(result=_nothing_found(found.passages), engine="")
        else:
            request = AnswerRequest(
                question=text, passages=found.passages, locale=locale, history=question.history
            )
            with clock.stage("answer"):
                answering = self._answer(request, on_statement, standing)
        second = self._second_opinion if standing.step < Step.NO_EXTRAS else None
        answering = self._cleared(
            answering,
            question,
            found.passages,
            text=text,
            locale=locale,
            clock=clock,
            second_opinion=second,
        )
        detail = " ".join(filter(None, (answering.detail, unsure)))
        answering = replace(answering, detail=detail)
        outcome = outcome_of(question, found, answering, clock.stages())
        self._recorder.save(replace(question, text=text), outcome, locale=locale)
        return outcome

    def found(self, question: Question) -> tuple[Passage, ...]:
        """What the question would be answered from. Records nothing; raises as `respond` does."""
        text = readable(question.text)
        locale = question.locale or self._language.locale_of(text)
        return self._search(question, text, locale).passages

    def hand_off(self, question: Question, *, reason: HandoffReason, detail: str) -> Outcome:
        """Hands a question off that is not to be answered whatever is known, records that, and
        returns the outcome. `detail` tells an admin why."""
        text = readable(question.text)
        outcome = handed_off(question, reason=reason, detail=detail)
        locale = question.locale or self._language.locale_of(text)
        self._recorder.save(replace(question, text=text), outcome, locale=locale)
        return outcome

    def _left(self, question: Question, text: str, locale: str) -> Left | None:
        """Why people have to answer this, whatever is known."""
        if self._limits is None:
            return None
        labels = question.reader.labels
        return left_to_people(self._limits(), text, locale=locale, labels=labels)

    def _cleared(
        self,
        answering: Answering,
        question: Question,
        passages: tuple[Passage, ...],
        *,
        text: str,
        locale: str,
        clock: _Clock,
        second_opinion: SecondOpinion | None,
    ) -> Answering:
        """What of it may be shown; in the company's name, what may be sent."""
        draft = answering.result
        if not isinstance(draft, Draft):
            return answering
        cleared = to_show(draft, passages, text)
        if isinstance(cleared.result, Draft) and question.delivery != "shown":
            with clock.stage("check"):
                cleared = to_send(
                    cleared.result,
                    passages,
                    text,
                    locale=locale,
                    history=question.history,
                    second_opinion=second_opinion,
                    before=cleared.checks,
                )
        detail = " ".join(filter(None, (answering.detail, cleared.detail)))
        return replace(answering, result=cleared.result, detail=detail, checks=cleared.checks)

    def _search(self, question: Question, text: str, locale: str) -> Found:
        before = leant_on(text, question.history)
        both = f"{before}\n{text}"[:QUESTION_CHARACTERS] if before else text
        found = self._look_up(both, question, locale)
        if before and not is_about(text, before, found.passages, locale):
            return self._look_up(text, question, locale)
        return found

    def _look_up(self, text: str, question: Question, locale: str) -> Found:
        return self._retriever.search(
            text, question.reader, locale, PASSAGES_READ, sources=question.sources
        )

    def _answer(
        self, request: AnswerRequest, on_statement: OnStatement | None, standing: Standing
    ) -> Answering:
        if standing.step >= Step.EXTRACTIVE and self._fallback is not None:
            return Answering(
                result=self._fallback.answer(request, on_statement=on_statement),
                engine=self._fallback.name,
                detail=f"{self._engine.name} was not asked: {standing.why}",
            )
        result = self._engine.answer(request, on_statement=on_statement)
        if (
            isinstance(result, NoDraft)
            and result.reason is HandoffReason.ENGINE_UNAVAILABLE
            and self._fallback is not None
        ):
            return Answering(
                result=self._fallback.answer(request, on_statement=on_statement),
                engine=self._fallback.name,
                detail=f"{self._engine.name} was unavailable: {result.detail}",
            )
        return Answering(result=result, engine=self._engine.name)


def readable(text: str) -> str:
    """The question as it is read, searched and recorded: without characters that no database
    or model takes, and not longer than anybody asks."""
    return _UNREADABLE.sub(" ", text).strip()[:QUESTION_CHARACTERS]


def _too_unsure(evidence: float, needed: float) -> str:
    return f"Evidence of {evidence:.2f} is too little to be sent, which takes {needed:.2f}."


def _nothing_found(passages: tuple[Passage, ...]) -> NoDraft:
    nearest = f" The nearest is “{passages[0].title}”." if passages else ""
    return NoDraft(
        reason=HandoffReason.MISSING_KNOWLEDGE,
        detail=f"No passage that this reader may read carries an answer.{nearest}",
    )


@dataclass(slots=True)
class _Clock:
    """Milliseconds by stage; "total" is everything up to now."""

    started: float = field(default_factory=time.perf_counter)
    known: dict[str, float] = field(default_factory=dict)

    def add(self, stages: dict[str, float]) -> None:
        self.known.update(stages)

    @contextmanager
    def stage(self, name: str) -> Iterator[None]:
        began = time.perf_counter()
        try:
            yield
        finally:
            self.known[name] = (time.perf_counter() - began) * 1000

    def stages(self) -> dict[str, float]:
        return {**self.known, "total": (time.perf_counter() - self.started) * 1000}
