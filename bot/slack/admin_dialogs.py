"""The dialogs in which admins change schedules, channels, and who is asked. Pure."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING

from bot.slack.blocks import (
    Block,
    choice,
    choices,
    conversation,
    modal,
    option,
    section,
    text_input,
)
from bot.slack.channels import FLOOR
from bot.timing import Cron, Interval, shown

if TYPE_CHECKING:
    from bot.schedules import Schedule
    from bot.slack.channels import Channel
    from bot.slack.handovers import Route

SCHEDULE_SET, CHANNEL_SET, ROUTE_SET = "schedule_set", "channel_set", "route_set"
"""The dialogs' names."""

FLOORS = ("0.5", "0.6", "0.7", "0.8", "0.9", "0.95")
LANGUAGES = {
    "en": "English",
    "de": "Deutsch",
    "fr": "Français",
    "es": "Español",
    "it": "Italiano",
    "nl": "Nederlands",
    "pt": "Português",
    "pl": "Polski",
    "sv": "Svenska",
    "da": "Dansk",
    "ja": "日本語",
}
_AUTO = option("Answer questions by itself, without being mentioned", "auto")
_PUBLIC = option("Use public articles only, whoever reads along", "public")
_ELSE = option("Everything else", "tag:")
# What was chosen cannot be taken back in a menu, so that nothing is chosen is an option too.
NONE = "-"
_ANY_LANGUAGE, _NO_GROUP = option("None in particular", NONE), option("No group", NONE)
_DRAFTS = "Replies to customers that wait for a decision are posted there too"
_THREAD = option("Ask in the thread of the question, not in a channel", "thread")


def schedule_dialog(source: str, known: Schedule | None) -> Block:
    """When a source is synced."""
    timing = known.timing if known else None
    jitter = known.jitter if known else None
    full = known.full_every if known else None
    return modal(
        "Schedule",
        [
            section(f"When is *{source}* read again?"),
            text_input(
                "Every",
                "every",
                optional=True,
                initial=shown(timing.every) if isinstance(timing, Interval) else "",
                hint="Such as 15m, 6h or 1d",
                most=40,
            ),
            text_input(
                "Or at (cron)",
                "cron",
                optional=True,
                initial=timing.expression if isinstance(timing, Cron) else "",
                hint="Such as 0 3 * * mon-fri",
                most=100,
            ),
            text_input(
                "Time zone of the cron expression",
                "timezone",
                optional=True,
                initial=timing.timezone if isinstance(timing, Cron) else "",
                hint="Such as Europe/Berlin; else UTC",
                most=60,
            ),
            text_input(
                "Start up to this much later",
                "jitter",
                optional=True,
                initial=shown(jitter) if jitter else "",
                most=40,
            ),
            text_input(
                "Read all anew after",
                "full_every",
                optional=True,
                initial=shown(full) if full else "",
                hint="Such as 7d: removes what no event told of",
                most=40,
            ),
        ],
        callback=SCHEDULE_SET,
        submit="Save",
        close="Cancel",
        private={"source": source},
    )


def channel_dialog(known: Channel | None, sources: Sequence[str]) -> Block:
    """What holds in a channel, or for a new one also which."""
    blocks = [] if known else [conversation("Channel", "channel")]
    if known:
        blocks.append(section(f"What holds in <#{known.channel}>?"))
    ticked = [_AUTO] if known and known.auto_answer else []
    ticked += [_PUBLIC] if known and known.public_only else []
    floors = [option(f"{float(each):.0%} sure", each) for each in FLOORS]
    floor = known.floor if known else FLOOR
    nearest = min(floors, key=lambda each: abs(float(each["value"]) - floor))
    blocks.append(choices("Answers", "flags", [_AUTO, _PUBLIC], initial=ticked))
    blocks.append(choice("Speaks up by itself when at least", "floor", floors, initial=nearest))
    if sources:
        options = [option(each, each) for each in sources]
        chosen = [e for e in options if known and known.sources and e["value"] in known.sources]
        hint = "None ticked: from all of them"
        blocks.append(choices("Only from", "sources", options, initial=chosen, hint=hint))
    languages = [_ANY_LANGUAGE, *(option(name, code) for code, name in LANGUAGES.items())]
    spoken = next((e for e in languages if known and e["value"] == known.language), _ANY_LANGUAGE)
    told = "Language where a question does not tell"
    blocks.append(choice(told, "language", languages, initial=spoken))
    return modal(
        "Channel",
        blocks,
        callback=CHANNEL_SET,
        submit="Save",
        close="Cancel",
        private={"channel": known.channel} if known else {},
    )


def route_dialog(
    tags: Sequence[str],
    groups: Sequence[tuple[str, str]],
    *,
    tag: str | None,
    known: Route | None,
) -> Block:
    """Who looks after a tag: a user group, a channel, or both. `tag` None lets it be chosen."""
    blocks: list[Block] = []
    if tag is None:
        options = [_ELSE, *(option(each, f"tag:{each}") for each in tags[:99])]
        blocks.append(choice("Questions about", "tag", options, initial=_ELSE))
    else:
        blocks.append(section(f"Who looks after *{tag or 'everything else'}*?"))
    if groups:
        options = [_NO_GROUP, *(option(f"@{handle}", number) for number, handle in groups[:99])]
        chosen = next((e for e in options if known and e["value"] == known.group), _NO_GROUP)
        blocks.append(choice("User group that is pinged", "group", options, initial=chosen))
    channel = known.channel if known else ""
    ticked = [_THREAD] if known and not channel else []
    blocks.append(
        conversation(
            "Channel that they read", "channel", initial=channel, optional=True, hint=_DRAFTS
        )
    )
    hint = "With neither a group nor a channel nobody is asked."
    blocks.append(choices("Or", "flags", [_THREAD], initial=ticked, hint=hint))
    return modal(
        "Who is asked",
        blocks,
        callback=ROUTE_SET,
        submit="Save",
        close="Cancel",
        private={} if tag is None else {"tag": tag},
    )
