"""Members of a Slack workspace who ask, reword, take back and chat, and what must be true in the
end: each question has one reply, in its thread, and nothing else is said anywhere."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator, Mapping
from random import Random
from typing import TYPE_CHECKING

from bot.slack.asked import question_id
from bot.slack.events import EDITS_COUNT
from bot.slack.posting import MARKER

if TYPE_CHECKING:
    from uuid import UUID

    from tests.fakes.slack import Channel, FakeSlack, Message, Person

# What people ask, and words that the answer has; "" for those without one.
ASKED = {
    "How long do I have to return a jacket?": "60 days",
    "How long is the warranty on a tent?": "",
    "Until when can I cancel my order?": "",
    "Wie lange habe ich Zeit, eine Jacke zurückzugeben?": "60 Tage",
    "Do you sell children's bicycles?": "I found no article",
    "I want to talk to a person.": "You would like a person",
}
CHATTER = ("Lunch at noon?", "I am late today, sorry.", "Who has the keys to the van?", ":tada:")


class Members:
    """Whatever they do is drawn from the `chance` that they are given. What is `asked` where a
    guest reads along is apart from the rest, and only where it is given there is such a room."""

    def __init__(
        self,
        slack: FakeSlack,
        *,
        asked: Mapping[str, str] = ASKED,
        asked_with_guests: Mapping[str, str] | None = None,
    ) -> None:
        self._slack = slack
        self._workspace = slack.workspace
        self._texts, self._with_guests = asked, asked_with_guests or {}
        self._people = [self._workspace.member(f"Member {number}") for number in range(6)]
        self._rooms = [self._workspace.channel(name, self._people) for name in ("help", "support")]
        self._direct = [self._workspace.direct_message(each) for each in self._people[:3]]
        self._open: list[Channel] = []
        if asked_with_guests:
            guest = self._workspace.guest("Guest")
            everybody = [*self._people, guest]
            self._open = [self._workspace.channel("partners", everybody, private=True)]
        self._asked: list[Message] = []
        self._final: dict[str, str] = {}
        self.happened: Counter[str] = Counter()

    def something_happens(self, chance: Random) -> None:
        rooms = [*self._rooms, *self._open]
        match chance.randrange(10):
            case 0:
                self._chat(chance)
            case 1 if found := self._recent(chance):
                self._reword(found, chance)
            case 2 if found := self._recent(chance):
                self._withdraw(found)
            case 3 | 4 if found := self._begun(chance):
                self._ask(found.author, found.channel, chance, thread=found)
            case 5 | 6:
                channel = chance.choice(self._direct)
                person = next(each for each in channel.members if not each.is_bot)
                self._ask(person, channel, chance)
            case _:
                self._ask(chance.choice(self._people), chance.choice(rooms), chance)

    def _ask(
        self, person: Person, channel: Channel, chance: Random, *, thread: Message | None = None
    ) -> None:
        """A follow-up needs no mention: its author is in the conversation of the thread."""
        text = chance.choice(self._texts_in(channel))
        words = text if thread or channel.kind == "im" else f"{self._workspace.mention} {text}"
        message = self._workspace.say(person, channel, words, thread=thread)
        self._asked.append(message)
        self._final[message.ts] = text
        self.happened["follow-ups" if thread else "questions"] += 1

    def _texts_in(self, channel: Channel) -> list[str]:
        return list(self._with_guests if channel in self._open else self._texts)

    def _chat(self, chance: Random) -> None:
        person, room = chance.choice(self._people), chance.choice(self._rooms)
        self._workspace.say(person, room, chance.choice(CHATTER))
        self.happened["chatter"] += 1

    def _reword(self, message: Message, chance: Random) -> None:
        text = chance.choice(self._texts_in(message.channel))
        before = self._final[message.ts]
        self._workspace.edit(message, message.text.replace(before, text))
        self._final[message.ts] = text
        self.happened["edits"] += 1

    def _withdraw(self, message: Message) -> None:
        self._workspace.delete(message)
        self.happened["deletes"] += 1

    def _recent(self, chance: Random) -> Message | None:
        """Somebody's question of which other words still count."""
        since = self._slack.clock() - EDITS_COUNT + 10.0
        found = [
            each
            for each in self._asked[-6:]
            if not each.deleted and not each.thread_ts and float(each.ts) > since
        ]
        return chance.choice(found) if found else None

    def _begun(self, chance: Random) -> Message | None:
        """The beginning of a thread, whether or not the bot has heard of it by now."""
        found = [each for each in self._asked[-30:] if not each.deleted and not each.thread_ts]
        return chance.choice(found) if found else None

    # --- What Slack and the books say

    def faults(self) -> list[str]:
        """What is not as it must be, one line each."""
        wrong = [line for each in self._asked for line in self._faults_of(each)]
        ours = {str(self._question(each)) for each in self._asked}
        return wrong + [
            f"said without being asked: {each.text[:80]} ({_marker(each)})"
            for each in self._workspace.from_bot()
            if _marker(each).partition(":")[0] not in ours
        ]

    def words_for_guests(self) -> Iterator[Message]:
        """What the bot said where guests read along."""
        for channel in self._open:
            yield from self._workspace.from_bot(channel)

    def _faults_of(self, message: Message) -> Iterator[str]:
        question, text = self._question(message), self._final[message.ts]
        wanted = {**self._texts, **self._with_guests}[text]
        replies = [
            each for each in self._workspace.from_bot() if _marker(each).startswith(f"{question}:")
        ]
        named = f"{message.channel.name} {message.ts} “{text}”"
        if message.deleted or (message.thread_ts and self._root(message).deleted):
            if message.deleted and replies:
                yield f"{named}: taken back, and still answered"
            return
        markers = [_marker(each) for each in replies]
        if not replies:
            yield f"{named}: no reply"
        if len(set(markers)) < len(markers):
            yield f"{named}: said twice, {markers}"
        if misplaced := [each for each in replies if each.root_ts != message.root_ts]:
            yield f"{named}: said elsewhere, {[each.text[:60] for each in misplaced]}"
        if replies and not message.thread_ts and wanted not in replies[0].text:
            yield f"{named}: another answer, {replies[0].text[:100]}"

    def _question(self, message: Message) -> UUID:
        return question_id(self._workspace.team.id, message.channel.id, message.ts)

    def _root(self, message: Message) -> Message:
        return message.channel.messages[message.root_ts]


def _marker(message: Message) -> str:
    metadata = message.metadata or {}
    if metadata.get("event_type") != MARKER:
        return ""
    return str(metadata["event_payload"]["marker"])
