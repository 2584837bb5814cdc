"""Text as people see it: what is invisible, harmful to a database or a road for hidden orders goes.

Zero-width and tag characters can carry instructions that no reader sees, bidi overrides show
other words than are stored, and NUL and lone surrogates cannot be stored in PostgreSQL at all.
"""

from __future__ import annotations

import re
import unicodedata

# Escapes only: each of these is invisible or reorders text, so a literal could not be reviewed.
_INVISIBLE = re.compile(
    "["
    "\x00-\x08\x0e-\x1b\x7f-\x84\x86-\x9f"  # control characters, but for white space
    "\u00ad\u034f\u061c\u115f\u1160\u17b4\u17b5\u180b-\u180f"  # soft hyphen, joiners, fillers
    "\u200b\u200e\u200f\u202a-\u202e\u2060-\u206f"  # zero width, direction marks and overrides
    "\u3164\uffa0\ufeff\ufff9-\ufffc\ufffe\uffff"  # fillers, byte order mark, object replacement
    "\ud800-\udfff"  # lone surrogates
    "\U000e0000-\U000e0fff"  # tags and the second set of variation selectors: smuggled text
    "]"
)
# Joiners build emoji and are spelling in Persian and Indic scripts; between others they only hide.
_JOINER = re.compile(
    "(?<![\u0590-\U0010ffff])[\u200c\u200d]+|[\u200c\u200d]+(?![\u0590-\U0010ffff])"
)
_LINE_ENDS = re.compile("\r\n?|[\x0b\x0c\x85\u2028\u2029]")


def visible(text: str) -> str:
    """The text without invisible characters, in NFC; line ends become "\\n"."""
    if text.isascii() and text.isprintable():
        return text
    text = _LINE_ENDS.sub("\n", text)
    return unicodedata.normalize("NFC", _JOINER.sub("", _INVISIBLE.sub("", text)))


def one_line(text: str) -> str:
    """The visible text with every run of white space as one space, and none at its ends."""
    return " ".join(visible(text).split())


def tidy_lines(text: str) -> str:
    """The visible text, each line with single spaces; blank lines at the ends are gone."""
    return "\n".join(" ".join(line.split()) for line in visible(text).split("\n")).strip("\n")
