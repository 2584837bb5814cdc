"""Documents in batches, each fit to be stored: what is read for a whole batch at once."""

from __future__ import annotations

import dataclasses
import re
from collections.abc import Iterable, Iterator, Sequence
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from indexing.models import Document

# Large enough that the model's batches hold texts of like length, small enough that memory
# stays flat and that a killed sync repeats only a few seconds of work.
BATCH_DOCUMENTS = 64

# PostgreSQL cannot store these in text.
_UNSTORABLE = re.compile("[\x00\ud800-\udfff]")


def batches(documents: Iterable[Document]) -> Iterator[Sequence[Document]]:
    """Runs of documents of one source in which every id occurs once, so that the hashes that
    are read for a batch are true for all of it. An empty one ends them: whoever takes them must
    write what it still holds, because the source has no more or is about to fail."""
    batch: dict[str, Document] = {}
    source = ""
    try:
        for document in documents:
            if batch and (
                len(batch) >= BATCH_DOCUMENTS or document.source != source or document.id in batch
            ):
                yield list(batch.values())
                batch = {}
            if document.source != source:
                yield []
            source = document.source
            batch[document.id] = document
    except Exception:
        # The source went away: what it delivered before that is indexed all the same.
        yield list(batch.values())
        yield []
        raise
    yield list(batch.values())
    yield []


def storable(document: Document) -> Document:
    """The document without characters that no text column can hold."""
    return dataclasses.replace(
        document,
        id=_clean(document.id),
        title=_clean(document.title),
        body=_clean(document.body),
        url=_clean(document.url),
        heading_path=tuple(_clean(each) for each in document.heading_path),
        labels=tuple(_clean(each) for each in document.labels),
        metadata={_clean(key): _clean(value) for key, value in document.metadata.items()},
    )


def _clean(text: str) -> str:
    return _UNSTORABLE.sub("", text)
