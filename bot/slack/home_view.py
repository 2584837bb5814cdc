"""What the bot's home shows: to everybody what it knows and how to ask, to admins how things are
and what to do about them. Pure.

https://docs.slack.dev/surfaces/app-home
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import TYPE_CHECKING

from bot.inert import shortened
from bot.slack.blocks import (
    HOME_BLOCKS,
    Block,
    actions,
    button,
    context,
    divider,
    escaped,
    header,
    option,
    overflow,
    section,
)
from bot.timing import Cron
from bot.timing import shown as duration

if TYPE_CHECKING:
    from bot.backlog import Backlog
    from bot.schedules import Schedule
    from bot.slack.channels import Channel
    from bot.slack.handovers import Route
    from bot.sources import SourceState

SOURCE, CHANNEL, ROUTE, REFRESH = "home.source", "home.channel", "home.route", "home.refresh"
"""What is pressed here."""

_MOST_SOURCES, _MOST_ROWS, _MOST_FAILURES = 12, 10, 6

_HOW = (
    "*Ask me in any of these ways*\n"
    "•  write to me here, under Messages\n"
    "•  mention me in a channel: the answer comes in the thread, and you can ask on there\n"
    "•  `/ask` anywhere: only you see the answer, and may post it\n"
    "•  *Answer this* in the menu of a message\n"
    "Every sentence comes with its source. What I do not find I say, and a person can be asked."
)


@dataclass(frozen=True, kw_only=True, slots=True)
class Failure:
    """Something that does not work: where, what, and since when."""

    where: str
    what: str
    since: datetime


@dataclass(frozen=True, kw_only=True, slots=True)
class Admin:
    """What admins see beside what everybody does. `advice` is what to start, "" for nothing."""

    schedules: Sequence[Schedule]
    channels: Sequence[Channel]
    routes: Sequence[Route]
    connections: Sequence[str]
    backlog: Backlog
    failures: Sequence[Failure]


def home(
    sources: Sequence[SourceState], *, articles: int, is_member: bool, admin: Admin | None
) -> Block:
    """The view. `articles` is how many documents this person may read; who is no member of the
    team is told neither the sources nor anything internal."""
    blocks = [header("Answers from your help center"), section(_HOW), divider()]
    blocks += _knowledge(sources, articles, is_member=is_member)
    if admin is not None:
        blocks += _administration(sources, admin)
    blocks.append(actions([button("Refresh", REFRESH, "refresh")]))
    return {"type": "home", "blocks": blocks[:HOME_BLOCKS]}


def _knowledge(
    sources: Sequence[SourceState], articles: int, *, is_member: bool
) -> Iterator[Block]:
    yield section(f"*What I know*\n{articles:,} articles that you may read")
    if is_member and sources:
        lines = [f"•  {_source(each)}" for each in sources[:_MOST_SOURCES]]
        yield context("\n".join(lines)[:2900])


def _source(state: SourceState) -> str:
    name = escaped(state.source.name)
    return f"*{name}* ({escaped(state.source.kind)}): {state.documents:,}, {_synced(state)}"


def _synced(state: SourceState) -> str:
    if state.last_sync is None:
        return "not synced yet"
    when = f"<!date^{int(state.last_sync.timestamp())}^{{date_short_pretty}} {{time}}|earlier>"
    return f"{'synced' if state.last_state == 'succeeded' else 'last sync *failed*'} {when}"


def _administration(sources: Sequence[SourceState], admin: Admin) -> Iterator[Block]:
    yield divider()
    yield header("For admins")
    yield from _health(admin)
    yield from _sources(sources, admin.schedules)
    yield from _channels(admin.channels)
    yield from _routes(admin.routes)


def _health(admin: Admin) -> Iterator[Block]:
    lines = [*admin.connections, escaped(admin.backlog.describe())]
    if advice := admin.backlog.advice():
        lines.append(f":warning: {escaped(advice)}")
    yield section("*Health*\n" + "\n".join(f"•  {each}" for each in lines))
    if admin.failures:
        shown = [
            f"•  {escaped(each.where)}: {escaped(shortened(each.what, 160))}"
            for each in admin.failures[:_MOST_FAILURES]
        ]
        yield context("*Last failures*\n" + "\n".join(shown))


def _sources(sources: Sequence[SourceState], schedules: Sequence[Schedule]) -> Iterator[Block]:
    yield section("*Sources*")
    planned = {each.source: each for each in schedules}
    for state in sources[:_MOST_SOURCES]:
        schedule = planned.get(state.source.name)
        failed = f"\n:warning: {state.failed:,} documents could not be read" if state.failed else ""
        yield section(
            f"{_source(state)}\n{_when(schedule)}{failed}",
            accessory=overflow(SOURCE, _source_actions(state.source.name, schedule)),
        )
    if not sources:
        yield context("None yet: `supportbot sources add` adds one.")


def _source_actions(name: str, schedule: Schedule | None) -> list[Block]:
    options = [option("Sync now", f"run:{name}"), option("Read all anew", f"full:{name}")]
    options.append(option("Change the schedule", f"edit:{name}"))
    if schedule is not None:
        verb = ("Resume", "resume") if schedule.paused else ("Pause", "pause")
        options.append(option(verb[0], f"{verb[1]}:{name}"))
    return options


def _when(schedule: Schedule | None) -> str:
    if schedule is None:
        return "no schedule"
    timing = schedule.timing
    told = (
        f"`{escaped(timing.expression)}` {escaped(timing.timezone)}"
        if isinstance(timing, Cron)
        else f"every {duration(timing.every)}"
    )
    if schedule.paused:
        return f"{told}, *paused*"
    if schedule.next_run is None:
        return told
    stamp = int(schedule.next_run.timestamp())
    return f"{told}, next <!date^{stamp}^{{date_short_pretty}} {{time}}|soon>"


def _channels(channels: Sequence[Channel]) -> Iterator[Block]:
    yield section("*Channels*", accessory=button("Set up a channel", CHANNEL, "new"))
    for each in channels[:_MOST_ROWS]:
        yield section(
            f"<#{each.channel}>  {escaped(_decided(each))}",
            accessory=button("Change", CHANNEL, each.channel),
        )
    if not channels:
        yield context("Nothing special is set: I answer when I am spoken to.")


def _decided(channel: Channel) -> str:
    told = []
    if channel.auto_answer:
        told.append(f"answers by itself from {channel.floor:.0%} on")
    if channel.public_only:
        told.append("public articles only")
    if channel.sources is not None:
        told.append("from " + ", ".join(sorted(channel.sources)))
    if channel.language:
        told.append(f"language {channel.language}")
    return "; ".join(told) or "nothing special"


def _routes(routes: Sequence[Route]) -> Iterator[Block]:
    yield section("*Who is asked*", accessory=button("Say who", ROUTE, "new"))
    for each in routes[:_MOST_ROWS]:
        people = [f"<!subteam^{each.group}>"] if each.group else []
        people += [f"in <#{each.channel}>"] if each.channel else []
        tag = f"`{escaped(each.tag)}`" if each.tag else "everything else"
        yield section(
            f"{tag}: {' '.join(people)}", accessory=button("Change", ROUTE, each.tag or "else")
        )
    if not routes:
        yield context("Nobody yet: “Ask a person” has nobody to ask in Slack.")
