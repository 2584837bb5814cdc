"""Other people's words as text in which nothing happens. Pure.

Zendesk carries out `{{…}}` and `{%…%}` in comments that are written through the API, agents'
notes included, and mail programs make links of whatever looks like an address. What models,
articles and customers wrote must do neither: it is read, and that is all.
https://support.zendesk.com/hc/en-us/articles/4408886858138
"""

from __future__ import annotations

import re
from html import escape, unescape
from urllib.parse import quote, urlsplit

from indexing.characters import visible

LONGEST = 20_000
"""Characters of one text that are shown. No statement, name or title is that long."""
_LONGEST_URL = 2_000

# Relatives that some programs fold to the character that does something.
_PLAIN = str.maketrans(
    {
        **dict.fromkeys("\uff5b\ufe5b\ufe37\u2774", "{"),
        **dict.fromkeys("\uff5d\ufe5c\ufe38\u2775", "}"),
        **dict.fromkeys("\uff05\ufe6a", "%"),
        **dict.fromkeys("\uff20\ufe6b", "@"),
        **dict.fromkeys("\uff1c\ufe64", "<"),
        **dict.fromkeys("\uff1e\ufe65", ">"),
        **dict.fromkeys("\uff06\ufe60", "&"),
        "\uff0f": "/",
        **dict.fromkeys("\uff0e\ufe52\u2024", "."),
    }
)
_TAG = re.compile(
    r"<!--.*?-->|</?(?:a|abbr|b|base|blockquote|body|br|button|code|dd|div|dl|dt|em|embed|font"
    r"|form"
    r"|frame|h[1-6]|head|hr|html|i|iframe|img|input|kbd|li|link|math|meta|object|ol|p|pre|q|s"
    r"|script"
    r"|select|small|source|span|strike|strong|style|sub|sup|svg|table|tbody|td|textarea|th|thead"
    r"|title|tr|u|ul|video)(?:[\s/][^<>]*)?>",
    re.IGNORECASE | re.DOTALL,
)
_MARKDOWN_LINK = re.compile(r"!?\[([^\[\]\n]{0,300})\]\([^()\n]{0,2000}\)")
_EMPHASIS = re.compile(r"(\*\*|~~|`{1,3})(?=\S)([^*~`\n]{1,500})(?<=\S)\1")
_HEADING = re.compile(r"^ {0,3}#{1,6} +", re.MULTILINE)
_SCHEME = re.compile(r"[A-Za-z][A-Za-z0-9+.-]{0,20}[:\uff1a\ufe13\ufe55]/{2,}")
_MISSING_SPACE = re.compile(r"(?<=[^\W_])\.(?=[^\W\d_a-z][^\W\d_A-Z])")
_FILE = r"(?:txt|pdf|html?|js|json|xml|csv|log|ini|exe|dll|msi|dmg|apk|png|jpe?g|gif|docx?|xlsx?)"
_DOMAIN_DOT = re.compile(rf"(?<=[\w-])\.(?!{_FILE}\b)(?=[^\W\d_]{{2}})", re.IGNORECASE)
_MENTION = re.compile(r"@(?=\w)")
_EMAIL = re.compile(r"(?<=[^\s(])@(?=\S)")
# Placeholders also where marks, tags or space stand between their braces.
_BETWEEN = re.compile(r"[\s*_~`|\\-]+")
_BRACKETED = re.compile(r"<[^<>]*>")
_LAYERS = 5  # of tags within tags: who nests them deeper hides something
_OPENERS = ("{{", "{%")
_BRACES = str.maketrans("{}", "[]")


def inert(text: str) -> str:
    """The words without anything that Zendesk, a mail program or a chat would act on: no
    placeholder, tag, Markdown, mention, address that becomes a link, or invisible character.
    Lines stay lines. Not escaped: see `as_html`."""
    text = _TAG.sub("", _decoded(visible(text[:LONGEST])))
    text = _HEADING.sub("", _EMPHASIS.sub(r"\2", _MARKDOWN_LINK.sub(r"\1", text)))
    return _without_placeholders(_without_addresses(text))


def as_html(text: str) -> str:
    """The inert words, escaped, with `<br>` for the end of a line."""
    return _in_lines(inert(text))


def own_as_html(text: str) -> str:
    """Words that the admin or this product wrote: addresses stay, placeholders do not."""
    return _in_lines(_without_placeholders(_decoded(visible(text[:LONGEST]))))


def safe_url(url: str) -> str:
    """The address as it may stand in a link, not escaped yet; "" where it leads to no web page,
    carries a login, or could be read as something else."""
    url = visible(url).strip()
    try:
        parts = urlsplit(url)
        host = parts.hostname or ""
    except ValueError:
        return ""
    if parts.scheme not in ("http", "https") or not host or "@" in parts.netloc:
        return ""
    if re.search(r"[^\w.:\[\]-]", parts.netloc) or len(url) > _LONGEST_URL:
        return ""
    return quote(url, safe="/:?#[]@!$&()*+,;=%~-._")


def shortened(text: str, characters: int) -> str:
    """The text, cut after a word where it is longer, with an ellipsis."""
    text = " ".join(text.split())
    if len(text) <= characters:
        return text
    cut = text[: characters - 1]
    whole = cut.rpartition(" ")[0]
    return f"{whole if len(whole) > characters // 2 else cut}…"


def _decoded(text: str) -> str:
    """Entities as what they stand for, however often they are wrapped in each other."""
    for _ in range(6):
        decoded = visible(unescape(text))
        if decoded == text:
            break
        text = decoded
    else:
        text = text.replace("&", " ")
    return text.translate(_PLAIN)


def _without_addresses(text: str) -> str:
    text = _SCHEME.sub("", text).replace("://", ": ")
    text = _DOMAIN_DOT.sub("[.]", _MISSING_SPACE.sub(". ", text))
    return _MENTION.sub("(at) ", _EMAIL.sub(" (at) ", text))


def _without_placeholders(text: str) -> str:
    """Braces stay where they are text, as in JSON. The last one never does: the next text could
    complete it."""
    text = text.strip()
    bare = _BETWEEN.sub("", text)
    opened = _opens(text) or _opens(bare)
    for _ in range(_LAYERS):
        bare = _BETWEEN.sub("", _BRACKETED.sub("", bare))
        opened = opened or _opens(bare)
    if opened or _BRACKETED.search(bare):
        return text.translate(_BRACES)
    return f"{text[:-1]}[" if text.endswith("{") else text


def _opens(text: str) -> bool:
    return any(each in text for each in _OPENERS)


def _in_lines(text: str) -> str:
    lines = (" ".join(each.split()) for each in text.split("\n"))
    return "<br>".join(escape(each) for each in lines if each)
