"""Routing tags out of what the account sorts its tickets by already: proposed, chosen by the admin,
and added beside what is there."""

from __future__ import annotations

import re
from dataclasses import dataclass
from typing import TYPE_CHECKING

from bot.audit import SYSTEM
from bot.errors import InputRejected
from bot.triage.models import NONE, RoutingTag
from bot.triage.taxonomy import TAG_NAME

if TYPE_CHECKING:
    from collections.abc import Collection, Mapping

    from bot.audit import Actor
    from bot.triage.taxonomy import TaxonomyStore
    from connectors.zendesk.tagging import AccountTags

OWN = "supportbot"
"""How the tags begin that the bot itself gives to tickets."""

_FEWEST_TICKETS = 3
_MOST_OF_THEM = 2 / 3


@dataclass(frozen=True, kw_only=True, slots=True)
class Proposal:
    """A tag as it would be added; `tickets` had it in the last 60 days. One that `is_known` is a
    routing tag already, and stays as it is."""

    tag: RoutingTag
    tickets: int
    is_known: bool


def proposals(found: AccountTags, *, known: Collection[str]) -> tuple[Proposal, ...]:
    """What can be a routing tag, the most used first. A tag gets the group that has nearly all of
    its tickets, else the one that it names (`billing_refund` names "Billing"), else none."""
    counted: dict[str, int] = {}
    for name, tickets in found.tickets.items():
        own = name.strip().lower()
        if TAG_NAME.fullmatch(own) and own != NONE and not own.startswith(OWN):
            counted[own] = counted.get(own, 0) + tickets
    return tuple(
        Proposal(tag=_tag(name, found), tickets=tickets, is_known=name in known)
        for name, tickets in sorted(counted.items(), key=lambda each: -each[1])
    )


def take(
    store: TaxonomyStore,
    proposed: Collection[Proposal],
    names: Collection[str],
    *,
    actor: Actor = SYSTEM,
) -> tuple[str, ...]:
    """Adds the tags of these names and returns those that are new: whatever is there already stays
    as the admin left it. Raises InputRejected for a name that the account does not have."""
    by_name = {each.tag.name: each.tag for each in proposed}
    wanted = [each.strip().lower() for each in names]
    if unknown := [each for each in wanted if each not in by_name]:
        raise InputRejected(
            f"The account's tickets have no tag {unknown[0]!r}: `supportbot routing import "
            "--account` lists those that they have."
        )
    return store.add_new((by_name[each] for each in wanted), actor=actor)


def _tag(name: str, found: AccountTags) -> RoutingTag:
    number = _sorted_into(found.sorted_into.get(name, {}), found.groups)
    if number is None:
        number = _named(name, found.groups)
    group = "" if number is None else found.groups[number]
    return RoutingTag(name=name, group_id=number, group_name=group)


def _sorted_into(tickets: Mapping[int, int], groups: Mapping[int, str]) -> int | None:
    group, most = max(tickets.items(), key=lambda each: each[1], default=(0, 0))
    enough = most >= _FEWEST_TICKETS and most >= _MOST_OF_THEM * sum(tickets.values())
    return group if enough and group in groups else None


def _named(name: str, groups: Mapping[int, str]) -> int | None:
    """The one group whose name's words the tag holds."""
    words = _words(name)
    fitting = [
        number
        for number, group in groups.items()
        if (own := _words(group.lower())) and own <= words
    ]
    return fitting[0] if len(fitting) == 1 else None


def _words(text: str) -> set[str]:
    return set(re.findall(r"[^\W_]+", text))
