"""Field types and messages for what people and vendors write down: JSON, front matter, settings.

pydantic checks it; this module says in one line which field is wrong, and makes text safe to
store (PostgreSQL holds neither NUL nor half a surrogate pair).
"""

from __future__ import annotations

from collections.abc import Iterable
from typing import Annotated
from urllib.parse import urlsplit

from pydantic import BeforeValidator, ValidationError

from indexing.models import AGENTS, PUBLIC, SIGNED_IN, Audience


def clean_text(text: str) -> str:
    """The text without NUL characters and with lone surrogates replaced by U+FFFD."""
    text = text.replace("\0", "")
    try:
        text.encode()
    except UnicodeEncodeError:
        return text.encode("utf-16", "surrogatepass").decode("utf-16", "replace")
    return text


def locale_of(tag: str) -> str:
    """A language tag as help centers write it: "en_US" and "en-US" are "en-us"."""
    return tag.strip().replace("_", "-").lower()


def web_address(text: str | None) -> str:
    """The address if it is http(s), else "": nothing else may become a link in an answer."""
    address = clean_text(text or "").strip()
    try:
        parts = urlsplit(address)
    except ValueError:
        return ""
    return address if parts.scheme in {"http", "https"} and parts.netloc else ""


def audience_of(value: str | Iterable[str]) -> Audience:
    """The audience of labels such as "public", "agents" or "segment:7"; several may stand in a
    list or be joined by commas, and a reader needs one of them. Raises ValueError otherwise."""
    parts = value.split(",") if isinstance(value, str) else value
    labels = frozenset(part.strip() for part in parts if part.strip())
    unknown = sorted(
        label
        for label in labels
        if label not in {PUBLIC, SIGNED_IN, AGENTS}
        and not (label.startswith("segment:") and label.removeprefix("segment:"))
    )
    if unknown or not labels:
        raise ValueError(
            f"{', '.join(map(repr, unknown)) or 'an empty audience'} is not an audience: "
            f"use {PUBLIC}, {SIGNED_IN}, {AGENTS} or segment:<id>"
        )
    return Audience(labels=labels)


def audience_labels(value: str) -> str:
    """The same, checked, as a text that can be stored: its labels in order."""
    return ",".join(sorted(audience_of(value).labels))


def explain(error: ValidationError) -> str:
    """Every wrong field with what is wrong about it, in one line."""
    return "; ".join(
        f"{'.'.join(map(str, each['loc'])) or 'value'}: {each['msg'].removeprefix('Value error, ')}"
        for each in error.errors(include_url=False, include_input=False)
    )


def _cleaned(value: object) -> object:
    return clean_text(value) if isinstance(value, str) else value


def _identifier(value: object) -> object:
    if isinstance(value, int) and not isinstance(value, bool):
        return str(value)
    if isinstance(value, str) and (text := clean_text(value).strip()):
        return text
    raise ValueError("must be a number or a text that is not empty")


def _audience(value: object) -> object:
    if isinstance(value, Audience):
        return value
    if isinstance(value, str):
        return audience_of(value)
    if isinstance(value, list) and all(isinstance(each, str) for each in value):
        return audience_of(value)
    raise ValueError("must be a text such as agents, or a list of such texts")


Text = Annotated[str, BeforeValidator(_cleaned)]
Identifier = Annotated[str, BeforeValidator(_identifier)]
AudienceLabels = Annotated[Audience, BeforeValidator(_audience)]
