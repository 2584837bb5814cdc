"""Zendesk's placeholders as plain words. Pure.

Zendesk carries out `{{…}}` wherever it meets it in a comment that is written through the API, so
a macro's text must not be passed on as it stands: it would print what the macro never meant to.
https://support.zendesk.com/hc/en-us/articles/4408886858138
"""

from __future__ import annotations

import re

from bs4 import BeautifulSoup
from bs4.element import NavigableString

_OUTPUT = re.compile(r"\{\{-?\s*([^{}|]*?)\s*(?:\|[^{}]*)?-?\}\}")  # filters after | say nothing
_LOGIC = re.compile(r"\{%-?\s*([^{}%]*?)\s*-?%\}")
_OPENERS = ("{{", "{%")
_BRACES = str.maketrans("{}", "[]")


def as_words(text: str) -> str:
    """The text with each placeholder as a readable name in square brackets. It holds no `{{`
    and no `{%` any more, whatever stood in it."""
    text = _LOGIC.sub(r"[\1]", _OUTPUT.sub(r"[\1]", text))
    return text.translate(_BRACES) if any(each in text for each in _OPENERS) else text


def as_words_in_html(html: str) -> str:
    """The same for HTML, also where a placeholder is written in entities, stands in an attribute
    or is cut by a tag."""
    soup = BeautifulSoup(html, "html.parser")
    texts = [each for each in soup.descendants if isinstance(each, NavigableString)]
    for text in texts:
        text.replace_with(type(text)(as_words(text)))
    if any(each in soup.get_text() for each in _OPENERS):
        for text in [each for each in soup.descendants if isinstance(each, NavigableString)]:
            text.replace_with(type(text)(text.translate(_BRACES)))
    for tag in soup.find_all(True):
        for name, value in tag.attrs.items():
            if isinstance(value, str):
                tag[name] = as_words(value)
    return str(soup)
