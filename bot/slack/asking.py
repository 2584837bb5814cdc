"""What somebody means who writes to the bot, or beside it. Pure.

Text comes in Slack's own marks: `<@U1>` names somebody, `<#C1|general>` a channel, `<https://…|…>`
a link, and `&`, `<`, `>` are entities. https://docs.slack.dev/messaging/formatting-message-text/
"""

from __future__ import annotations

import re
from html import unescape
from typing import TYPE_CHECKING, Any

from bot.inert import shortened
from bot.models import Turn
from bot.phrases.courtesies import asks_something
from indexing.characters import tidy_lines

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping

_MARK = re.compile(r"<([@#!]?)([^<>|]*)(?:\|([^<>]*))?>")
_SOMEBODY = re.compile(r"<@([A-Z][A-Z0-9]+)(?:\|[^<>]*)?>")
_QUESTION_MARK = re.compile(r"[?？؟;](?=\s|$|[\"'»”)\]])")  # noqa: RUF001 - marks of other scripts

# Who asks without a question mark mostly begins like this.
_BEGINS = re.compile(
    r"""(?xi) ^ (?: (?:hi|hello|hey|hallo|hola|bonjour|ciao|all|team|folks)\b [\s,!.:-]* )*
    (?: how|what|when|where|which|who|why|can|could|does|do|did|is|are|was|will|would|should|may
      | has|have|anyone|anybody|somebody|any\sidea
      | wie|was|wann|wo|wer|welche[rsmn]?|warum|wieso|weshalb|kann|k\u00f6nnen|gibt|hat|ist|darf
      | comment|quand|o\u00f9|quel(?:le)?s?|pourquoi|est-ce|peut-on
      | c\u00f3mo|qu\u00e9|cu\u00e1ndo|d\u00f3nde|cu\u00e1l|por\squ\u00e9|puedo
      | come|cosa|quando|dove|quale|perch\u00e9
      | hoe|wat|wanneer|waar|welke|waarom|mag
      | como|onde|qual|por\sque|posso ) \b
    """
)
_FEWEST_WORDS = 3
_LONGEST_TURN = 2_000  # characters


def plain(text: str, *, bot_user: str = "", names: Mapping[str, str] | None = None) -> str:
    """The words as a person reads them, without the mention of the bot. People whose name is not
    in `names` are "@somebody"."""

    def read(mark: re.Match[str]) -> str:
        sign, what, label = mark.groups()
        if sign == "@":
            return "" if what == bot_user else f"@{label or (names or {}).get(what, 'somebody')}"
        if sign == "#":
            return f"#{label or 'channel'}"
        if sign == "!":
            return label or ""
        return f"{label} ({what})" if label and label not in what else what

    return tidy_lines(unescape(_MARK.sub(read, text))).strip()


def names_others(text: str, *, bot_user: str) -> bool:
    """Whether it is addressed to somebody else as well, or to everybody."""
    people = set(_SOMEBODY.findall(text)) - {bot_user}
    return bool(people) or any(f"<!{each}" in text for each in ("here", "channel", "subteam"))


def is_question(text: str) -> bool:
    """Whether somebody asks something of whoever reads it: for channels in which the bot speaks
    up by itself. Doubtful cases are none."""
    words = plain(text)
    if len(words.split()) < _FEWEST_WORDS or not says_something(text):
        return False
    lines = [each.strip() for each in words.split("\n") if each.strip()]
    return bool(_QUESTION_MARK.search(words)) or any(map(_BEGINS.match, lines))


def says_something(text: str) -> bool:
    """Whether it is more than thanks, a greeting or an emoji."""
    return asks_something(re.sub(r":[a-z0-9_+'-]+:", " ", plain(text)), name="")


def said_before(
    messages: Iterable[Mapping[str, Any]], ts: str, *, bot_user: str
) -> tuple[Turn, ...]:
    """What was said in a thread before the message of this `ts`."""
    turns = (
        Turn(
            speaker="bot" if each.get("bot_id") else "customer",
            text=shortened(plain(str(each.get("text") or ""), bot_user=bot_user), _LONGEST_TURN),
        )
        for each in messages
        if str(each.get("ts", "")) < ts
    )
    return tuple(each for each in turns if each.text)
