"""When schedules are due: cron as people know it, daylight saving, and errors that help."""

from datetime import UTC, datetime, timedelta

import pytest

from bot import timing
from bot.errors import InputRejected


def due(expression: str, zone: str, after: str, count: int) -> list[str]:
    moments = timing.next_times(
        timing.cron(expression, timezone=zone),
        after=datetime.fromisoformat(after).replace(tzinfo=UTC),
        count=count,
    )
    return [f"{moment:%m-%d %H:%M}" for moment in moments]


def test_the_hour_is_that_of_the_time_zone_on_both_sides_of_the_change() -> None:
    assert due("0 9 * * *", "Europe/Berlin", "2026-03-27T12:00", 3) == [
        "03-28 08:00",
        "03-29 07:00",
        "03-30 07:00",
    ]


def test_a_time_that_the_clock_skips_still_comes_once_that_day() -> None:
    assert due("30 2 * * *", "Europe/Berlin", "2026-03-28T12:00", 2) == [
        "03-29 01:30",
        "03-30 00:30",
    ]


def test_a_time_that_the_clock_repeats_comes_once_but_every_half_hour_goes_on() -> None:
    assert due("30 2 * * *", "Europe/Berlin", "2026-10-24T12:00", 2) == [
        "10-25 00:30",
        "10-26 01:30",
    ]
    assert due("*/30 * * * *", "Europe/Berlin", "2026-10-25T00:10", 4) == [
        "10-25 00:30",
        "10-25 01:00",
        "10-25 01:30",
        "10-25 02:00",
    ]


# 2026-11-22 is a Sunday.
@pytest.mark.parametrize(
    ("field", "days"),
    [
        ("1", [23, 30]),
        ("mon", [23, 30]),
        ("0", [29]),
        ("7", [29]),
        ("1-5", [23, 24, 25, 26, 27, 30]),
        ("5-7", [27, 28, 29]),
        ("fri-mon", [23, 27, 28, 29, 30]),
        ("*/2", [24, 26, 28, 29]),
        ("*", [23, 24, 25, 26, 27, 28, 29, 30]),
    ],
)
def test_days_of_the_week_are_those_of_cron(field: str, days: list[int]) -> None:
    found = due(f"0 6 * * {field}", "UTC", "2026-11-22T12:00", len(days))

    assert [int(each[3:5]) for each in found] == days


@pytest.mark.parametrize(
    ("expression", "said"),
    [
        ("61 * * * *", "minute.*61"),
        ("* 24 * * *", "hour.*24"),
        ("0 0 0 * *", "day of the month"),
        ("0 0 1 jann *", "month.*jann"),
        ("0 0 * * 8", "day of the week.*8"),
        ("0 0 * * */0", "day of the week"),
        ("* * *", "3 fields.*five"),
        ("0 0 31 2 *", "never due"),
        ("0 0 1 * 1", "only one of them"),
        ("", "0 fields"),
    ],
)
def test_what_is_wrong_with_an_expression_is_named(expression: str, said: str) -> None:
    with pytest.raises(InputRejected, match=said):
        timing.cron(expression)


@pytest.mark.parametrize("name", ["Europe/Atlantis", "../etc/passwd", "", "Mars"])
def test_an_unknown_time_zone_is_refused(name: str) -> None:
    with pytest.raises(InputRejected, match="Europe/Berlin"):
        timing.cron("@daily", timezone=name)


def test_intervals_are_counted_from_their_anchor() -> None:
    anchor = datetime(2026, 1, 1, 10, 7, tzinfo=UTC)
    every = timing.interval(timing.duration("1h30m"), anchor=anchor)

    assert every.after(anchor + timedelta(hours=2)) == anchor + timedelta(hours=3)
    assert every.after(anchor + timedelta(hours=3)) == anchor + timedelta(hours=4.5)


@pytest.mark.parametrize("text", ["", "5", "h", "5 parsecs", "-5m", "1.5h"])
def test_what_is_no_duration_is_refused(text: str) -> None:
    with pytest.raises(InputRejected):
        timing.duration(text)


@pytest.mark.parametrize("text", ["1s", "59s", "2000d"])
def test_an_interval_of_seconds_or_years_is_refused(text: str) -> None:
    with pytest.raises(InputRejected):
        timing.interval(timing.duration(text), anchor=datetime.now(UTC))


@pytest.mark.parametrize("text", ["90s", "15m", "6h", "1d", "1h30m"])
def test_durations_are_shown_as_they_are_written(text: str) -> None:
    assert timing.duration(timing.shown(timing.duration(text))) == timing.duration(text)
