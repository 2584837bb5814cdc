"""What is said in a workspace: written, edited, deleted, reacted to. Whoever listens is told as
Slack tells apps."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from uuid import uuid4

from tests.fakes.slack import events
from tests.fakes.slack.app import App
from tests.fakes.slack.directory import Directory
from tests.fakes.slack.events import Told
from tests.fakes.slack.message_rendering import message_json, rich_text, with_replies
from tests.fakes.slack.records import Channel, Edition, Json, Message, Numbers, Person, Status


class Conversations(Directory):
    """`heard` is called with each event that an app may have subscribed to. `statuses` is every
    line that the app ever put below a thread."""

    def __init__(
        self,
        *,
        app: App,
        numbers: Numbers,
        clock: Callable[[], float],
        name: str = "Acme",
        enterprise_id: str | None = None,
    ) -> None:
        self.heard: Callable[[Told], None] = lambda _: None
        self.statuses: list[Status] = []
        super().__init__(
            app=app, numbers=numbers, clock=clock, name=name, enterprise_id=enterprise_id
        )

    # --- Reading

    @property
    def mention(self) -> str:
        """What a person's message holds where it mentions the app."""
        return f"<@{self.bot.id}>"

    def messages(self, channel: Channel) -> list[Message]:
        """Everything that can be seen in a channel, replies too, the oldest first."""
        return [each for each in list(channel.messages.values()) if not each.deleted]

    def replies(self, message: Message) -> list[Message]:
        """The answers in this message's thread that can be seen, the oldest first."""
        within = self.messages(message.channel)
        return [each for each in within if each.thread_ts == message.root_ts != each.ts]

    def answers(self, message: Message) -> list[Message]:
        """What our app has said in this message's thread."""
        return [each for each in self.replies(message) if each.author is self.bot]

    def as_told(self, message: Message) -> Json:
        """The message as Slack shows it now, with what is known of its replies."""
        shown = message_json(message)
        return shown if message.thread_ts else with_replies(shown, self.replies(message))

    def from_bot(self, channel: Channel | None = None) -> list[Message]:
        """What our app has said and not deleted, anywhere or in one channel."""
        places = [channel] if channel else list(self.channels.values())
        seen = [each for place in places for each in self.messages(place)]
        return sorted((e for e in seen if e.author.id == self.bot.id), key=lambda each: each.ts)

    # --- Writing

    def say(
        self,
        author: Person,
        channel: Channel,
        text: str,
        *,
        thread: Message | None = None,
        files: Iterable[str] = (),
        broadcast: bool = False,
        quiet: bool = False,
    ) -> Message:
        """A person's, or another bot's, message, written as Slack keeps it: `<@U…>` mentions,
        `&amp;`. `broadcast`: a reply that is sent to the channel too. `quiet`: no app hears of
        it, as of messages from before it was installed."""
        ts = self.numbers.ts()
        message = Message(
            channel=channel,
            author=author,
            ts=ts,
            text=text,
            blocks=[] if author.is_bot else rich_text(text, block_id=self.numbers.id("b")),
            thread_ts=thread.root_ts if thread else "",
            files=[self._file(name, author) for name in files],
            subtype="file_share" if files else "thread_broadcast" if broadcast else "",
            client_msg_id="" if author.is_bot else str(uuid4()),
        )
        return self.put(message, quiet=quiet)

    def integration_says(self, channel: Channel, text: str, *, name: str = "Zendesk") -> Message:
        """A message from an incoming webhook: of a bot, but of nobody with a user id."""
        message = Message(
            channel=channel,
            author=self.other_bot(name),
            ts=self.numbers.ts(),
            text=text,
            username=name,
            subtype="bot_message",
        )
        return self.put(message)

    def put(self, message: Message, *, quiet: bool = False) -> Message:
        """Adds a message as it stands."""
        message.channel.messages[message.ts] = message
        if message.author.id == self.bot.id:
            self._clear_status(message.channel.id, message.root_ts)
        if not quiet:
            self._tell(*events.said(message, self))
        return message

    def edit(self, message: Message, text: str) -> None:
        blocks = rich_text(text, block_id=self.numbers.id("b"))
        self.change(message, text=text, blocks=blocks, by=message.author)

    def change(
        self,
        message: Message,
        *,
        text: str,
        blocks: list[Json],
        attachments: list[Json] | None = None,
        by: Person | None = None,
    ) -> None:
        """Other words in the place of the old ones; without `by` it does not count as an edit."""
        before, ts = self.as_told(message), self.numbers.ts()
        message.history.append(
            Edition(text=message.text, blocks=message.blocks, attachments=message.attachments)
        )
        message.text, message.blocks = text, blocks
        if attachments is not None:
            message.attachments = attachments
        if by is not None:
            message.edited_by, message.edited_ts = by.id, ts
        self._tell(events.changed(message, before, self.as_told(message), ts=ts))

    def preview(self, message: Message, attachment: Json) -> None:
        """Slack itself adds a preview to a link: the words stay, and yet it is a change."""
        self.change(
            message,
            text=message.text,
            blocks=message.blocks,
            attachments=[*message.attachments, attachment],
        )

    def unfurl(self, message: Message, unfurls: dict[str, Json]) -> None:
        before = self.as_told(message)
        message.unfurls |= unfurls
        after, ts = self.as_told(message), self.numbers.ts()
        self._tell(events.changed(message, before, after, ts=ts))

    def delete(self, message: Message) -> None:
        before, replies = self.as_told(message), self.replies(message)
        message.deleted = True
        kept = replies if not message.thread_ts else []
        self._tell(events.deleted(message, before, kept, ts=self.numbers.ts()))

    def react(self, person: Person, message: Message, name: str, *, added: bool = True) -> bool:
        """Whether it made a difference."""
        people = message.reactions.setdefault(name, [])
        if (person.id in people) is added:
            return False
        people.append(person.id) if added else people.remove(person.id)
        ts = self.numbers.ts()
        self._tell(events.reacted(message, person, name, added=added, ts=ts))
        return True

    def status(self, thread: Message) -> str:
        """The line below this thread as it stands; "" where there is none, or no longer."""
        for each in reversed(self.statuses):
            if (each.channel_id, each.thread_ts) == (thread.channel.id, thread.root_ts):
                return each.status if self.clock() - each.set_at < 120 else ""
        return ""

    def _clear_status(self, channel_id: str, thread_ts: str) -> None:
        """A message of the app clears its status."""
        set_before = [
            e for e in self.statuses if (e.channel_id, e.thread_ts) == (channel_id, thread_ts)
        ]
        if set_before and set_before[-1].status:
            self.statuses.append(
                Status(
                    channel_id=channel_id,
                    thread_ts=thread_ts,
                    status="",
                    loading_messages=[],
                    set_at=self.clock(),
                )
            )

    def _tell(self, *told: Told) -> None:
        for each in told:
            self.heard(each)

    def _file(self, name: str, author: Person) -> Json:
        identifier = self.numbers.id("F")
        url = f"https://{self.team.domain}.slack.com/files/{author.id}/{identifier}/{name}"
        return {
            "id": identifier,
            "name": name,
            "title": name,
            "mimetype": "image/png",
            "filetype": "png",
            "user": author.id,
            "size": 2048,
            "mode": "hosted",
            "is_external": False,
            "permalink": url,
            "url_private": url,
        }
