"""Where the admin's tags, examples and rules are kept, and how others see that they changed."""

from __future__ import annotations

import re
from dataclasses import replace
from typing import TYPE_CHECKING

from psycopg.types.json import Jsonb

from bot.audit import SYSTEM, sign
from bot.errors import InputRejected
from bot.triage.models import NONE, PRIORITIES, Example, RoutingTag, Rule, Taxonomy

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping
    from typing import Any

    from psycopg import Connection
    from psycopg_pool import ConnectionPool

    from bot.audit import Actor

EXAMPLE_CHARACTERS = 8_000
"""Longer examples are cut: a model reads less of them, and so does a person."""

# Zendesk's own rule for tags: letters of any script, digits, and these; no spaces.
TAG_NAME = re.compile(r"[\w/:.\-]{1,200}")

_ADD = """
INSERT INTO routing_tags
    (name, description, group_id, group_name, priority, custom_fields, enabled)
VALUES (%s, %s, %s, %s, %s, %s, %s)
ON CONFLICT (name) DO NOTHING
"""

_SAVE = """
INSERT INTO routing_tags
    (name, description, group_id, group_name, priority, custom_fields, enabled)
VALUES (%s, %s, %s, %s, %s, %s, %s)
ON CONFLICT (name) DO UPDATE SET
    description = excluded.description, group_id = excluded.group_id,
    group_name = excluded.group_name, priority = excluded.priority,
    custom_fields = excluded.custom_fields, enabled = excluded.enabled
"""

_ADD_EXAMPLES = """
INSERT INTO routing_examples (tag_id, text, source)
SELECT tag.id, given.text, given.source
FROM unnest(%s::text[], %s::text[], %s::text[]) WITH ORDINALITY AS given (tag, text, source, place)
LEFT JOIN routing_tags AS tag ON tag.name = given.tag
ORDER BY given.place ON CONFLICT DO NOTHING
"""

_ADD_RULE = """
INSERT INTO routing_rules
    (position, tag_id, phrases, channels, brands, forms, requester_tags, locales)
VALUES (coalesce(nullif(%s, 0), (SELECT coalesce(max(position), 0) + 1 FROM routing_rules)),
        (SELECT id FROM routing_tags WHERE name = %s), %s, %s, %s, %s, %s, %s)
RETURNING id
"""

_EXAMPLES = """
SELECT e.text, t.name, e.source
FROM routing_examples e LEFT JOIN routing_tags t ON t.id = e.tag_id
ORDER BY e.id
"""

_RULES = """
SELECT t.name, r.phrases, r.channels, r.brands, r.forms, r.requester_tags, r.locales,
       r.position, r.id
FROM routing_rules r JOIN routing_tags t ON t.id = r.tag_id
ORDER BY r.position, r.id
"""


class TaxonomyStore:
    """Reads and changes the taxonomy. Every change gives it another version."""

    def __init__(self, *, pool: ConnectionPool[Connection[Any]]) -> None:
        self._pool = pool

    def version(self) -> int:
        """The number that changes with every change: cheap enough to ask before each decision."""
        with self._pool.connection() as connection:
            return _version(connection)

    def names(self) -> tuple[str, ...]:
        """The names of all tags."""
        with self._pool.connection() as connection:
            rows = connection.execute("SELECT name FROM routing_tags ORDER BY name").fetchall()
        return tuple(row[0] for row in rows)

    def read(self) -> Taxonomy:
        """All of it, as it was at one moment."""
        with self._pool.connection() as connection:
            connection.execute("SET TRANSACTION ISOLATION LEVEL REPEATABLE READ READ ONLY")
            tags = connection.execute(
                "SELECT name, description, group_id, group_name, priority, custom_fields, enabled "
                "FROM routing_tags ORDER BY name"
            ).fetchall()
            examples = connection.execute(_EXAMPLES).fetchall()
            rules = connection.execute(_RULES).fetchall()
            version = _version(connection)
        return Taxonomy(
            tags=tuple(_tag(*row) for row in tags),
            examples=tuple(Example(text=row[0], tag=row[1], source=row[2]) for row in examples),
            rules=tuple(_rule(*row) for row in rules),
            version=version,
        )

    def save(
        self,
        tags: Iterable[RoutingTag],
        examples: Iterable[Example] = (),
        *,
        actor: Actor = SYSTEM,
    ) -> int:
        """Adds or replaces tags and adds examples, all of them or none; an example that is there
        already is left alone. Returns how many examples are new. Raises InputRejected, naming
        what cannot be used."""
        checked = [checked_tag(each) for each in tags]
        added = [_checked_example(each) for each in examples]
        with self._pool.connection() as connection, connection.cursor() as cursor:
            sign(connection, actor)
            if checked:
                cursor.executemany(_SAVE, [_columns(each) for each in checked])
            _require(connection, {each.tag for each in added if each.tag is not None})
            if not added:
                return 0
            columns = zip(*((each.tag, each.text, each.source) for each in added), strict=True)
            return cursor.execute(_ADD_EXAMPLES, [list(each) for each in columns]).rowcount

    def add_new(self, tags: Iterable[RoutingTag], *, actor: Actor = SYSTEM) -> tuple[str, ...]:
        """Adds those tags that are not there yet, and leaves the others as they are. Returns the
        names of the new ones. Raises InputRejected, naming what cannot be used."""
        checked = [checked_tag(each) for each in tags]
        with self._pool.connection() as connection:
            sign(connection, actor)
            return tuple(
                tag.name for tag in checked if connection.execute(_ADD, _columns(tag)).rowcount
            )

    def remove(self, name: str, *, actor: Actor = SYSTEM) -> None:
        """Removes a tag with its examples and rules. Raises InputRejected when it is unknown."""
        with self._pool.connection() as connection:
            sign(connection, actor)
            _require(connection, {name})
            connection.execute("DELETE FROM routing_tags WHERE name = %s", (name,))

    def remove_example(self, example: Example, *, actor: Actor = SYSTEM) -> None:
        """Removes one example. Raises InputRejected when there is none of this text."""
        wanted = _checked_example(example)
        with self._pool.connection() as connection:
            sign(connection, actor)
            gone = connection.execute(
                "DELETE FROM routing_examples WHERE text = %s AND tag_id IS NOT DISTINCT FROM "
                "(SELECT id FROM routing_tags WHERE name = %s) RETURNING id",
                (wanted.text, wanted.tag),
            ).fetchone()
            if gone is None:  # raised here, so that nothing has changed
                raise InputRejected(
                    f"{wanted.tag or NONE} has no such example: `supportbot routing export` "
                    "lists all."
                )

    def add_rule(self, rule: Rule, *, actor: Actor = SYSTEM) -> int:
        """Adds a rule, behind all others where its position is 0; returns its id. Raises
        InputRejected when its tag is unknown or it has no condition."""
        values = [list(each) for each in _conditions(checked_rule(rule))]
        with self._pool.connection() as connection:
            sign(connection, actor)
            _require(connection, {rule.tag})
            row = connection.execute(_ADD_RULE, (rule.position, rule.tag, *values)).fetchone()
        return int(row[0]) if row else 0

    def remove_rule(self, rule_id: int, *, actor: Actor = SYSTEM) -> None:
        """Removes a rule. Raises InputRejected when there is none of this id."""
        with self._pool.connection() as connection:
            sign(connection, actor)
            gone = connection.execute(
                "DELETE FROM routing_rules WHERE id = %s RETURNING id", (rule_id,)
            ).fetchone()
            if gone is None:  # raised here, so that nothing has changed
                raise InputRejected(
                    f"There is no rule {rule_id}: `supportbot routing list` shows all."
                )


def checked_tag(tag: RoutingTag) -> RoutingTag:
    """The tag as it is kept. Raises InputRejected, saying what to change."""
    name = tag.name.strip().lower()
    if not TAG_NAME.fullmatch(name):
        raise InputRejected(
            f"{tag.name!r} cannot be a tag: use letters, digits, '_', '-', '/', ':' and '.', "
            "without spaces."
        )
    if name == NONE:
        raise InputRejected(f"{NONE!r} means none of the tags, so no tag can be called that.")
    if tag.priority is not None and tag.priority not in PRIORITIES:
        raise InputRejected(
            f"{tag.priority!r} is no priority: use {', '.join(PRIORITIES)}, or leave it out."
        )
    return replace(tag, name=name, description=_clean(tag.description))


def checked_rule(rule: Rule) -> Rule:
    """The rule without blanks. Raises InputRejected when it would fit everything."""
    kept = [tuple(one.strip() for one in some if one.strip("* \t\n")) for some in _conditions(rule)]
    if not any(kept):
        raise InputRejected(
            f"A rule for {rule.tag} has no condition, so it would fit everything: name words, a "
            "channel, a brand, a form, a tag of the requester, or a language."
        )
    return replace(
        rule,
        phrases=kept[0],
        channels=kept[1],
        brands=kept[2],
        forms=kept[3],
        requester_tags=kept[4],
        locales=kept[5],
    )


def _checked_example(example: Example) -> Example:
    text = _clean(example.text)[:EXAMPLE_CHARACTERS].strip()
    if not text:
        raise InputRejected(f"An example of {example.tag or NONE} has no text.")
    name = example.tag.strip().lower() if example.tag is not None else None
    return replace(example, text=text, tag=None if name == NONE else name)


def _clean(text: str) -> str:
    """Without what the database refuses: NUL, and halves of surrogate pairs."""
    return text.replace("\x00", " ").encode("utf-8", errors="replace").decode().strip()


def _version(connection: Connection[Any]) -> int:
    row = connection.execute("SELECT version FROM routing_version").fetchone()
    return int(row[0]) if row else 0


def _require(connection: Connection[Any], names: set[str]) -> None:
    known = {row[0] for row in connection.execute("SELECT name FROM routing_tags")}
    if missing := sorted(names - known):
        raise InputRejected(
            f"There is no routing tag {missing[0]!r}. Add it with `supportbot routing add "
            f"{missing[0]}`, or see `supportbot routing list`."
        )


def _conditions(rule: Rule) -> tuple[tuple[str, ...], ...]:
    return (
        rule.phrases, rule.channels, rule.brands, rule.forms, rule.requester_tags, rule.locales,
    )  # fmt: skip


def _columns(tag: RoutingTag) -> tuple[object, ...]:
    fields = Jsonb(dict(tag.custom_fields))
    return (
        tag.name, tag.description, tag.group_id, tag.group_name, tag.priority, fields, tag.enabled,
    )  # fmt: skip


def _tag(
    name: str,
    description: str,
    group_id: int | None,
    group_name: str,
    priority: Any,
    custom_fields: Mapping[str, object],
    enabled: bool,
) -> RoutingTag:
    return RoutingTag(
        name=name,
        description=description,
        group_id=group_id,
        group_name=group_name,
        priority=priority,
        custom_fields=custom_fields,
        enabled=enabled,
    )


def _rule(
    tag: str,
    phrases: list[str],
    channels: list[str],
    brands: list[str],
    forms: list[str],
    requester_tags: list[str],
    locales: list[str],
    position: int,
    rule_id: int,
) -> Rule:
    return Rule(
        tag=tag,
        phrases=tuple(phrases),
        channels=tuple(channels),
        brands=tuple(brands),
        forms=tuple(forms),
        requester_tags=tuple(requester_tags),
        locales=tuple(locales),
        position=position,
        id=rule_id,
    )
