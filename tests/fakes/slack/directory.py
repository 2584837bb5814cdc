"""Who is in a workspace and where they talk: members, guests, people of other companies, bots;
channels of every kind, with their members."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from dataclasses import replace
from threading import Lock

from tests.fakes.slack.app import App
from tests.fakes.slack.records import Channel, ChannelKind, Guest, Numbers, Person, Team, UserGroup


class Directory:
    """One workspace's people and channels. `bot` is our app's own user here."""

    def __init__(
        self,
        *,
        app: App,
        numbers: Numbers,
        clock: Callable[[], float],
        name: str,
        enterprise_id: str | None,
    ) -> None:
        self.app = app
        self.numbers = numbers
        self.clock = clock
        self.team = Team(
            id=numbers.id("T"), name=name, domain=name.lower(), enterprise_id=enterprise_id
        )
        self.people: dict[str, Person] = {}
        self.channels: dict[str, Channel] = {}
        self.groups: dict[str, UserGroup] = {}
        self._opening = Lock()
        self.bot = self.other_bot(app.name, app_id=app.id)
        # Slack's own voice, which Slack does not count as a bot
        self.slackbot = self._add(
            replace(self._person("slackbot", self.team, ""), id="USLACKBOT", email="")
        )

    # --- People

    def member(
        self, name: str, *, email: str = "", admin: bool = False, owner: bool = False
    ) -> Person:
        return self._add(self._person(name, self.team, email, admin=admin, owner=owner))

    def guest(self, name: str, *, channels: int = 2, email: str = "") -> Person:
        """A guest of several channels, or of a single one."""
        kind: Guest = "single_channel" if channels == 1 else "multi_channel"
        return self._add(self._person(name, self.team, email, guest=kind))

    def external(self, name: str, team: Team, *, stranger: bool | None = False) -> Person:
        """Somebody of another company; what is said of `is_stranger` is up to the test."""
        person = self._person(name, team, f"{name.lower()}@{team.domain}.example")
        person.stranger = stranger
        return self._add(person)

    def colleague(self, name: str, *, workspace: str = "Sister") -> Person:
        """A full member of another workspace of the same organisation."""
        team = replace(self.team, id=self.numbers.id("T"), name=workspace, domain=workspace.lower())
        return self._add(self._person(name, team, ""))

    def other_bot(self, name: str, *, app_id: str = "") -> Person:
        bot = self._person(name, self.team, "")
        bot.bot_id = self.numbers.id("B")
        bot.app_id = app_id or self.numbers.id("A")
        return self._add(bot)

    def company(self, name: str, *, enterprise_id: str | None = None) -> Team:
        """Another company, as one that a channel is shared with."""
        identifier = self.numbers.id("T")
        return Team(id=identifier, name=name, domain=name.lower(), enterprise_id=enterprise_id)

    def deactivate(self, person: Person) -> None:
        person.deleted = True
        person.updated_at = self.clock()
        for channel in list(self.channels.values()):
            channel.members = [each for each in channel.members if each.id != person.id]

    def group(self, handle: str, members: Iterable[Person], *, name: str = "") -> UserGroup:
        made = UserGroup(
            id=self.numbers.id("S"),
            handle=handle,
            name=name or handle,
            members=list(members),
            created_by=self.bot,
            created_at=self.clock(),
        )
        return self.groups.setdefault(made.id, made)

    # --- Channels

    def channel(
        self,
        name: str,
        members: Iterable[Person] = (),
        *,
        private: bool = False,
        with_bot: bool = True,
        shared_with: Iterable[Team] = (),
        pending_with: Iterable[Team] = (),
        org_shared: bool = False,
    ) -> Channel:
        """A channel with these members, and the bot unless it is left out."""
        made = self._channel("C", name, list(members), with_bot=with_bot)
        made.kind = "private" if private else "public"
        made.shared_with, made.pending_with = list(shared_with), list(pending_with)
        made.org_shared = org_shared
        return made

    def direct_message(self, person: Person, *, with_bot: bool = True) -> Channel:
        """The one conversation between this person and the bot, opened where there is none."""
        return self._conversation("im", "", [person], with_bot=with_bot)

    def group_message(self, people: Iterable[Person], *, with_bot: bool = True) -> Channel:
        """The one conversation of these people, with the bot or without."""
        members = list(people)
        names = "--".join(each.name for each in members)
        return self._conversation("mpim", f"mpdm-{names}-1", members, with_bot=with_bot)

    def by_email(self, email: str) -> Person | None:
        own = (each for each in list(self.people.values()) if each.team.id == self.team.id)
        return next((each for each in own if each.email == email and not each.deleted), None)

    def _conversation(
        self, kind: ChannelKind, name: str, people: list[Person], *, with_bot: bool
    ) -> Channel:
        wanted = {each.id for each in people} | ({self.bot.id} if with_bot else set())
        with self._opening:
            for channel in list(self.channels.values()):
                if channel.kind == kind and {each.id for each in channel.members} == wanted:
                    return channel
            made = self._channel("D" if kind == "im" else "C", name, people, with_bot=with_bot)
            made.kind = kind
            return made

    def _channel(self, prefix: str, name: str, members: list[Person], *, with_bot: bool) -> Channel:
        made = Channel(
            id=self.numbers.id(prefix),
            kind="public",
            name=name,
            creator=members[0] if members else self.bot,
            created_at=self.clock(),
            members=members + ([self.bot] if with_bot else []),
        )
        return self.channels.setdefault(made.id, made)

    def _person(
        self,
        name: str,
        team: Team,
        email: str,
        *,
        admin: bool = False,
        owner: bool = False,
        guest: Guest = "",
    ) -> Person:
        handle = name.lower().replace(" ", ".")
        return Person(
            id=self.numbers.id("U"),
            team=team,
            name=handle,
            real_name=name,
            email=email or f"{handle}@{team.domain}.example",
            admin=admin,
            owner=owner,
            guest=guest,
            updated_at=self.clock(),
        )

    def _add(self, person: Person) -> Person:
        return self.people.setdefault(person.id, person)
