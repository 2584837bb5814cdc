"""Whether an index holds what a help center shows, article by article, and nothing twice.

Read from the tables by SQL of its own: what is checked here must not be told by what wrote it.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Collection, Iterator, Mapping
from typing import TYPE_CHECKING, Any

import numpy as np
from psycopg import sql

from indexing.chunking import chunk
from indexing.index import Index
from indexing.models import Audience, Document
from tests.fakes.zendesk import Shown

if TYPE_CHECKING:
    from psycopg import Connection

    from indexing.embedders.embedder import Embedder

# Rounding to eight bits depends on a batch's other texts; two different texts are further apart.
SAME_TEXT = 0.97


def indexed(connection: Connection[Any], source: str) -> dict[str, Shown]:
    """Every document that the index holds of a source, by id."""
    rows = connection.execute(
        "SELECT id, title, body, audience, heading_path, labels FROM documents WHERE source = %s",
        (source,),
    ).fetchall()
    return {
        row[0]: Shown(
            title=row[1],
            body=row[2],
            audience=frozenset(row[3]),
            heading_path=tuple(row[4]),
            labels=tuple(row[5]),
        )
        for row in rows
    }


def differences(
    found: Mapping[str, Shown], expected: Mapping[str, Shown], *, may_linger: Collection[str] = ()
) -> list[str]:
    """What is missing, too much, or not as it should be, one line each. `may_linger` are ids
    that may be there although they should not."""
    missing = [f"{each} is missing" for each in sorted(expected.keys() - found.keys())]
    surplus = sorted(found.keys() - expected.keys() - set(may_linger))
    return [
        *missing,
        *(f"{each} should be gone, and is there: {found[each]}" for each in surplus),
        *(
            f"{each} should be {expected[each]}, and is {found[each]}"
            for each in sorted(expected.keys() & found.keys())
            if found[each] != expected[each]
        ),
    ]


def bad_passages(connection: Connection[Any], source: str, embedder: Embedder) -> list[str]:
    """Documents of a source whose passages are not exactly those of their present text, or whose
    vectors belong to another text; one line each."""
    index = Index.live(connection)
    rows = connection.execute(
        sql.SQL(
            "SELECT d.id, d.title, d.body, p.id, p.ordinal, p.text, p.embedding::text"
            " FROM documents d LEFT JOIN {} p ON p.document_pk = d.pk"
            " WHERE d.source = %s ORDER BY d.id, p.ordinal"
        ).format(index.table),
        (source,),
    ).fetchall()
    by_document = defaultdict(list)
    for row in rows:
        by_document[row[:3]].append(row[3:])
    return list(_wrong(by_document, source, embedder))


def _wrong(
    by_document: Mapping[tuple[str, str, str], list[tuple[Any, ...]]],
    source: str,
    embedder: Embedder,
) -> Iterator[str]:
    for (name, title, body), passages in by_document.items():
        document = Document(
            id=name, source=source, title=title, body=body, audience=Audience.public()
        )
        chunks = chunk(document, count_tokens=embedder.count_tokens, budget=embedder.max_tokens)
        if [(each.id, each.ordinal, each.text) for each in chunks] != [p[:3] for p in passages]:
            yield f"{name} has {len(passages)} passages, which are not its {len(chunks)} chunks"
            continue
        wanted = embedder.embed([each.embedded_text for each in chunks])
        stored = np.array([[float(x) for x in p[3][1:-1].split(",")] for p in passages])
        alike = np.sum(wanted * stored, axis=1)
        if np.any(alike < SAME_TEXT):
            yield f"{name} has vectors of another text: cosines {np.round(alike, 3)}"
