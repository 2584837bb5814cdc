"""Plots as SVG: lines and stacked bars over days, with classes instead of inline style, so that a
page needs no script for them and follows light and dark. Pure.

Beside each plot its numbers stand in a table, for those who cannot see it.
"""

from __future__ import annotations

import math
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from datetime import date
from typing import Literal

from markupsafe import Markup

WIDTH, HEIGHT = 640, 210
_LEFT, _RIGHT, _TOP, _BOTTOM = 74, 8, 10, 24
COLOURS = 6
"""So many series are told apart; the rest is one."""

_MOST_BARS = 62
"""More days than this are put together by the week."""

Series = Mapping[str, Sequence[float | None]]


@dataclass(frozen=True, kw_only=True, slots=True)
class Plot:
    """A plot with what it means and its numbers. `legend` is name and colour, `rows` a day and its
    figures in the order of `names`."""

    title: str
    about: str
    svg: Markup
    legend: Sequence[tuple[str, int]]
    names: Sequence[str]
    rows: Sequence[tuple[str, Sequence[str]]]


def plot(
    title: str,
    days: Sequence[date],
    series: Series,
    *,
    about: str = "",
    kind: Literal["bars", "lines"] = "lines",
    show: Callable[[float], str] = "{:,.0f}".format,
) -> Plot | None:
    """None where there is nothing to show."""
    kept = _kept(
        {name: values for name, values in series.items() if any(values)}, adds=kind == "bars"
    )
    if not kept:
        return None
    labels, kept = _by_week(days, kept, adds=kind == "bars")
    drawn = _bars(kept) if kind == "bars" else _lines(kept)
    top = _top(kept, stacked=kind == "bars")
    parts = [_grid(top, show), _dates(labels, bars=kind == "bars"), *drawn(top)]
    svg = Markup(
        '<svg class="plot" viewBox="0 0 {} {}" role="img" aria-label="{}">{}</svg>'
    ).format(
        WIDTH, HEIGHT, f"{title}. The numbers stand in the table below.", Markup("").join(parts)
    )
    names = list(kept)
    rows = [
        (label, [_told(kept[name][number], show) for name in names])
        for number, label in enumerate(labels)
    ]
    return Plot(
        title=title,
        about=about,
        svg=svg,
        legend=[(name, number) for number, name in enumerate(names, start=1)],
        names=names,
        rows=rows[::-1],
    )


def _told(value: float | None, show: Callable[[float], str]) -> str:
    return "" if value is None else show(value)


def _kept(series: Series, *, adds: bool) -> dict[str, list[float | None]]:
    """The first ones; what is beyond the colours becomes one, where figures can be added up."""
    names = list(series)
    kept = {name: list(series[name]) for name in names[:COLOURS]}
    if len(names) > COLOURS and adds:
        rest = [series[name] for name in names[COLOURS - 1 :]]
        del kept[names[COLOURS - 1]]
        kept["all others"] = [sum(each or 0 for each in day) for day in zip(*rest, strict=True)]
    return kept


def _by_week(
    days: Sequence[date], series: Mapping[str, Sequence[float | None]], *, adds: bool
) -> tuple[list[str], dict[str, list[float | None]]]:
    if len(days) <= _MOST_BARS:
        return [f"{day.day} {day:%b}" for day in days], {k: list(v) for k, v in series.items()}
    starts = range(0, len(days), 7)

    def joined(values: Sequence[float | None]) -> float | None:
        known = [each for each in values if each is not None]
        if not known:
            return None
        return sum(known) if adds else sum(known) / len(known)

    labels = [f"{days[start].day} {days[start]:%b %Y}" for start in starts]
    weeks = {
        name: [joined(values[start : start + 7]) for start in starts]
        for name, values in series.items()
    }
    return labels, weeks


def _top(series: Mapping[str, Sequence[float | None]], *, stacked: bool) -> float:
    """A round number that no figure is above."""
    columns = list(zip(*series.values(), strict=True))
    if stacked:
        highest = max(sum(each or 0 for each in column) for column in columns)
    else:
        highest = max(each or 0 for column in columns for each in column)
    size = 10.0 ** math.floor(math.log10(highest)) if highest > 0 else 1.0
    return next(size * step for step in (1, 2, 2.5, 5, 10) if size * step >= highest)


def _x(position: float, count: int) -> float:
    return _LEFT + (WIDTH - _LEFT - _RIGHT) * position / max(count, 1)


def _y(value: float, top: float) -> float:
    return _TOP + (HEIGHT - _TOP - _BOTTOM) * (1 - value / top)


def _grid(top: float, show: Callable[[float], str]) -> Markup:
    lines = Markup("")
    for step in range(5):
        value = top * step / 4
        y = _y(value, top)
        lines += Markup('<line class="{}" x1="{}" x2="{}" y1="{:.1f}" y2="{:.1f}"/>').format(
            "axis" if step == 0 else "grid", _LEFT, WIDTH - _RIGHT, y, y
        )
        if step % 2 == 0:
            lines += Markup('<text x="{}" y="{:.1f}" text-anchor="end">{}</text>').format(
                _LEFT - 6, y + 4, show(value)
            )
    return lines


def _dates(labels: Sequence[str], *, bars: bool) -> Markup:
    count = len(labels) if bars else max(len(labels) - 1, 1)
    shown = sorted({0, len(labels) // 2, len(labels) - 1})
    texts = Markup("")
    for number in shown:
        anchor = "start" if number == 0 else "end" if number == len(labels) - 1 else "middle"
        middle = number + 0.5 if bars else number
        place = {"start": number, "end": number + (1 if bars else 0)}.get(anchor, middle)
        texts += Markup('<text x="{:.1f}" y="{}" text-anchor="{}">{}</text>').format(
            _x(place, count), HEIGHT - 6, anchor, labels[number]
        )
    return texts


def _bars(series: Mapping[str, Sequence[float | None]]) -> Callable[[float], list[Markup]]:
    count = len(next(iter(series.values())))
    width = _x(1, count) - _x(0, count)

    def draw(top: float) -> list[Markup]:
        below, drawn = [0.0] * count, []
        for colour, values in enumerate(series.values(), start=1):
            outline = ""  # of all bars of a series: a year of single ones takes long to build
            for number, value in enumerate(values):
                if not value:
                    continue
                bottom = _y(below[number], top)
                below[number] += value
                y = _y(below[number], top)
                x = _x(number, count) + width * 0.1
                outline += f"M{x:.1f} {bottom:.1f}V{y:.1f}h{width * 0.8:.1f}V{bottom:.1f}z"
            drawn.append(Markup('<path class="bar series-{}" d="{}"/>').format(colour, outline))
        return drawn

    return draw


def _lines(series: Mapping[str, Sequence[float | None]]) -> Callable[[float], list[Markup]]:
    def draw(top: float) -> list[Markup]:
        drawn = []
        for colour, values in enumerate(series.values(), start=1):
            count = max(len(values) - 1, 1)
            points = [
                (_x(number, count), _y(value, top))
                for number, value in enumerate(values)
                if value is not None
            ]
            path = " ".join(f"{x:.1f},{y:.1f}" for x, y in points)
            drawn.append(
                Markup('<polyline class="line series-{}" points="{}"/>').format(colour, path)
            )
            if len(points) == 1:
                x, y = points[0]
                drawn.append(
                    Markup('<circle class="bar series-{}" cx="{:.1f}" cy="{:.1f}" r="3"/>').format(
                        colour, x, y
                    )
                )
        return drawn

    return draw
