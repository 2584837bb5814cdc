"""Schedules: when each source is synced, in plain words, with the next times it will be."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import timedelta
from typing import TYPE_CHECKING, Annotated, Any
from zoneinfo import available_timezones

from cron_descriptor import CasingTypeEnum, ExpressionDescriptor, Options
from fastapi import APIRouter, Depends, Form, Request, Response

from bot.admin import texts
from bot.admin.pages import Page
from bot.admin.requests import visitor_of
from bot.admin.roles import Role
from bot.errors import InputRejected
from bot.timing import Cron, Interval, Timing, cron, duration, interval, next_times, shown

if TYPE_CHECKING:
    from datetime import datetime

    from bot.admin.parts import Parts
    from bot.schedules import Schedule

_HERE = "/admin/schedules"
_NEXT = 5


@dataclass(frozen=True, kw_only=True, slots=True)
class Asked:
    """A form as it was filled in."""

    way: str
    cron: str
    timezone: str
    every: str
    jitter: str
    full_every: str


def routes(parts: Parts) -> APIRouter:
    """The list, the form of one, and its reading while it is written."""
    router = APIRouter(prefix="/schedules")
    admins = [Depends(parts.gate.needs(Role.ADMIN))]

    @router.get("")
    def show(request: Request) -> Response:
        plans = {each.source: each for each in parts.schedules.all()}
        rows = [
            {
                "source": state.source.name,
                "plan": plans.get(state.source.name),
                "reading": _reading_of(plans.get(state.source.name)),
                "state": state,
            }
            for state in parts.sources.all()
        ]
        return parts.pages.show(request, "schedules.html", rows=rows)

    @router.get("/reading", dependencies=admins)
    def reading(
        request: Request,
        way: str = "cron",
        cron: str = "",
        timezone: str = "UTC",
        every: str = "",
    ) -> Response:
        """What is meant by what is being written, and the next times."""
        return _shown_reading(parts, request, way=way, cron=cron, timezone=timezone, every=every)

    @router.get("/{source}", dependencies=admins)
    def edit(request: Request, source: str) -> Response:
        parts.sources.get(source)
        known = next((each for each in parts.schedules.all() if each.source == source), None)
        asked = _asked_of(known, timezone=visitor_of(request).person.timezone)
        return _form(parts, request, source, known, asked)

    @router.post("/{source}", dependencies=admins)
    def save(
        request: Request,
        source: str,
        way: Annotated[str, Form()] = "cron",
        cron: Annotated[str, Form()] = "",
        timezone: Annotated[str, Form()] = "UTC",
        every: Annotated[str, Form()] = "",
        jitter: Annotated[str, Form()] = "",
        full_every: Annotated[str, Form()] = "",
    ) -> Response:
        asked = Asked(
            way=way,
            cron=cron,
            timezone=timezone,
            every=every,
            jitter=jitter,
            full_every=full_every,
        )
        try:
            parts.schedules.set(
                source,
                _timing(asked, parts.now()),
                jitter=duration(jitter) if jitter.strip() else timedelta(),
                full_every=duration(full_every) if full_every.strip() else None,
                actor=visitor_of(request).person.actor,
            )
        except InputRejected as error:
            known = next((each for each in parts.schedules.all() if each.source == source), None)
            return _form(parts, request, source, known, asked, problem=str(error))
        return parts.pages.go(request, _HERE, said=texts.SCHEDULE_SAVED)

    @router.post("/{source}/{verb}", dependencies=admins)
    def act(request: Request, source: str, verb: str) -> Response:
        actor = visitor_of(request).person.actor
        match verb:
            case "pause":
                parts.schedules.pause(source, actor=actor)
                said = texts.SCHEDULE_PAUSED
            case "resume":
                parts.schedules.resume(source, actor=actor)
                said = texts.SCHEDULE_RESUMED
            case "remove":
                parts.schedules.remove(source, actor=actor)
                said = texts.SCHEDULE_REMOVED
            case _:
                raise InputRejected("This cannot be done to a schedule.")
        return parts.pages.go(request, _HERE, said=said)

    return router


def in_words(timing: Timing) -> str:
    """When that is, as people say it: "At 03:00, Monday to Friday"."""
    if isinstance(timing, Interval):
        return f"Every {shown(timing.every)}"
    options = Options()
    options.casing_type = CasingTypeEnum.Sentence
    options.use_24hour_time_format = True
    words = ExpressionDescriptor(timing.expression, options).get_full_description()
    return f"{words} ({timing.timezone})"


def _reading_of(plan: Schedule | None) -> str:
    return in_words(plan.timing) if plan else ""


def _timing(asked: Asked, now: datetime) -> Timing:
    """Raises InputRejected, saying what cannot be used."""
    if asked.way == "every":
        return interval(duration(asked.every), anchor=now)
    return cron(asked.cron, timezone=asked.timezone.strip() or "UTC")


def _asked_of(plan: Schedule | None, *, timezone: str) -> Asked:
    timing = plan.timing if plan else None
    is_cron = isinstance(timing, Cron)
    return Asked(
        way="cron" if is_cron else "every",
        cron=timing.expression if isinstance(timing, Cron) else "",
        timezone=timing.timezone if isinstance(timing, Cron) else timezone,
        every=shown(timing.every) if isinstance(timing, Interval) else ("" if plan else "1h"),
        jitter=shown(plan.jitter) if plan and plan.jitter else "",
        full_every=shown(plan.full_every) if plan and plan.full_every else "",
    )


def _form(
    parts: Parts,
    request: Request,
    source: str,
    known: Schedule | None,
    asked: Asked,
    *,
    problem: str = "",
) -> Response:
    return parts.pages.show(
        request,
        "schedule.html",
        status=422 if problem else 200,
        source=source,
        known=known,
        asked=asked,
        problem=problem,
        timezones=sorted(available_timezones()),
        **_read(parts, asked),
    )


def _shown_reading(parts: Parts, request: Request, **given: str) -> Response:
    asked = Asked(**given, jitter="", full_every="")
    return parts.pages.show(request, "_schedule_reading.html", **_read(parts, asked))


def _read(parts: Parts, asked: Asked) -> dict[str, Any]:
    """The reading and the next times, or what is wrong with it."""
    now = parts.now()
    try:
        timing = _timing(asked, now)
        times = next_times(timing, after=now, count=_NEXT)
    except InputRejected as error:
        written = asked.every if asked.way == "every" else asked.cron
        return {"reading": "", "times": (), "unreadable": str(error) if written.strip() else ""}
    return {"reading": in_words(timing), "times": times, "unreadable": ""}


PAGE = Page(path="/schedules", title="Schedules", section="Set up", role=Role.VIEWER, routes=routes)
