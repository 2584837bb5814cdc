"""A workspace: what is said in it, who comes and goes, and what the app shows to people there."""

from __future__ import annotations

from collections.abc import Callable
from typing import TYPE_CHECKING, Any

from tests.fakes.slack import events
from tests.fakes.slack.app import App
from tests.fakes.slack.conversations import Conversations
from tests.fakes.slack.modals import Modals
from tests.fakes.slack.records import (
    Channel,
    Ephemeral,
    Json,
    Message,
    Numbers,
    Person,
    Session,
    Team,
    View,
)
from tests.fakes.slack.rendering import view_json

if TYPE_CHECKING:
    from tests.fakes.slack.interactivity import Interactivity


class Workspace(Conversations):
    """`ephemerals`, `sessions`, `prompts`, `composed` (previews of links that are being written)
    and `modals` are what the app showed to people, `ui` what people do with it."""

    def __init__(
        self,
        *,
        app: App,
        numbers: Numbers,
        clock: Callable[[], float],
        name: str = "Acme",
        enterprise_id: str | None = None,
    ) -> None:
        self.ui: Interactivity
        self.ephemerals: list[Ephemeral] = []
        self.sessions: dict[tuple[str, str], Session] = {}
        self.prompts: dict[str, Json] = {}
        self.composed: dict[str, Json] = {}
        self.modals = Modals(numbers=numbers, clock=clock)
        super().__init__(
            app=app, numbers=numbers, clock=clock, name=name, enterprise_id=enterprise_id
        )

    def join(self, person: Person, channel: Channel) -> None:
        """The channel shows it as a message, of the person who came."""
        channel.members.append(person)
        self._tell(events.moved(person, channel, joined=True, ts=self.numbers.ts()))
        self.put(
            Message(
                channel=channel,
                author=person,
                ts=self.numbers.ts(),
                text=f"<@{person.id}> has joined the channel",
                subtype="channel_join",
            )
        )

    def leave(self, person: Person, channel: Channel) -> None:
        self._tell(events.moved(person, channel, joined=False, ts=self.numbers.ts()))
        channel.members = [each for each in channel.members if each.id != person.id]

    def share(self, channel: Channel, company: Team) -> None:
        """Another company accepts the invitation to this channel."""
        channel.pending_with = [each for each in channel.pending_with if each.id != company.id]
        channel.shared_with.append(company)
        self._tell(events.shared(channel, company, ts=self.numbers.ts()))

    def make(self, person: Person, **changes: Any) -> None:
        """Somebody becomes something else: a guest, an admin, nobody any more."""
        for name, each in changes.items():
            if not hasattr(person, name):
                raise AttributeError(name)
            setattr(person, name, each)
        person.updated_at = self.clock()
        self._tell(events.person_changed(person, self, ts=self.numbers.ts()))

    def compose(self, person: Person, url: str) -> str:
        """Somebody types a link and has not sent it yet; returns what the app may show a preview
        by."""
        told = events.composed(person, url, self, ts=self.numbers.ts())
        self.composed[told.event["unfurl_id"]] = {"url": url}
        self._tell(told)
        return str(told.event["unfurl_id"])

    def open_app(
        self, person: Person, *, tab: str = "home", beside: Channel | None = None
    ) -> Channel:
        """Somebody opens the app at its "home" or "messages" tab; returns their conversation."""
        channel, home = self.direct_message(person), self.modals.homes.get(person.id)
        told = events.home_opened(
            person,
            channel,
            tab=tab,
            view=self.shown(home) if home and tab == "home" else None,
            context=events.looking_at(beside, team_id=self.team.id) if beside else None,
            ts=self.numbers.ts(),
        )
        self._tell(told)
        return channel

    def look_at(self, person: Person, channel: Channel) -> None:
        """Somebody who has the app open beside it turns to this channel."""
        context = events.looking_at(channel, team_id=self.team.id)
        conversation = self.direct_message(person)
        self._tell(events.context_changed(person, conversation, context, ts=self.numbers.ts()))

    def stop(self, person: Person, thread: Message) -> None:
        """Somebody presses the stop button of the app's work on this thread."""
        open_streams = [
            each
            for each in (thread, *self.replies(thread))
            if each.stream and each.stream.state == "open"
        ]
        for each in open_streams:
            if each.stream:
                each.stream.state = "stopped_by_user"
        for old in (False, True):
            told = events.stopped(
                person,
                thread.channel,
                thread_ts=thread.root_ts,
                streams=[each.ts for each in open_streams],
                ts=self.numbers.ts(),
                old=old,
            )
            self._tell(told)

    def shown(self, view: View) -> Json:
        return view_json(view, team=self.team, app_id=self.app.id, bot_id=self.bot.bot_id)
