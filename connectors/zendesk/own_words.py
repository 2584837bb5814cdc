"""What somebody wrote in a mail, without what the mail quotes and signs. Pure.

mail-parser-reply does it: it knows how mail programs introduce quotes in a dozen languages, where
email-reply-parser knows English only.
"""

from __future__ import annotations

import re
from html import unescape

LONGEST = 6000
"""Characters of a comment that are looked at: more is a log or a thread."""
_LANGUAGES = ("en", "de", "fr", "es", "it", "nl", "da", "sv", "pl", "cs", "ja", "ko", "zh")
_SPACES = re.compile(r"[ \t\xa0]+")
# The library's patterns take time that grows with the cube of a line, so long ones are broken at
# a mark, and made whole again afterwards.
_LONG_LINE = re.compile(r"([^\n]{300}[^\n ]{0,100}) ?")
_BREAK = "\n\x01"
_EMPTY_LINES = re.compile(r"\n{3,}")


def own_words(text: str) -> str:
    """The writer's own words; "" where there is only what somebody else wrote."""
    from mailparser_reply.parser import (  # type: ignore[import-untyped]  # noqa: PLC0415  # it has no types; only tickets need it
        EmailMessage,
    )

    text = unescape(text).replace("\x01", "")[:LONGEST].replace("\r\n", "\n")
    text = _LONG_LINE.sub(rf"\1{_BREAK}", _SPACES.sub(" ", text))
    mail = EmailMessage(text=text, languages=list(_LANGUAGES), keep_hyphen_lists=True).read()
    newest = mail.replies[0] if mail.replies else None
    if newest is None or newest.headers:
        return ""
    own = (
        each for each in newest.body.replace(_BREAK, " ").split("\n") if not each.startswith(">")
    )
    return _EMPTY_LINES.sub("\n\n", "\n".join(own)).strip()
