"""How routing stands: tags with what they are learnt from, which are taken for each other, and what
was changed."""

from __future__ import annotations

from collections import Counter
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from bot.audit import Actor, AuditEntry
from bot.triage.examples import ExampleClassifier, Misread, Quality

if TYPE_CHECKING:
    from psycopg import Connection
    from psycopg_pool import ConnectionPool

    from bot.triage.models import RoutingTag, Taxonomy
    from bot.triage.router import Router

_MISREAD_SHOWN = 60
_CHANGES_SHOWN = 30

# Each action by its name, because only so the log's index finds the few among many.
_ACTIONS = [
    f"routing_{what} {how}"
    for what in ("tags", "rules", "examples")
    for how in ("added", "changed", "removed")
]

_CHANGES = """
SELECT id, at, surface, actor, action, target, before, after FROM audit_log
WHERE action = ANY(%s) ORDER BY id DESC LIMIT %s
"""

# What routing gave in the last weeks, in tickets.
_USED = """
SELECT routing_tag, count(*) FROM ticket_turns
WHERE decided_at > now() - interval '30 days' AND routing_tag <> '' GROUP BY routing_tag
"""


@dataclass(frozen=True, kw_only=True, slots=True)
class TagUse:
    """A tag, how many examples it has, and how often it was given in the last 30 days."""

    tag: RoutingTag
    examples: int
    used: int


@dataclass(frozen=True, kw_only=True, slots=True)
class Confusion:
    """Two tags, and how many examples of the first look like the second. None is none of them."""

    tag: str | None
    taken_for: str | None
    examples: int


@dataclass(frozen=True, kw_only=True, slots=True)
class Learnt:
    """How well the examples tell the tags apart, each decided as if it were not there. `misread`
    are the surest mistakes; None where there are too few examples to tell."""

    quality: Quality | None
    confusions: tuple[Confusion, ...]
    misread: tuple[Misread, ...]


def tags_in_use(pool: ConnectionPool[Connection[Any]], taxonomy: Taxonomy) -> tuple[TagUse, ...]:
    """Every tag by name."""
    with pool.connection() as connection:
        used = dict(connection.execute(_USED).fetchall())
    counted = Counter(each.tag for each in taxonomy.examples)
    return tuple(
        TagUse(tag=tag, examples=counted[tag.name], used=used.get(tag.name, 0))
        for tag in taxonomy.tags
    )


def learnt(router: Router) -> Learnt:
    """What the examples teach by now. Learns first where they have changed, which takes a moment.
    Raises EmbeddingFailed, and psycopg.OperationalError when the database is away."""
    classifier = router.by_examples()
    if not isinstance(classifier, ExampleClassifier):
        return Learnt(quality=None, confusions=(), misread=())
    misread = classifier.misread
    counted = Counter((each.example.tag, each.chosen) for each in misread)
    return Learnt(
        quality=classifier.quality,
        confusions=tuple(
            Confusion(tag=tag, taken_for=other, examples=count)
            for (tag, other), count in counted.most_common()
        ),
        misread=misread[:_MISREAD_SHOWN],
    )


def changes(pool: ConnectionPool[Connection[Any]]) -> tuple[AuditEntry, ...]:
    """Who changed tags, rules and examples, the newest first."""
    with pool.connection() as connection:
        rows = connection.execute(_CHANGES, (_ACTIONS, _CHANGES_SHOWN)).fetchall()
    return tuple(
        AuditEntry(
            id=row[0],
            at=row[1],
            actor=Actor(surface=row[2], name=row[3]),
            action=row[4],
            target=row[5],
            before=row[6],
            after=row[7],
        )
        for row in rows
    )
