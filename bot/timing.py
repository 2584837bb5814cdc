"""When something is due: cron expressions and intervals, as APScheduler reads them.

Its triggers do the arithmetic of calendars. Two of their habits would surprise anybody who knows
cron, so they are evened out here: they count the days of the week from Monday = 0, and where the
clock is set back they run "at 02:30" twice.
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from typing import TYPE_CHECKING
from zoneinfo import ZoneInfo, ZoneInfoNotFoundError

from bot.errors import InputRejected

if TYPE_CHECKING:
    from apscheduler.triggers.base import BaseTrigger

SHORTEST_INTERVAL = timedelta(minutes=1)
LONGEST_INTERVAL = timedelta(days=366)

_FIELDS = ("minute", "hour", "day of the month", "month", "day of the week")
_DAYS = ("sun", "mon", "tue", "wed", "thu", "fri", "sat")
_NICKNAMES = {
    "@hourly": "0 * * * *",
    "@daily": "0 0 * * *",
    "@midnight": "0 0 * * *",
    "@weekly": "0 0 * * 0",
    "@monthly": "0 0 1 * *",
}
_DAY_ITEM = re.compile(r"(?P<first>\*|\w+)(?:-(?P<last>\w+))?(?:/(?P<step>\d+))?")
_DURATION = re.compile(r"(\d+)\s*([smhdw])", re.IGNORECASE)
_UNITS = {"s": "seconds", "m": "minutes", "h": "hours", "d": "days", "w": "weeks"}


@dataclass(frozen=True, kw_only=True, slots=True)
class Cron:
    """A cron expression of five fields, read in a time zone."""

    expression: str
    timezone: str = "UTC"

    def after(self, moment: datetime) -> datetime:
        """The first time it is due later than `moment`, in UTC."""
        trigger = _cron_trigger(self)
        once_a_day = not self.expression.split()[1].startswith("*")
        found = moment
        while True:
            found = _next(trigger, found)
            local = found.astimezone(trigger.timezone)
            if not (once_a_day and local.fold):
                return found
            # The clock was set back, and this hour of the day has been already.


@dataclass(frozen=True, kw_only=True, slots=True)
class Interval:
    """Again and again, counted from `anchor`."""

    every: timedelta
    anchor: datetime

    def after(self, moment: datetime) -> datetime:
        """The first time it is due later than `moment`, in UTC."""
        from apscheduler.triggers.interval import IntervalTrigger  # noqa: PLC0415 - see _cron_trigger

        seconds = int(self.every.total_seconds())
        return _next(IntervalTrigger(seconds=seconds, start_date=self.anchor, timezone=UTC), moment)


Timing = Cron | Interval


def cron(expression: str, *, timezone: str = "UTC") -> Cron:
    """The expression, checked. Raises InputRejected, naming the field that cannot be used."""
    text = " ".join(_NICKNAMES.get(expression.strip().lower(), expression).lower().split())
    found = Cron(expression=text, timezone=zone(timezone).key)
    fields = text.split()
    if len(fields) != len(_FIELDS):
        raise InputRejected(
            f"{expression!r} has {len(fields)} fields; a cron expression has five: "
            f"{', '.join(_FIELDS)}. `0 3 * * *` is every day at 03:00."
        )
    if fields[2] != "*" and fields[4] != "*":
        raise InputRejected(
            f"{expression!r} names days of the month and days of the week; whether both or "
            "either must hold differs between programs. Use only one of them, and * for the other."
        )
    _check_fields(expression, fields)
    try:
        found.after(datetime.now(UTC))
    except InputRejected:
        raise InputRejected(f"{expression!r} is never due: no date matches it.") from None
    return found


def interval(every: timedelta, *, anchor: datetime) -> Interval:
    """The interval, checked. Raises InputRejected when it is too short or too long."""
    if not SHORTEST_INTERVAL <= every <= LONGEST_INTERVAL:
        raise InputRejected(f"{every} cannot be used: an interval is one minute to one year long.")
    return Interval(every=every, anchor=anchor)


def duration(text: str) -> timedelta:
    """'90s', '15m', '6h', '1d', '2w' or several such as '1h30m'. Raises InputRejected."""
    parts = _DURATION.findall(text)
    if not parts or _DURATION.sub("", text).strip():
        raise InputRejected(f"{text!r} is not a duration: write it as 15m, 6h, 1d or 1h30m.")
    try:
        return sum((timedelta(**{_UNITS[u.lower()]: int(n)}) for n, u in parts), timedelta())
    except OverflowError:
        raise InputRejected(f"{text!r} is too long.") from None


def shown(length: timedelta) -> str:
    """A duration as `duration` reads it: 1h30m."""
    rest, text = int(length.total_seconds()), ""
    for unit, seconds in (("d", 86_400), ("h", 3_600), ("m", 60), ("s", 1)):
        count, rest = divmod(rest, seconds)
        text += f"{count}{unit}" if count else ""
    return text or "0s"


def zone(name: str) -> ZoneInfo:
    """The time zone. Raises InputRejected when there is none of that name."""
    try:
        return ZoneInfo(name)
    except (ZoneInfoNotFoundError, ValueError, OSError):
        raise InputRejected(
            f"{name!r} is not a time zone: use a name such as Europe/Berlin, "
            "America/New_York or UTC."
        ) from None


def next_times(timing: Timing, *, after: datetime, count: int = 5) -> tuple[datetime, ...]:
    """The next times it is due, in UTC."""
    times = [timing.after(after)]
    while len(times) < count:
        times.append(timing.after(times[-1]))
    return tuple(times)


def _next(trigger: BaseTrigger, moment: datetime) -> datetime:
    later = (moment + timedelta(microseconds=1)).astimezone(UTC)
    found: datetime | None = trigger.get_next_fire_time(None, later)
    if found is None:
        raise InputRejected("It is never due.")
    return found.astimezone(UTC)


def _cron_trigger(timing: Cron):  # type: ignore[no-untyped-def]  # APScheduler has no types
    from apscheduler.triggers.cron import CronTrigger  # noqa: PLC0415 - 0.1 s, not for --help

    minute, hour, day, month, weekday = timing.expression.split()
    return CronTrigger(
        minute=minute,
        hour=hour,
        day=day,
        month=month,
        day_of_week=_weekdays(weekday),
        timezone=ZoneInfo(timing.timezone),
    )


def _check_fields(expression: str, fields: list[str]) -> None:
    from apscheduler.triggers.cron import CronTrigger  # noqa: PLC0415 - as above

    names = ("minute", "hour", "day", "month", "day_of_week")
    for name, meaning, value in zip(names, _FIELDS, fields, strict=True):
        try:
            CronTrigger(**{name: _weekdays(value) if name == "day_of_week" else value})
        except ValueError as error:
            raise InputRejected(
                f"The {meaning} of {expression!r} cannot be used: {value!r}: {error}."
            ) from error


def _weekdays(field: str) -> str:
    """Cron's days of the week (0 and 7 are Sunday) by name; what is none is left for the
    trigger to complain about."""
    days: set[int] = set()
    for item in field.split(","):
        match = _DAY_ITEM.fullmatch(item)
        if match is None:
            return field
        first, last, step = match["first"], match["last"], int(match["step"] or 1)
        start = 0 if first == "*" else _day(first)
        end = 6 if first == "*" or (match["step"] and not last) else _day(last or first)
        if start is None or end is None or not step:
            return field
        # fri-mon is four days, and 5-7 is Friday to Sunday.
        days.update(day % 7 for day in range(start, end + 1 if end >= start else end + 8, step))
    return "*" if len(days) == len(_DAYS) else ",".join(_DAYS[day] for day in sorted(days))


def _day(text: str) -> int | None:
    if text in _DAYS:
        return _DAYS.index(text)
    return int(text) if text in set("01234567") else None
