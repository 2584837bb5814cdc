"""Articles that say the same, and articles that say different things of the same.

Each passage is compared with its nearest ones in other articles. A document is compared when it
is new or has changed, so many passages a run: a large help center takes several nights at first,
and minutes later.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from psycopg import sql
from psycopg.types.json import Jsonb

from bot.insight.gaps.contradictions import Text, contradictions
from indexing.candidates import SETTINGS
from indexing.index import Index

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

    from psycopg import Connection
    from psycopg_pool import ConnectionPool

PASSAGES_A_RUN = 20_000

SAME_MATTER = 0.7
"""The cosine from which two passages may speak of the same thing, under the bundled model."""

THE_SAME = 0.95
"""The cosine from which two passages say the same."""

_SHARE_SAME = 0.6
_NEAREST = 6

_DUE = """
SELECT document.pk, document.indexed_at
FROM documents AS document LEFT JOIN compared_documents AS compared
    ON compared.document_pk = document.pk
WHERE document.kind NOT IN ('ticket', 'macro')
  AND compared.indexed_at IS DISTINCT FROM document.indexed_at
ORDER BY document.pk LIMIT %s
"""

# Other articles only: a translation is no second opinion, and tickets are not written by us.
_NEAR = """
SELECT own.pk, own.tokens, own.text, own.heading_path, own_document.title, own_document.locale,
       near.document_pk, near.text, near.heading_path, other.title, other.locale, near.cosine
FROM {passages} AS own JOIN documents AS own_document ON own_document.pk = own.document_pk
CROSS JOIN LATERAL (
    SELECT document_pk, text, heading_path, 1 - (embedding <=> own.embedding) AS cosine
    FROM {passages} ORDER BY embedding <=> own.embedding LIMIT {nearest}
) AS near
JOIN documents AS other ON other.pk = near.document_pk
WHERE own.document_pk = %s AND near.cosine >= {same_matter}
  AND other.kind NOT IN ('ticket', 'macro')
  AND article_of(other.source, other.translation_group, other.id)
      <> article_of(own_document.source, own_document.translation_group, own_document.id)
ORDER BY own.ordinal, near.cosine DESC
"""

_TOKENS = "SELECT count(*), coalesce(sum(tokens), 0) FROM {passages} WHERE document_pk = %s"

_FORGET = """
DELETE FROM article_findings
WHERE kind IN ('contradiction', 'duplicate') AND %(pk)s IN (document_pk, other_pk)
"""

# A pair is kept once, whichever of the two was looked at first.
_FOUND = """
INSERT INTO article_findings (kind, document_pk, other_pk, weight, detail)
VALUES (%(kind)s, %(pk)s, %(other)s, %(weight)s, %(detail)s)
ON CONFLICT (kind, document_pk, other_pk) DO UPDATE SET
    weight = excluded.weight, detail = excluded.detail, found_at = now()
"""

_COMPARED = """
INSERT INTO compared_documents (document_pk, indexed_at) VALUES (%s, %s)
ON CONFLICT (document_pk) DO UPDATE SET indexed_at = excluded.indexed_at
"""


@dataclass(frozen=True, kw_only=True, slots=True)
class _Near:
    """A passage beside one of another document that is near to it."""

    own: int
    tokens: int
    ours: Text
    other: int
    theirs: Text
    cosine: float


def compare_articles(pool: ConnectionPool[Connection[Any]], *, most: int = PASSAGES_A_RUN) -> int:
    """Compares documents that changed since they were compared, up to about `most` passages;
    returns how many documents that were."""
    with pool.connection() as connection:
        index = Index.live(connection)
        due = connection.execute(_DUE, (most,)).fetchall()
    compared = passages = 0
    for pk, indexed_at in due:
        if passages >= most:
            break
        with pool.connection() as connection:
            connection.execute(SETTINGS)
            passages += _compare(connection, index, pk)
            connection.execute(_COMPARED, (pk, indexed_at))
        compared += 1
    return compared


def _compare(connection: Connection[Any], index: Index, pk: int) -> int:
    """Writes what is found of one document; returns how many passages it has."""
    statement = sql.SQL(_NEAR).format(
        passages=index.table,
        nearest=sql.Literal(_NEAREST),
        same_matter=sql.Literal(SAME_MATTER),
    )
    near = [_near(row) for row in connection.execute(statement, (pk,))]
    counted = connection.execute(
        sql.SQL(_TOKENS).format(passages=index.table), (pk,)
    ).fetchone() or (0, 0)
    connection.execute(_FORGET, {"pk": pk})
    for kind, other, weight, detail in (*_duplicates(near, counted[1]), *_contradictions(near)):
        connection.execute(
            _FOUND,
            {
                "kind": kind,
                "pk": min(pk, other),
                "other": max(pk, other),
                "weight": weight,
                "detail": Jsonb({**detail, "of": pk}),
            },
        )
    return int(counted[0])


_Finding = tuple[str, int, float, dict[str, Any]]


def _duplicates(near: Sequence[_Near], tokens: int) -> Iterator[_Finding]:
    """Documents that hold most of this one, nearly word for word."""
    held: dict[int, dict[int, int]] = {}
    for each in near:
        if each.cosine >= THE_SAME:
            held.setdefault(each.other, {})[each.own] = each.tokens
    for other, passages in held.items():
        share = sum(passages.values()) / max(1, tokens)
        if share >= _SHARE_SAME:
            yield "duplicate", other, share, {}


def _contradictions(near: Sequence[_Near]) -> Iterator[_Finding]:
    """The most alike sentences of each other document that differ in a figure."""
    best: dict[int, tuple[float, dict[str, Any]]] = {}
    for each in near:
        for one in contradictions(each.ours, each.theirs):
            if one.alike > best.get(each.other, (0.0, {}))[0]:
                best[each.other] = (one.alike, {"ours": one.ours, "theirs": one.theirs})
    for other, (alike, detail) in best.items():
        yield "contradiction", other, alike, detail


def _near(row: tuple[Any, ...]) -> _Near:
    own, tokens, text, headings, title, locale = row[:6]
    other, their_text, their_headings, their_title, their_locale, cosine = row[6:]
    return _Near(
        own=own,
        tokens=tokens,
        ours=Text(above=" ".join((title, *headings)), text=text, locale=locale),
        other=other,
        theirs=Text(
            above=" ".join((their_title, *their_headings)), text=their_text, locale=their_locale
        ),
        cosine=cosine,
    )
