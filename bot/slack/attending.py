"""One thread, from what people asked in it to one reply each, in the order in which they asked.

The event that led here is only a hint: what is to be done is read off the books, so that doubled,
late and reordered events all come to the same. What is posted is first announced in the books and
carries a marker, so that after a crash or a time-out the thread tells whether it arrived.
"""

from __future__ import annotations

import logging
from collections.abc import Callable
from contextlib import AbstractContextManager
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, Any

from bot.models import OutcomeKind
from bot.slack.asked import STARTING, Part, Reply, Way, Why
from bot.slack.deciding import Listening
from bot.slack.errors import Refused, SlackAway
from bot.slack.posting import PlaceGone, Unsettled
from bot.slack.replies import notice
from bot.slack.streaming import Stream
from bot.slack.texts import texts_for
from bot.slack.whispering import SHOWN
from indexing.locking import alone

if TYPE_CHECKING:
    from uuid import UUID

    from psycopg_pool import ConnectionPool

    from bot.language import LanguageDetector
    from bot.records import Records
    from bot.slack.api import SlackApi
    from bot.slack.asked import Asked
    from bot.slack.deciding import Decider
    from bot.slack.early import EarlyReplies
    from bot.slack.facts import Facts
    from bot.slack.places import Place
    from bot.slack.posting import Poster
    from bot.slack.questions import Questions
    from bot.slack.signs import Signs
    from bot.slack.whispering import Whisperer
    from bot.slack.workspaces import Workspace

log = logging.getLogger(__name__)

_ASKED_BY_MESSAGE = frozenset({Way.MENTION, Way.DIRECT, Way.FOLLOW_UP})

# Who can read along may change while an answer is written. Twice is chance, more is not.
_ATTEMPTS = 3


@dataclass(frozen=True, kw_only=True, slots=True)
class Attended:
    """What one question came to."""

    asked: Asked
    reply: Reply


class Attendant:
    """Gives every question its reply. Safe to share between threads."""

    def __init__(
        self,
        *,
        pool: ConnectionPool,
        questions: Questions,
        decider: Decider,
        poster: Poster,
        whisperer: Whisperer,
        signs: Signs,
        facts: Facts,
        early: EarlyReplies,
        records: Records,
        language: LanguageDetector,
        workspace: Callable[[str], Workspace],
        api: Callable[[str], SlackApi],
        stream: Callable[..., Stream] = Stream,
    ) -> None:
        self._pool = pool
        self._questions = questions
        self._decider = decider
        self._poster = poster
        self._whisperer = whisperer
        self._signs = signs
        self._facts = facts
        self._early = early
        self._records = records
        self._language = language
        self._workspace = workspace
        self._api = api
        self._stream = stream

    def attend(self, place: Place) -> tuple[Attended, ...]:
        """What every open question of the thread came to. Raises Unsettled when it must be looked
        at again later, SlackError where Slack does not do what it should, and
        psycopg.OperationalError without a database: nothing is lost then, and nothing is done
        twice when it is called again."""
        done: list[Attended] = []
        with self._alone(place.key):
            self._early.take(place)
            while (asked := self._questions.next_in(place)) is not None:
                done.append(self._deal_with(asked))
        return tuple(done)

    def attend_aside(self, identity: UUID) -> tuple[Attended, ...]:
        """The same for one question that no message asks."""
        with self._alone(f"aside:{identity}"):
            asked = self._questions.get(identity)
            if asked is None or asked.is_settled:
                return ()
            return (self._deal_with(asked),)

    def _deal_with(self, asked: Asked) -> Attended:
        api = self._api(asked.team)
        if asked.stream:
            self._poster.clean(api, asked, bot_id=self._bot_id(asked))
            if asked.is_settled:
                return Attended(asked=asked, reply=asked.reply)
        if asked.state == "sending":
            return self._resume(api, asked)
        if asked.withdrawn:
            return self._take_back(api, asked)
        return self._answer(api, asked)

    def _answer(self, api: SlackApi, asked: Asked) -> Attended:
        locale = self._language.locale_of(asked.text)
        sign = self._signs.show(api, asked, locale=locale)
        said = self._poster.forgotten(api, asked, bot_id=self._bot_id(asked))
        stream = None if said else self._watched(api, asked)
        reply = self._decided(asked, stream)
        parts = _instead_of(asked.parts, reply.parts)
        if said:
            parts = tuple(replace(each, ts=said.get(each.marker, "")) for each in parts)
        if stream is not None:
            stream.end()
            parts = _written_in(stream.ts, parts)
            if stream.is_lost:
                lost = replace(asked, stream=STARTING)
                self._poster.clean(api, lost, bot_id=self._bot_id(asked))
        if asked.way is Way.REST:
            parts = self._alone_with(api, asked, parts)
        reply = replace(reply, parts=parts)
        self._say(api, asked, reply)
        self._signs.clear(api, asked, sign)
        if not parts:
            self._signs.end(api, asked)
        if asked.way is Way.PUBLISHED:
            self._tell_publisher(asked, reply, locale)
        return Attended(asked=asked, reply=reply)

    def _decided(self, asked: Asked, stream: Stream | None) -> Reply:
        """The reply, for those who can read it now that it is written."""
        listening = None
        if stream is not None:
            listening = Listening(
                on_statement=stream.on_statement, stopped_after=stream.stopped_after
            )
        for _ in range(_ATTEMPTS):
            reply = self._decider.decide(asked, listening=listening)
            if not reply.parts or reply.audience <= self._decider.access(asked).reader.labels:
                return reply
        raise Unsettled(f"Who can read along in {asked.place.key} keeps changing.")

    def _say(self, api: SlackApi, asked: Asked, reply: Reply) -> None:
        if not reply.parts:
            self._questions.settle(asked, reply)
            return
        announced = self._questions.announce(asked, reply)
        self._deliver(api, asked, reply, announced)

    def _deliver(self, api: SlackApi, asked: Asked, reply: Reply, announced: float) -> None:
        """What is announced, to where it belongs, or else to somewhere the asker sees it."""
        try:
            if asked.is_whispered:
                parts = self._whisperer.deliver(api, asked, reply.parts)
            else:
                parts = self._poster.deliver(api, asked, reply.parts, announced=announced)
        except PlaceGone as error:
            if asked.way is Way.PUBLISHED:
                parts = self._publish_as_guest(asked, reply)
            else:
                parts = self._say_elsewhere(api, asked, reply, error)
        self._questions.arrived(asked, parts)

    def _publish_as_guest(self, asked: Asked, reply: Reply) -> tuple[Part, ...]:
        """In a channel that the bot is not in, Slack takes an answer to what was pressed there.
        Nobody could look whether it arrived, so it is given once."""
        done: list[Part] = []
        for part in reply.parts:
            told = {
                "text": part.message["text"],
                "blocks": part.message.get("blocks") or [],
                "response_type": "in_channel",
                "replace_original": False,
            }
            try:
                taken = self._whisperer.respond(asked.respond_to, told)
            except SlackAway as error:
                log.warning("Not known: %s", error, extra={"action": "slack_respond"})
                taken = True
            done += [replace(part, ts=SHOWN)] if taken else []
        return tuple(done)

    def _say_elsewhere(
        self, api: SlackApi, asked: Asked, reply: Reply, error: PlaceGone
    ) -> tuple[Part, ...]:
        """What cannot be said where it was asked is said to the asker alone."""
        unsaid = [each for each in reply.parts if each.message and not each.ts]
        nobody = error.withdrawn or asked.way not in _ASKED_BY_MESSAGE
        if nobody or not unsaid or unsaid[0].channel:
            return tuple(each for each in reply.parts if each.ts)
        log.warning("Told the asker instead: %s", error, extra={"action": "slack_post"})
        try:
            channel = api.direct_channel(asked.user)
        except Refused as refused:
            log.warning("Nobody could be told: %s", refused, extra={"action": "slack_post"})
            return ()
        text = texts_for(self._language.locale_of(asked.text)).not_postable
        first = notice(asked.id, text.replace("{channel}", f"<#{asked.channel}>"), name="elsewhere")
        moved = tuple(
            replace(each, marker=f"{each.marker}:elsewhere", channel=channel)
            for each in (first, *unsaid)
        )
        reply = replace(reply, parts=moved)
        announced = self._questions.announce(asked, reply)
        try:
            return self._poster.deliver(api, asked, moved, announced=announced)
        except PlaceGone:
            return ()

    def _resume(self, api: SlackApi, asked: Asked) -> Attended:
        """Finds out what arrived of a reply that was on its way, and posts the rest."""
        reply = asked.reply
        if not asked.is_whispered:
            found = self._poster.find(api, asked, bot_id=self._bot_id(asked))
            reply = replace(reply, parts=found)
        announced = self._questions.tries_again(asked)
        self._deliver(api, asked, reply, announced)
        self._signs.clear(api, asked)
        return Attended(asked=asked, reply=reply)

    def _alone_with(self, api: SlackApi, asked: Asked, parts: tuple[Part, ...]) -> tuple[Part, ...]:
        """The parts, for the conversation with the asker alone; () where there can be none."""
        try:
            channel = api.direct_channel(asked.user)
        except Refused as error:
            log.warning("Nobody could be told: %s", error, extra={"action": "slack_post"})
            return ()
        return tuple(replace(each, channel=channel) for each in parts)

    def _tell_publisher(self, asked: Asked, reply: Reply, locale: str) -> None:
        """What only the asker saw goes once all can see it; else the asker is told why not."""
        told: dict[str, Any] = {"delete_original": True}
        if not reply.parts:
            text = texts_for(locale).not_public
            told = {"text": text, "response_type": "ephemeral", "replace_original": False}
        try:
            self._whisperer.respond(asked.respond_to, told)
        except SlackAway as error:
            log.info("Not told: %s", error, extra={"action": "slack_respond"})

    def _take_back(self, api: SlackApi, asked: Asked) -> Attended:
        """Who takes a question back takes its answer back too."""
        gone = tuple(replace(each, message={}) for each in asked.parts if each.ts)
        self._poster.deliver(api, asked, gone)
        self._records.forget(asked.id)
        reply = Reply(outcome=OutcomeKind.IGNORED, why=Why.WITHDRAWN)
        self._questions.settle(asked, reply)
        return Attended(asked=asked, reply=reply)

    def _watched(self, api: SlackApi, asked: Asked) -> Stream | None:
        """Where only the asker is, the answer may be watched while it is written; unless it is
        there already, in other words."""
        if asked.way is not Way.DIRECT or asked.parts or asked.stream:
            return None
        person = self._facts.person(asked.team, asked.user)
        return self._stream(
            api=api,
            asked=asked,
            recipient_team=person.team if person and person.team else asked.team,
            questions=self._questions,
        )

    def _bot_id(self, asked: Asked) -> str:
        return self._workspace(asked.team).bot_id

    def _alone(self, key: str) -> AbstractContextManager[object]:
        """The queue runs one job of a thread at a time; this holds also where a worker that was
        taken for dead is only slow."""
        busy = f"What was asked in {key} is being answered already."
        return alone(self._pool, "slack", key, otherwise=lambda: Unsettled(busy))


def _instead_of(old: tuple[Part, ...], new: tuple[Part, ...]) -> tuple[Part, ...]:
    """The new parts in the place of the old ones, and the old ones that are left over gone."""
    posted = [each for each in old if each.ts and not each.channel]
    placed = [
        replace(part, ts=posted[number].ts) if number < len(posted) else part
        for number, part in enumerate(new)
    ]
    return (*placed, *(replace(each, message={}) for each in posted[len(new) :]))


def _written_in(ts: str, parts: tuple[Part, ...]) -> tuple[Part, ...]:
    """The parts, of which the first takes the place of what was watched, if anything was."""
    if not ts:
        return parts
    if not parts:
        return (Part(marker="stream", message={}, ts=ts),)
    return (replace(parts[0], ts=ts), *parts[1:])
