"""How times, numbers and texts of others are written on pages: the filters of the templates."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from datetime import UTC, datetime, timedelta
from typing import Any
from zoneinfo import ZoneInfo

import nh3
from jinja2 import pass_context
from jinja2.runtime import Context
from markupsafe import Markup, escape

_TAGS = {
    *("p", "br", "hr", "h1", "h2", "h3", "h4", "h5", "h6", "blockquote", "pre", "code", "kbd"),
    *("ul", "ol", "li", "dl", "dt", "dd", "table", "thead", "tbody", "tr", "th", "td", "caption"),
    *("b", "strong", "i", "em", "u", "s", "sub", "sup", "span", "div", "a", "mark"),
}
_ATTRIBUTES = {"a": {"href"}, "td": {"colspan", "rowspan"}, "th": {"colspan", "rowspan"}}
_SCHEMES = {"http", "https", "mailto"}

_NOTHING = "\N{EN DASH}"
_UNITS = ((86_400, "day"), (3_600, "hour"), (60, "minute"), (1, "second"))


def article_html(text: str) -> Markup:
    """Other people's HTML with nothing in it that loads, runs, or looks like a part of the page."""
    cleaned = nh3.clean(
        text,
        tags=_TAGS,
        attributes=_ATTRIBUTES,
        url_schemes=_SCHEMES,
        link_rel="noopener noreferrer nofollow",
    )
    return Markup(cleaned)  # noqa: S704 - cleaned one line above


@pass_context
def when(context: Context, moment: datetime | None) -> Markup | str:
    """A moment in the visitor's time zone, as 27 Nov 2026, 21:03."""
    if moment is None:
        return "never"
    visitor = context.get("visitor")
    zone = ZoneInfo(visitor.person.timezone) if visitor else UTC
    local = moment.astimezone(zone)
    shown = f"{local.day} {local:%b %Y, %H:%M}"
    return Markup('<time datetime="{}" title="{}">{}</time>').format(
        moment.astimezone(UTC).isoformat(timespec="seconds"), f"{shown} {local.tzname()}", shown
    )


def ago(moment: datetime | None) -> Markup | str:
    """How long ago, or how soon, in the largest unit that is not zero."""
    if moment is None:
        return "never"
    passed = (datetime.now(UTC) - moment).total_seconds()
    words = length(abs(passed))
    text = "just now" if words == "0 seconds" else f"{words} ago" if passed > 0 else f"in {words}"
    return Markup('<time datetime="{}">{}</time>').format(
        moment.astimezone(UTC).isoformat(timespec="seconds"), text
    )


def length(seconds: float | timedelta | None) -> str:
    """A length of time in words, in the largest unit that is not zero."""
    if seconds is None:
        return _NOTHING
    whole = seconds.total_seconds() if isinstance(seconds, timedelta) else seconds
    for size, unit in _UNITS:
        if whole >= size:
            count = int(whole // size)
            return f"{count} {unit}{'' if count == 1 else 's'}"
    return "0 seconds"


def number(value: float | None) -> str:
    """A number with its thousands apart."""
    if value is None:
        return _NOTHING
    return f"{value:,.0f}" if float(value).is_integer() else f"{value:,.2f}"


def percent(share: float | None) -> str:
    """A share of one; a dash where there is nothing to count."""
    return _NOTHING if share is None else f"{share:.1%}"


def milliseconds(value: float | None) -> str:
    """A short length of time."""
    if value is None:
        return _NOTHING
    return f"{value:,.0f} ms" if value < 1_000 else f"{value / 1_000:,.1f} s"


def dollars(value: float | None) -> str:
    """A cost; nobody reads the cents of a thousand."""
    return _NOTHING if value is None else f"{value:,.{0 if value >= 1000 else 2}f} USD"


def words(name: str) -> str:
    """A name of the program's in words: handed_off is "handed off"."""
    return name.replace("_", " ")


def commands(text: str) -> Markup:
    """A text of ours, in which what stands between backquotes is typed."""
    parts = text.split("`")
    return Markup("").join(
        Markup("<code>{}</code>").format(part) if number % 2 else escape(part)
        for number, part in enumerate(parts)
    )


def lines(text: str) -> Markup:
    """A text with its line ends kept."""
    return Markup("<br>").join(escape(line) for line in text.splitlines())


FILTERS: Mapping[str, Callable[..., Any]] = {
    "when": when,
    "ago": ago,
    "length_of_time": length,
    "number": number,
    "percent": percent,
    "milliseconds": milliseconds,
    "dollars": dollars,
    "words": words,
    "commands": commands,
    "lines": lines,
    "article_html": article_html,
}
