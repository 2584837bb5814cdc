"""Articles in JSON and JSON Lines: help center exports, and the article format that `eval` reads.

A JSON document is one object with "articles" (as the API answers), a list of articles, or one
article. JSON Lines hold one such object per line and are read line by line, so their size does
not matter. Sections, categories, user segments and translations may stand in the same object,
in a line before their articles, or in files of their own such as `user_segments.json`.
"""

from __future__ import annotations

import json
import os
import re
from collections.abc import Iterator
from dataclasses import replace
from datetime import datetime
from typing import Any, BinaryIO

from pydantic import BaseModel, ValidationError, model_validator

from connectors import help_center
from connectors.decoding import decode, is_wide
from connectors.files.discovery import FoundFile
from connectors.files.pages import Defaults
from connectors.findings import Draft, Finding, Unusable
from connectors.help_center import SIDELOADS, Sideloads
from connectors.validation import (
    AudienceLabels,
    Identifier,
    Text,
    explain,
    locale_of,
    web_address,
)
from indexing.models import Document, MediaType

LARGEST_DOCUMENT = 128 * 1024 * 1024
"""Bytes of one JSON document; JSON Lines may be of any size."""
LONGEST_LINE = 32 * 1024 * 1024
"""Bytes of one line of JSON Lines, which is one article or one page of them."""

_MARKDOWN_LINE = re.compile(r"#{1,6} \S|```|\|[ :-]*-{3}")

Located = tuple[str, Finding]
"""Where it stands ("help.jsonl line 3", "help.json articles[2]"), and what was found there."""


def is_sideload_file(file: FoundFile) -> bool:
    """Whether the file's name says that it holds no articles but what belongs beside them."""
    return file.format == "json" and file.path.stem in SIDELOADS


def read_sideloads(file: FoundFile, sideloads: Sideloads) -> Unusable | None:
    """Adds the file's objects to `sideloads`; returns what is wrong with it, if anything."""
    page = _parsed_document(file)[0]
    if isinstance(page, Unusable):
        return page
    if not isinstance(page, dict | list):
        return _broken("must be an object or a list.", document_id=file.name)
    sideloads.add({file.path.stem: page} if isinstance(page, list) else page)
    return None


def read_articles(file: FoundFile, defaults: Defaults, shared: Sideloads) -> Iterator[Located]:
    """Every article of the file with its place in it. Raises OSError only."""
    reader = _Reader(file=file, defaults=defaults, sideloads=shared.copy())
    if file.format == "lines" or _is_json_lines(file):
        yield from reader.lines()
    else:
        yield from reader.whole()


class _EvalArticle(BaseModel):
    """contracts of `eval`: {"id", "title", "body_html" or "text", "url", "locale", "audience"?}"""

    id: Identifier
    title: Text
    body_html: Text | None = None
    text: Text | None = None
    url: Text | None = None
    locale: Text | None = None
    audience: AudienceLabels | None = None
    labels: list[Text] = []
    translation_group: Text = ""
    promoted: bool = False
    draft: bool = False
    edited_at: datetime | None = None

    @model_validator(mode="after")
    def _has_a_body(self) -> _EvalArticle:
        if self.body_html is None and self.text is None:
            raise ValueError("body_html or text must be a text")
        return self


class _Reader:
    """One file of articles while it is read."""

    def __init__(self, *, file: FoundFile, defaults: Defaults, sideloads: Sideloads) -> None:
        self._file = file
        self._defaults = defaults
        self._sideloads = sideloads
        self._note = ""

    def whole(self) -> Iterator[Located]:
        value, self._note = _parsed_document(self._file)
        if isinstance(value, Unusable):
            yield self._file.name, value
        else:
            yield from self._records(value, self._file.name)

    def lines(self) -> Iterator[Located]:
        with self._file.path.open("rb") as stream:
            if is_wide(stream.peek(4)):
                yield self._file.name, _broken("is UTF-16 or UTF-32: save it as UTF-8.")
                return
            for number, line in enumerate(_lines(stream), start=1):
                place = f"{self._file.name} line {number}"
                if line is None:
                    yield place, _broken(f"is longer than {LONGEST_LINE // 1024**2} MB.")
                    continue
                if not line.strip(b"\r\n\t \0"):
                    continue
                decoded = decode(line)
                value, self._note = _parsed(decoded.text), decoded.note
                if isinstance(value, Unusable):
                    yield place, value
                else:
                    yield from self._records(value, place)

    def _records(self, value: object, place: str) -> Iterator[Located]:
        if isinstance(value, list):
            for number, each in enumerate(value):
                yield from self._record(each, f"{place} [{number}]")
        else:
            yield from self._record(value, place)

    def _record(self, value: object, place: str) -> Iterator[Located]:
        if not isinstance(value, dict):
            yield place, _broken(f"must be an object, not {type(value).__name__}.")
        elif "articles" in value:
            yield from self._page(value, place)
        elif isinstance(value.get("article"), dict):
            self._sideloads.add(value)
            yield from self._article(value["article"], place)
        elif "id" in value or "title" in value:
            yield from self._article(value, place)
        elif any(name in value for name in SIDELOADS):
            self._sideloads.add(value)
        else:
            yield (
                place,
                Unusable(
                    document_id=self._file.name,
                    reason='holds no articles: an object with "articles", or with "id" and '
                    '"title", was expected. Exclude the file if it is something else.',
                ),
            )

    def _page(self, page: dict[str, Any], place: str) -> Iterator[Located]:
        self._sideloads.add(page)
        articles = page["articles"]
        if not isinstance(articles, list):
            yield place, _broken(f"articles: must be a list, not {type(articles).__name__}.")
            return
        for number, each in enumerate(articles):
            where = f"{place} articles[{number}]"
            if isinstance(each, dict):
                yield from self._article(each, where)
            else:
                yield where, _broken(f"must be an object, not {type(each).__name__}.")

    def _article(self, record: dict[str, Any], place: str) -> Iterator[Located]:
        for found in self._findings(record):
            if self._note and isinstance(found, Document):
                metadata = {**found.metadata, "encoding_note": self._note}
                yield place, replace(found, metadata=metadata)
            else:
                yield place, found

    def _findings(self, record: dict[str, Any]) -> Iterator[Finding]:
        if "body_html" in record or "text" in record:
            yield _eval_article(record, self._defaults)
        else:
            yield from help_center.findings(
                record,
                sideloads=self._sideloads,
                source=self._defaults.source,
                locale=self._defaults.locale,
                audience=self._defaults.audience,
            )


def _eval_article(record: dict[str, Any], defaults: Defaults) -> Finding:
    try:
        article = _EvalArticle.model_validate(record)
    except ValidationError as error:
        named = isinstance(record.get("id"), int | str)
        name = str(record["id"]) if named else ""
        return Unusable(document_id=name, reason=explain(error), hides=not name)
    if article.draft:
        return Draft(document_id=article.id)
    body = article.body_html if article.body_html is not None else article.text or ""
    return Document(
        id=article.id,
        source=defaults.source,
        title=article.title,
        body=body,
        media_type="text/html" if article.body_html is not None else media_type_of(body),
        locale=locale_of(article.locale or "") or defaults.locale,
        url=web_address(article.url),
        audience=article.audience or defaults.audience,
        translation_group=article.translation_group,
        labels=tuple(article.labels),
        promoted=article.promoted,
        edited_at=article.edited_at,
    )


def media_type_of(text: str) -> MediaType:
    """Markdown if it has Markdown's headings, fences, table rules or links, else plain text."""
    marked = "](http" in text or any(map(_MARKDOWN_LINE.match, text.splitlines()))
    return "text/markdown" if marked else "text/plain"


def _parsed_document(file: FoundFile) -> tuple[Any, str]:
    """The value, or an Unusable that says why there is none; and a note on its encoding."""
    with file.path.open("rb") as stream:
        fits = os.fstat(stream.fileno()).st_size <= LARGEST_DOCUMENT
        content = stream.read(LARGEST_DOCUMENT) if fits else b""
    if not fits:
        too_large = _broken(
            f"is larger than {LARGEST_DOCUMENT // 1024**2} MB. Save it as JSON Lines (.jsonl, one "
            "article per line), which is read piece by piece.",
            document_id=file.name,
        )
        return too_large, ""
    decoded = decode(content)
    return _parsed(decoded.text, document_id=file.name), decoded.note


def _parsed(text: str, *, document_id: str = "") -> Any:
    try:
        return json.loads(text)
    except json.JSONDecodeError as error:
        # A line of JSON Lines is named by the place; a line of a document only here.
        line = f"line {error.lineno}, " if document_id else ""
        why = f"is not valid JSON at {line}column {error.colno}: {error.msg}."
    except (ValueError, RecursionError) as error:  # a number of thousands of digits; a deep nest
        why = f"is not JSON that can be read: {error}."
    return _broken(why, document_id=document_id)


def _broken(reason: str, *, document_id: str = "") -> Unusable:
    return Unusable(document_id=document_id, reason=reason, hides=True)


def _is_json_lines(file: FoundFile) -> bool:
    """Whether a file called .json holds one object per line, as some exports do."""
    with file.path.open("rb") as stream:
        first = stream.readline(LONGEST_LINE)
        if not first.lstrip(b"\xef\xbb\xbf \t").startswith(b"{") or not stream.read(1):
            return False
    return isinstance(_parsed(decode(first).text), dict)


def _lines(stream: BinaryIO) -> Iterator[bytes | None]:
    """The lines; None for one that is too long to be held, the rest of which is skipped."""
    while line := stream.readline(LONGEST_LINE + 1):
        if len(line) <= LONGEST_LINE:
            yield line
            continue
        while line and not line.endswith(b"\n"):
            line = stream.readline(LONGEST_LINE)
        yield None
