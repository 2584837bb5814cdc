"""What becomes of a question in Slack: left alone, answered, or handed to people.

Nothing is said here; only the question itself is recorded, under an id that a second look at the
same message writes over. Who may be told what is decided before anything is looked up.
"""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import TYPE_CHECKING

from bot.inert import shortened
from bot.models import HandoffReason, OutcomeKind, Question, Turn
from bot.phrases.asks_for_person import asks_for_person
from bot.recorded import recorded
from bot.slack import replies
from bot.slack.access import ALONE, Access, decide
from bot.slack.asked import Reply, Way, Why
from bot.slack.asking import plain, said_before, says_something
from bot.slack.blocks import escaped
from bot.slack.citing import cited
from bot.slack.errors import SlackError
from bot.slack.replies import Shown
from bot.slack.texts import texts_for

if TYPE_CHECKING:
    from collections.abc import Callable, Collection
    from typing import Any

    from psycopg import Connection
    from psycopg_pool import ConnectionPool

    from bot.answering.base import OnStatement
    from bot.language import LanguageDetector
    from bot.models import Outcome
    from bot.records import Records
    from bot.slack.access import Person
    from bot.slack.api import SlackApi
    from bot.slack.asked import Asked, Part
    from bot.slack.channels import Channel, Channels
    from bot.slack.facts import Facts
    from bot.slack.questions import Questions
    from bot.slack.suggesting import Suggesting
    from bot.slack.workspaces import Workspace
    from bot.support import SupportDesk
    from indexing.models import Reader

# What the thread said before the bot was asked into it.
_MESSAGES_READ = 20

_ALONE = frozenset({Way.COMMAND, Way.SHORTCUT, Way.REST})
_LONGEST_LEAD = 300


@dataclass(frozen=True, kw_only=True, slots=True)
class Listening:
    """What is told to who waits for an answer, while it is written: statements, provisionally.
    `stopped_after` is how many of them the asker let it write, None for all."""

    on_statement: OnStatement
    stopped_after: Callable[[], int | None]


@dataclass(frozen=True, kw_only=True, slots=True)
class _Asking:
    """A question with what decides how it is dealt with."""

    asked: Asked
    person: Person | None
    access: Access
    channel: Channel
    text: str
    history: tuple[Turn, ...]
    locale: str

    def question(self) -> Question:
        return Question(
            id=self.asked.id,
            text=self.text,
            reader=self.access.reader,
            surface="slack",
            locale=self.locale,
            history=self.history,
            sources=self.channel.sources,
        )


class Decider:
    """Decides. `held` tells which passages a reader may read as they are now; `api` and
    `workspace` are by team; `suggesting` is None where no Zendesk is connected."""

    def __init__(
        self,
        *,
        pool: ConnectionPool[Connection[Any]],
        support: SupportDesk,
        records: Records,
        held: Callable[[Collection[str], Reader], frozenset[str]],
        questions: Questions,
        channels: Channels,
        facts: Facts,
        language: LanguageDetector,
        workspace: Callable[[str], Workspace],
        api: Callable[[str], SlackApi],
        suggesting: Suggesting | None = None,
    ) -> None:
        self._pool = pool
        self._suggesting = suggesting
        self._support = support
        self._records = records
        self._held = held
        self._questions = questions
        self._channels = channels
        self._facts = facts
        self._language = language
        self._workspace = workspace
        self._api = api

    def decide(self, asked: Asked, *, listening: Listening | None = None) -> Reply:
        """The reply. Raises SlackBusy and NotInstalled, and what retrieval and records raise."""
        asking = self._read(asked)
        if asking.person is not None and asking.person.is_bot:
            return _ignored(Why.OTHER_BOT)
        if asked.way is Way.FOLLOW_UP and not says_something(asked.text):
            return _ignored(Why.NO_QUESTION)
        if not asking.text:
            return self._without_words(asking)
        if asked.way is Way.PUBLISHED:
            return self._published(asking)
        if asks_for_person(asking.text) and asked.way is not Way.AUTO:
            outcome = self._support.hand_off(
                asking.question(),
                reason=HandoffReason.CUSTOMER_REQUEST,
                detail="The asker wants a person.",
            )
            return self._handed_off(asking, outcome)
        return self._suggested(asking) or self._looked_up(asking, listening)

    def access(self, asked: Asked) -> Access:
        """Whom to answer for as things are now. Raises SlackBusy and NotInstalled."""
        return self._access(asked)[1]

    def _read(self, asked: Asked) -> _Asking:
        person, access = self._access(asked)
        bot_user = self._workspace(asked.team).bot_user
        text = plain(asked.text, bot_user=bot_user)
        history = self._history(asked, access, bot_user)
        if not text and history and asked.way is Way.MENTION:  # "@bot" under somebody's question
            text, history = history[-1].text, history[:-1]
        channel = self._channels.of(asked.team, asked.channel)
        locale = self._language.locale_of(text, hint=channel.language or "")
        return _Asking(
            asked=asked,
            person=person,
            access=access,
            channel=channel,
            text=text,
            history=history,
            locale=locale,
        )

    def _access(self, asked: Asked) -> tuple[Person | None, Access]:
        home = self._facts.home(asked.team)
        if asked.way in _ALONE:
            person = self._facts.person(asked.team, asked.user)
            return person, decide(person, ALONE, home)
        person, room = self._facts.of(asked)
        channel = self._channels.of(asked.team, asked.channel)
        return person, decide(person, room, home, public_only=channel.public_only)

    def _history(self, asked: Asked, access: Access, bot_user: str) -> tuple[Turn, ...]:
        """What was said in the thread before. Answers that were written for others than may read
        this one are left out: a model could repeat them."""
        if asked.ts is None or asked.ts == asked.thread:
            return ()
        turns: list[Turn] = []
        for each in self._questions.earlier(asked):
            turns.append(Turn(speaker="customer", text=plain(each.text, bot_user=bot_user)))
            if each.said and each.audience <= access.reader.labels:
                turns.append(Turn(speaker="bot", text=" ".join(each.said)))
        return tuple(turns) or self._said_before(asked, bot_user)

    def _said_before(self, asked: Asked, bot_user: str) -> tuple[Turn, ...]:
        """What people said in a thread that the bot is asked into now."""
        try:
            messages = list(self._api(asked.team).thread(asked.channel, asked.thread))
        except SlackError:
            return ()
        said = said_before(messages, asked.ts or "", bot_user=bot_user)
        return said[-_MESSAGES_READ:]

    def _without_words(self, asking: _Asking) -> Reply:
        texts = texts_for(asking.locale)
        said = texts.only_files if asking.asked.has_files else texts.no_words
        outcome = self._support.hand_off(
            replace(asking.question(), text="(no words)"),
            reason=HandoffReason.ATTACHMENT_ONLY,
            detail="There are no words to answer.",
        )
        return _reply(outcome, asking.access, (replies.notice(asking.asked.id, said),))

    def _suggested(self, asking: _Asking) -> Reply | None:
        """The draft of a reply to a ticket, where that is what is asked for."""
        if self._suggesting is None or asking.asked.way is Way.AUTO:
            return None
        return self._suggesting.reply(
            asking.asked, asking.text, asking.access, locale=asking.locale
        )

    def _looked_up(self, asking: _Asking, listening: Listening | None) -> Reply:
        hears = listening.on_statement if listening else None
        outcome = self._support.respond(asking.question(), on_statement=hears)
        if asking.asked.way is Way.AUTO and not _speaks_up(outcome, asking.channel.floor):
            self._records.set_aside(outcome.question_id, detail=Why.NOT_SURE.value)
            return replace(_ignored(Why.NOT_SURE), audience=asking.access.reader.labels)
        if outcome.kind is OutcomeKind.HANDED_OFF:
            return self._handed_off(asking, outcome)
        shown = self._shown(asking, listening.stopped_after() if listening else None)
        parts = replies.answer(outcome, shown)
        if parts:
            return _reply(outcome, asking.access, parts)
        outcome = self._support.hand_off(
            asking.question(),
            reason=HandoffReason.UNVERIFIED_ANSWER,
            detail="Nothing that carries the answer may be shown to this reader.",
        )
        return self._handed_off(asking, outcome)

    def _published(self, asking: _Asking) -> Reply:
        """The same answer for all to read, where they may; else what public articles say, and
        nothing where they say nothing."""
        shown = self._shown(asking, None)
        outcome = self._as_it_is_now(asking)
        if outcome is not None and _may_all_be_told(outcome, asking.access):
            return _reply(outcome, asking.access, replies.answer(outcome, shown))
        outcome = self._support.respond(asking.question())
        parts = replies.answer(outcome, shown) if outcome.kind is OutcomeKind.ANSWERED else ()
        if parts:
            return _reply(outcome, asking.access, parts)
        self._records.set_aside(outcome.question_id, detail=Why.NOT_PUBLIC.value)
        return _ignored(Why.NOT_PUBLIC)

    def _as_it_is_now(self, asking: _Asking) -> Outcome | None:
        """The outcome that is given once more, without what of it the reader may not read now."""
        origin = asking.asked.origin
        found = recorded(self._pool, origin) if origin else None
        if found is None:
            return None
        outcome, reader = found.outcome, asking.access.reader
        held = self._held([each.chunk_id for each in outcome.passages], reader)
        passages = tuple(
            each if each.chunk_id in held else replace(each, audience=())
            for each in outcome.passages
        )
        return replace(outcome, passages=passages)

    def _handed_off(self, asking: _Asking, outcome: Outcome) -> Reply:
        parts = replies.handoff(outcome, self._shown(asking, None))
        return _reply(outcome, asking.access, parts)

    @staticmethod
    def _shown(asking: _Asking, stopped_after: int | None) -> Shown:
        return Shown(
            locale=asking.locale,
            access=asking.access,
            is_private=asking.asked.is_whispered,
            stopped_after=stopped_after,
            lead=_lead(asking),
        )


def _speaks_up(outcome: Outcome, floor: float) -> bool:
    return outcome.kind is OutcomeKind.ANSWERED and outcome.evidence >= floor


def _lead(asking: _Asking) -> str:
    """The question, where the answer does not stand below it."""
    texts, asked = texts_for(asking.locale), asking.asked
    question = escaped(shortened(asking.text, _LONGEST_LEAD))
    if asked.way is Way.PUBLISHED:
        told = texts.asked_by.replace("{who}", f"<@{asked.user}>")
        return told.replace("{question}", question)
    if asked.way in _ALONE:
        return escaped(texts.about).replace("{question}", question)
    return ""


def _may_all_be_told(outcome: Outcome, access: Access) -> bool:
    """Whether whoever reads along may read every statement of an answer, as things are now."""
    told = cited(outcome, access.reader).told
    return outcome.kind is OutcomeKind.ANSWERED and 0 < len(told) == len(outcome.statements)


def _ignored(why: Why) -> Reply:
    return Reply(outcome=OutcomeKind.IGNORED, why=why)


def _reply(outcome: Outcome, access: Access, parts: tuple[Part, ...]) -> Reply:
    return Reply(
        outcome=outcome.kind,
        reason=outcome.reason,
        audience=access.reader.labels,
        parts=parts,
    )
