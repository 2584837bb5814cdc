"""What admins change from the bot's home: schedules, channels, and who is asked. Who presses is
checked each time, and every change is in the audit log under that person's name."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from datetime import UTC, datetime, timedelta
from typing import TYPE_CHECKING, Any

from bot.audit import Actor
from bot.errors import InputRejected, SupportbotError
from bot.slack.admin_dialogs import (
    CHANNEL_SET,
    FLOORS,
    LANGUAGES,
    NONE,
    ROUTE_SET,
    SCHEDULE_SET,
    channel_dialog,
    route_dialog,
    schedule_dialog,
)
from bot.slack.channels import FLOOR, Channel
from bot.slack.errands import home_job
from bot.slack.handovers import EVERYTHING_ELSE, Route
from bot.timing import Timing, cron, duration, interval

if TYPE_CHECKING:
    from psycopg import Connection
    from psycopg_pool import ConnectionPool

    from bot.queue import Queue
    from bot.schedules import Schedules
    from bot.slack.api import SlackApi
    from bot.slack.channels import Channels
    from bot.slack.facts import Facts
    from bot.slack.gestures import Pressed, Submitted
    from bot.slack.handovers import SlackRoutes
    from bot.slack.home import Home
    from bot.sources import Sources
    from bot.triage.taxonomy import TaxonomyStore

__all__ = ["CHANNEL_SET", "ROUTE_SET", "SCHEDULE_SET", "Administration", "NotAllowed"]

_NOT_ALLOWED = "Only admins of the workspace may change this."


class NotAllowed(SupportbotError):
    """Only admins may change this."""


class Administration:
    """Changes things."""

    def __init__(
        self,
        *,
        pool: ConnectionPool[Connection[Any]],
        queue: Queue,
        home: Home,
        facts: Facts,
        sources: Sources,
        schedules: Schedules,
        channels: Channels,
        routes: SlackRoutes,
        taxonomy: TaxonomyStore,
        api: Callable[[str], SlackApi],
    ) -> None:
        self._pool = pool
        self._queue = queue
        self._home = home
        self._facts = facts
        self._sources = sources
        self._schedules = schedules
        self._channels = channels
        self._routes = routes
        self._taxonomy = taxonomy
        self._api = api

    # --- What is pressed

    def source(self, pressed: Pressed) -> None:
        """Runs, pauses, resumes, or asks for the schedule of a source. Raises NotAllowed,
        InputRejected, SlackError."""
        actor = self._actor(pressed)
        verb, _, name = pressed.value.partition(":")
        match verb:
            case "run" | "full":
                self._schedules.run_now(name, full=verb == "full", actor=actor)
            case "pause":
                self._schedules.pause(name, actor=actor)
            case "resume":
                self._schedules.resume(name, actor=actor)
            case "edit":
                known = {each.source: each for each in self._schedules.all()}
                view = schedule_dialog(name, known.get(name))
                self._api(pressed.team).open_view(pressed.trigger, view)
                return
        self._show_again(pressed)

    def channel(self, pressed: Pressed) -> None:
        """Asks what is to hold in a channel. Raises as above."""
        self._actor(pressed)
        known = None
        if pressed.value != "new":
            known = self._channels.of(pressed.team, pressed.value)
        names = [each.source.name for each in self._sources.all()]
        view = channel_dialog(known, names)
        self._api(pressed.team).open_view(pressed.trigger, view)

    def route(self, pressed: Pressed) -> None:
        """Asks who looks after a tag. Raises as above."""
        self._actor(pressed)
        api, tag = self._api(pressed.team), None
        if pressed.value != "new":
            tag = EVERYTHING_ELSE if pressed.value == "else" else pressed.value
        known = {each.tag: each for each in self._routes.all(pressed.team)}
        tags = [each.name for each in self._taxonomy.read().tags]
        view = route_dialog(tags, api.groups(), tag=tag, known=known.get(tag or ""))
        api.open_view(pressed.trigger, view)

    def refresh(self, pressed: Pressed) -> None:
        """Shows the home as it is now."""
        self._show_again(pressed)

    # --- What is filled in

    def set_schedule(self, submitted: Submitted) -> Mapping[str, str]:
        """Sets it; what cannot be used is said beside its field."""
        with _told("full_every") as wrong:
            actor = self._actor(submitted)
            name = str(submitted.private.get("source", ""))
            full = _duration(submitted.text("full_every"), "full_every", wrong)
            jitter = _duration(submitted.text("jitter"), "jitter", wrong) or timedelta()
            timing = _timing(submitted, wrong)
            if timing is not None and not wrong:
                self._schedules.set(name, timing, jitter=jitter, full_every=full, actor=actor)
        return wrong

    def set_channel(self, submitted: Submitted) -> Mapping[str, str]:
        """Sets it, as above."""
        with _told("language") as wrong:
            actor = self._actor(submitted)
            channel = str(submitted.private.get("channel") or submitted.text("channel"))
            room = self._facts.room(submitted.team, channel)
            flags, names = submitted.ticks("flags"), submitted.ticks("sources")
            floor, language = submitted.text("floor"), submitted.text("language")
            self._channels.put(
                Channel(
                    team=submitted.team,
                    channel=channel,
                    name=room.name if room else "",
                    auto_answer="auto" in flags,
                    floor=float(floor) if floor in FLOORS else FLOOR,
                    sources=frozenset(names) or None,
                    public_only="public" in flags,
                    language=language if language in LANGUAGES else None,
                ),
                actor=actor,
            )
        return wrong

    def set_route(self, submitted: Submitted) -> Mapping[str, str]:
        """Sets it, as above; a route to nobody is removed."""
        with _told("channel") as wrong:
            actor = self._actor(submitted)
            tag = submitted.private.get("tag")
            if tag is None:
                tag = submitted.text("tag").removeprefix("tag:")
            group, in_thread = submitted.text("group"), "thread" in submitted.ticks("flags")
            route = Route(
                tag=str(tag),
                channel="" if in_thread else submitted.text("channel"),
                group="" if group == NONE else group,
            )
            self._routes.put(submitted.team, route, actor=actor)
        return wrong

    def after(self, submitted: Submitted) -> None:
        """Shows the home as it is now."""
        self._show_again(submitted)

    def _actor(self, gesture: Pressed | Submitted) -> Actor:
        """Who it is. Raises NotAllowed for who may change nothing."""
        person = self._facts.person(gesture.team, gesture.user)
        if not self._home.is_admin(gesture.team, person):
            raise NotAllowed
        return Actor(surface="slack", name=gesture.user)

    def _show_again(self, gesture: Pressed | Submitted) -> None:
        self._queue.enqueue(home_job(gesture.team, gesture.user))


@contextmanager
def _told(last: str) -> Iterator[dict[str, str]]:
    """What is wrong, by field; what no field is to blame for is said beside the `last` one."""
    wrong: dict[str, str] = {}
    try:
        yield wrong
    except NotAllowed:
        wrong[last] = _NOT_ALLOWED
    except InputRejected as error:
        wrong[last] = str(error)[:2000]


def _duration(text: str, field: str, wrong: dict[str, str]) -> timedelta | None:
    if not text:
        return None
    try:
        return duration(text)
    except InputRejected as error:
        wrong[field] = str(error)
        return None


def _timing(submitted: Submitted, wrong: dict[str, str]) -> Timing | None:
    """The cron expression, or else the interval."""
    expression, every = submitted.text("cron"), submitted.text("every")
    if bool(expression) == bool(every):
        wrong["every"] = "Give either an interval, such as 6h, or a cron expression."
        return None
    field = "cron" if expression else "every"
    try:
        if expression:
            return cron(expression, timezone=submitted.text("timezone") or "UTC")
        return interval(duration(every), anchor=datetime.now(UTC))
    except InputRejected as error:
        wrong["timezone" if "time zone" in str(error) else field] = str(error)
        return None
