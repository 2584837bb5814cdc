"""Loose files as documents: HTML, Markdown with front matter, plain text."""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping
from dataclasses import dataclass, replace
from datetime import UTC, date, datetime, time
from pathlib import PurePosixPath
from typing import Annotated, Any
from urllib.parse import quote, urljoin

import yaml
from lxml import etree
from pydantic import BaseModel, BeforeValidator, ConfigDict, ValidationError

from connectors.decoding import Decoded
from connectors.files.discovery import Format
from connectors.findings import Draft, Finding, Unusable
from connectors.validation import (
    AudienceLabels,
    Text,
    clean_text,
    explain,
    locale_of,
    web_address,
)
from indexing.models import Audience, Document, MediaType

_FRONT_MATTER = re.compile(
    r"\A---[ \t]*\r?\n(.*?)^(?:---|\.\.\.)[ \t]*(?:\r?\n|\Z)", re.DOTALL | re.MULTILINE
)
_HEADING = re.compile(r"^#[ \t]+(.+?)[ \t#]*$", re.MULTILINE)
_LONGEST_TITLE = 150


@dataclass(frozen=True, kw_only=True, slots=True)
class Defaults:
    """What a document of this source is where it does not say otherwise."""

    source: str
    audience: Audience
    locale: str
    url_base: str

    def address(self, name: str) -> str:
        """Where people find the file of this name, or ""."""
        return urljoin(self.url_base.rstrip("/") + "/", quote(name)) if self.url_base else ""

    def document(
        self, name: str, *, title: str, body: str, media_type: MediaType, note: str = ""
    ) -> Document:
        """The file as a document, before anything it says about itself."""
        return Document(
            id=name,
            source=self.source,
            title=_one_line(title) or PurePosixPath(name).stem,
            body=clean_text(body),
            media_type=media_type,
            kind="file",
            locale=self.locale,
            url=self.address(name),
            audience=self.audience,
            metadata={"encoding_note": note} if note else {},
        )


def first_line(text: str) -> str:
    """The first line that is not blank, if it is short enough for a title, else ""."""
    line = next((each for each in map(str.strip, text.splitlines()) if each), "")
    return line if len(line) <= _LONGEST_TITLE else ""


def read_text(name: str, content: Decoded, defaults: Defaults) -> Finding:
    return defaults.document(
        name,
        title=first_line(content.text),
        body=content.text,
        media_type="text/plain",
        note=content.note,
    )


def read_html(name: str, content: Decoded, defaults: Defaults) -> Finding:
    """Title from <title> or the first <h1>, locale from lang, address from the canonical link;
    of a page with one <main> or <article>, that part only."""
    try:
        # Typed as never None, yet an empty file has no root.
        page: Any = etree.fromstring(
            clean_text(content.text).encode(), etree.HTMLParser(encoding="utf-8", huge_tree=True)
        )
        body = (
            "" if page is None else etree.tostring(_main(page), encoding="unicode", method="html")
        )
    except (etree.LxmlError, ValueError) as error:
        return Unusable(document_id=name, reason=f"is not HTML that can be read: {error}")
    if page is None:
        return Unusable(document_id=name, reason="is not HTML that can be read: it is empty.")
    title = _inner_text(page, "title") or _inner_text(page, "h1")
    canonical = (each for each in page.iter("link") if "canonical" in _words(each.get("rel")))
    address = next((each.get("href") or "" for each in canonical), "")
    document = defaults.document(
        name, title=title, body=body, media_type="text/html", note=content.note
    )
    return replace(
        document,
        locale=locale_of(page.get("lang") or "") or document.locale,
        url=web_address(_joined(document.url, address)) or document.url,
    )


def _listed(value: object) -> object:
    if isinstance(value, str):
        return [each.strip() for each in value.split(",") if each.strip()]
    return value


def _instant(value: object) -> object:
    """YAML reads a bare day as a date; days start at midnight UTC."""
    if isinstance(value, date) and not isinstance(value, datetime):
        return datetime.combine(value, time(), tzinfo=UTC)
    return value


class _FrontMatter(BaseModel):
    """What a Markdown file says about itself; other keys are left alone."""

    model_config = ConfigDict(coerce_numbers_to_str=True)

    title: Text | None = None
    locale: Text | None = None
    lang: Text | None = None
    audience: AudienceLabels | None = None
    url: Text | None = None
    labels: Annotated[list[Text], BeforeValidator(_listed)] | None = None
    tags: Annotated[list[Text], BeforeValidator(_listed)] | None = None
    promoted: bool = False
    draft: bool = False
    published: bool = True
    edited_at: Annotated[datetime, BeforeValidator(_instant)] | None = None
    translation_group: Text = ""


def read_markdown(name: str, content: Decoded, defaults: Defaults) -> Finding:
    """Front matter (YAML between two lines of ---) says title, locale, audience, url, labels,
    promoted, draft, edited_at and translation_group; else the first heading is the title."""
    text = clean_text(content.text).removeprefix("\ufeff")
    try:
        front, body = _front_matter(text)
    except (yaml.YAMLError, ValueError, RecursionError) as error:
        why = explain(error) if isinstance(error, ValidationError) else _yaml_message(error)
        return Unusable(document_id=name, reason=f"front matter: {why}")
    if front.draft or not front.published:
        return Draft(document_id=name)
    heading = _HEADING.search(body)
    document = defaults.document(
        name,
        title=front.title or (heading.group(1) if heading else ""),
        body=body,
        media_type="text/markdown",
        note=content.note,
    )
    return replace(
        document,
        locale=locale_of(front.locale or front.lang or "") or document.locale,
        url=web_address(_joined(document.url, front.url or "")) or document.url,
        audience=front.audience or document.audience,
        labels=tuple(front.labels or front.tags or ()),
        promoted=front.promoted,
        edited_at=front.edited_at,
        translation_group=front.translation_group,
    )


READERS: Mapping[Format, Callable[[str, Decoded, Defaults], Finding]] = {
    "html": read_html,
    "markdown": read_markdown,
    "text": read_text,
}

READS_DRAFTS: frozenset[Format] = frozenset({"markdown"})
"""Formats whose files may say that they are not published: a name alone does not tell."""


def _front_matter(text: str) -> tuple[_FrontMatter, str]:
    found = _FRONT_MATTER.match(text)
    values = yaml.safe_load(found.group(1)) if found else None
    if found is None or not isinstance(values, dict):  # two rules around text, not front matter
        return _FrontMatter(), text
    named = {str(key): value for key, value in values.items()}
    return _FrontMatter.model_validate(named), text[found.end() :]


def _yaml_message(error: Exception) -> str:
    mark = getattr(error, "problem_mark", None)
    problem = getattr(error, "problem", None) or str(error) or type(error).__name__
    # The mark counts from 0 below the opening line of ---.
    return f"line {mark.line + 2}: {problem}" if mark else problem


def _main(page: Any) -> Any:
    for tag in ("main", "article"):
        found = page.findall(f".//{tag}")
        if len(found) == 1 and "".join(found[0].itertext()).strip():
            return found[0]
    return page


def _inner_text(page: Any, tag: str) -> str:
    """The text of the first such element, or ""."""
    found = next(page.iter(tag), None)
    return "" if found is None else _one_line("".join(found.itertext()))


def _words(attribute: str | None) -> list[str]:
    return (attribute or "").lower().split()


def _joined(base: str, address: str) -> str:
    try:
        return urljoin(base, address.strip()) if address.strip() else ""
    except ValueError:
        return ""


def _one_line(text: str) -> str:
    return " ".join(clean_text(text).split())
