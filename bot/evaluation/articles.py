"""Articles as files, read by the same connector that brings them into the product."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from bot.errors import InputRejected
from bot.evaluation.cases import SOURCE, Case, documents_of
from connectors.base import Failed, Upsert
from connectors.errors import ConnectorError
from connectors.files import FilesConnector

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence
    from pathlib import Path

    from indexing.models import Document


@dataclass(frozen=True, kw_only=True, slots=True)
class Articles:
    """What a file or folder holds. `failed` maps ids or places to why they cannot be read."""

    documents: tuple[Document, ...]
    failed: Mapping[str, str]


def read_articles(path: Path) -> Articles:
    """The articles at the path, in any format that the files connector knows. An article that
    cannot be read is listed and left out, as a sync would do; raises InputRejected when the
    path cannot be read or nothing is left."""
    documents: list[Document] = []
    failed: dict[str, str] = {}
    try:
        for change in FilesConnector(path=path, source=SOURCE).changes(""):
            if isinstance(change, Upsert):
                documents.append(change.document)
            elif isinstance(change, Failed):
                failed[change.document_id] = change.reason
    except ConnectorError as error:
        raise InputRejected(f"{path}: {error}") from error
    if not documents:
        reason = next(iter(failed.values()), "it holds none.")
        raise InputRejected(f"{path}: no articles to measure on: {reason}")
    return Articles(documents=tuple(documents), failed=failed)


def articles_for(path: Path | None, cases: Sequence[Case]) -> Articles | None:
    """What to measure on: the articles at the path; without a path the passages that the cases
    bring along; None when there are none, which leaves what is in the database."""
    if path is not None:
        return read_articles(path)
    documents = documents_of(cases)
    return Articles(documents=documents, failed={}) if documents else None
