"""Who may read what, told by the workspace's state alone: what an app's decisions are held to."""

from __future__ import annotations

from tests.fakes.slack.directory import Directory
from tests.fakes.slack.records import Channel, Person, Team


def insider(person: Person, home: Team) -> bool:
    """A full member of the workspace, or of another one of its organisation."""
    if person.is_bot or person.deleted or person.guest:
        return False
    if person.team.id == home.id:
        return True
    return bool(home.enterprise_id) and person.team.enterprise_id == home.enterprise_id


def readers(channel: Channel, directory: Directory) -> list[Person]:
    """Everybody who may read the channel now: its members, and where it is public every full
    member; where other companies share it, whoever of theirs is known. Bots are nobody."""
    companies = {each.id for each in channel.shared_with}
    return [
        each
        for each in directory.people.values()
        if not each.is_bot
        and not each.deleted
        and (
            channel.has(each)
            or (channel.kind == "public" and insider(each, directory.team))
            or (channel.kind == "public" and each.team.id in companies)
        )
    ]


def outsiders(channel: Channel, directory: Directory) -> list[str]:
    """Whoever is no insider and may read what is written in the channel now, at once or when they
    accept the invitation to it: people's and companies' names."""
    people = [
        each.real_name
        for each in readers(channel, directory)
        if not insider(each, directory.team) and each.id != directory.slackbot.id
    ]
    return people + [each.name for each in (*channel.shared_with, *channel.pending_with)]
