"""What the job has found, for whoever looks at it."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from typing import TYPE_CHECKING, Any, Literal
from uuid import UUID

from bot.insight.document import editor
from connectors.zendesk.personal_data import without_personal_data

if TYPE_CHECKING:
    from psycopg import Connection
    from psycopg_pool import ConnectionPool

    from bot.insight.viewing import Viewer

FindingKind = Literal["contradiction", "duplicate", "never_cited", "stale"]

_EXAMPLES = 3
_SHOWN = 100

_RUN = "SELECT finished_at, questions, alone FROM gap_runs"

_TOPICS = """
SELECT topic.id, topic.handed_off, topic.judged_wrong, topic.last_asked, topic.evidence_now,
       (SELECT coalesce(array_agg(question.text ORDER BY example.position), '{}')
        FROM gap_topic_questions AS example JOIN questions AS question
            ON question.id = example.question_id
        WHERE example.topic_id = topic.id AND example.position < %(examples)s
          AND question.text <> ''),
       (SELECT coalesce(jsonb_agg(jsonb_build_object(
            'pk', document.pk, 'title', document.title, 'url', document.url,
            'article', document.metadata ->> 'article_id', 'locale', document.locale,
            'dense', near.dense) ORDER BY near.position), '[]')
        FROM gap_topic_articles AS near JOIN documents AS document
            ON document.pk = near.document_pk
        WHERE near.topic_id = topic.id
          AND (%(reads)s::text[] IS NULL OR document.audience && %(reads)s::text[]))
FROM gap_topics AS topic
WHERE %(id)s::bigint IS NULL OR topic.id = %(id)s
ORDER BY topic.handed_off + topic.judged_wrong DESC, topic.last_asked DESC, topic.id
"""

_MEMBERS = """
SELECT question.id, question.asked_at, left(question.text, 300), question.outcome,
       coalesce(question.reason, '')
FROM gap_topic_questions AS member JOIN questions AS question ON question.id = member.question_id
WHERE member.topic_id = %s ORDER BY member.position LIMIT %s
"""

# A finding quotes both documents, so whoever may not read one of them does not see it.
_FINDINGS = """
SELECT found.id, found.weight, found.detail, found.document_pk, ours.title, ours.url,
       ours.metadata ->> 'article_id', ours.locale, ours.edited_at,
       found.other_pk, theirs.title, theirs.url, theirs.metadata ->> 'article_id', theirs.locale,
       theirs.edited_at
FROM article_findings AS found JOIN documents AS ours ON ours.pk = found.document_pk
LEFT JOIN documents AS theirs ON theirs.pk = found.other_pk
WHERE found.kind = %(kind)s
  AND (%(reads)s::text[] IS NULL OR ours.audience && %(reads)s::text[]
       AND (theirs.pk IS NULL OR theirs.audience && %(reads)s::text[]))
ORDER BY found.weight DESC, found.id LIMIT %(shown)s
"""


@dataclass(frozen=True, kw_only=True, slots=True)
class Worked:
    """When gaps were last worked out, of how many questions, and how many were like no other."""

    finished_at: datetime
    questions: int
    alone: int


@dataclass(frozen=True, kw_only=True, slots=True)
class ArticleNamed:
    """A document with where it is read and edited; `nearness` is its cosine to the topic."""

    pk: int
    title: str
    url: str
    editor: str
    nearness: float = 0.0
    edited_at: datetime | None = None


@dataclass(frozen=True, kw_only=True, slots=True)
class Topic:
    """What several customers asked in vain. `examples` are in their words, without what tells of
    a person; `evidence_now` is the probability, 0..1, that the index answers it by now."""

    id: int
    handed_off: int
    judged_wrong: int
    last_asked: datetime
    evidence_now: float
    examples: tuple[str, ...]
    articles: tuple[ArticleNamed, ...]


@dataclass(frozen=True, kw_only=True, slots=True)
class Member:
    """One of a topic's questions."""

    id: UUID
    asked_at: datetime
    text: str
    outcome: str
    reason: str


@dataclass(frozen=True, kw_only=True, slots=True)
class ArticleFinding:
    """An article that needs a look, or a pair of them. `our_words` and `their_words` are what
    differs; `answers` cite it, of which `outdated` were called out of date."""

    id: int
    weight: float
    ours: ArticleNamed
    theirs: ArticleNamed | None
    our_words: str = ""
    their_words: str = ""
    answers: int = 0
    outdated: int = 0


class Gaps:
    """Reads the tables."""

    def __init__(self, *, pool: ConnectionPool[Connection[Any]]) -> None:
        self._pool = pool

    def worked(self) -> Worked | None:
        """When the job last ended; None before it ever did."""
        with self._pool.connection() as connection:
            row = connection.execute(_RUN).fetchone()
        if row is None:
            return None
        return Worked(finished_at=row[0], questions=row[1], alone=row[2])

    def topics(self, viewer: Viewer, *, topic: int | None = None) -> tuple[Topic, ...]:
        """All topics, or one, the most asked first; of their articles those that may be read."""
        asked = {"reads": viewer.reads, "examples": _EXAMPLES, "id": topic}
        with self._pool.connection() as connection:
            rows = connection.execute(_TOPICS, asked).fetchall()
        return tuple(map(_topic, rows))

    def members(self, topic: int) -> tuple[Member, ...]:
        """The questions of one topic, those first that say best what all ask."""
        with self._pool.connection() as connection:
            rows = connection.execute(_MEMBERS, (topic, _SHOWN)).fetchall()
        return tuple(
            Member(
                id=row[0],
                asked_at=row[1],
                text=without_personal_data(row[2]),
                outcome=row[3],
                reason=row[4],
            )
            for row in rows
        )

    def findings(self, kind: FindingKind, viewer: Viewer) -> tuple[ArticleFinding, ...]:
        """The articles of one kind that need a look, the most urgent first."""
        asked = {"kind": kind, "reads": viewer.reads, "shown": _SHOWN}
        with self._pool.connection() as connection:
            rows = connection.execute(_FINDINGS, asked).fetchall()
        return tuple(map(_finding, rows))


def _topic(row: tuple[Any, ...]) -> Topic:
    return Topic(
        id=row[0],
        handed_off=row[1],
        judged_wrong=row[2],
        last_asked=row[3],
        evidence_now=row[4],
        examples=tuple(dict.fromkeys(without_personal_data(each[:300]) for each in row[5])),
        articles=tuple(
            ArticleNamed(
                pk=each["pk"],
                title=each["title"],
                url=each["url"],
                editor=editor(each["url"], each["article"] or "", each["locale"]),
                nearness=each["dense"],
            )
            for each in row[6]
        ),
    )


def _finding(row: tuple[Any, ...]) -> ArticleFinding:
    identity, weight, detail, *documents = row
    ours, theirs = _named(documents[:6]), _named(documents[6:])
    assert ours is not None  # noqa: S101 - the column is not null
    mine, other = detail.get("ours", ""), detail.get("theirs", "")
    if detail.get("of") != ours.pk:  # written when the other one was looked at
        mine, other = other, mine
    return ArticleFinding(
        id=identity,
        weight=weight,
        ours=ours,
        theirs=theirs,
        our_words=mine,
        their_words=other,
        answers=detail.get("answers", 0),
        outdated=detail.get("outdated", 0),
    )


def _named(columns: list[Any]) -> ArticleNamed | None:
    pk, title, url, article, locale, edited_at = columns
    if pk is None:
        return None
    return ArticleNamed(
        pk=pk,
        title=title,
        url=url,
        editor=editor(url, article or "", locale),
        edited_at=edited_at,
    )
