"""The words of routing: what an admin sets up, and what is decided by it. No I/O."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Literal, get_args

from connectors.zendesk.conversation import Priority

PRIORITIES: tuple[str, ...] = get_args(Priority)
DecidedBy = Literal["rule", "examples", "claude", "tuned"]

NONE = "oos"
"""How files write that a text belongs to none of the tags; no tag may be called so."""


@dataclass(frozen=True, kw_only=True, slots=True)
class RoutingTag:
    """A tag of the help desk and what a ticket gets with it. `custom_fields` maps the id of a
    field, as text, to its value. A tag that is not enabled is never chosen."""

    name: str
    description: str = ""
    group_id: int | None = None
    group_name: str = ""
    priority: Priority | None = None
    custom_fields: Mapping[str, object] = field(default_factory=dict)
    enabled: bool = True

    @property
    def words(self) -> str:
        """What the tag says of itself, for whoever compares it with a text."""
        name = " ".join(self.name.replace("_", " ").replace("-", " ").split())
        return f"{name}: {self.description}" if self.description else name


@dataclass(frozen=True, kw_only=True, slots=True)
class Example:
    """What a customer might write that belongs to `tag`, or to no tag where that is None.
    `source` says where it came from, such as "admin" or a file."""

    text: str
    tag: str | None
    source: str = "admin"


@dataclass(frozen=True, kw_only=True, slots=True)
class Rule:
    """Gives `tag` to what fits every condition that is not empty; of the values of one condition
    any one is enough. A phrase is looked for as whole words, without case; "refund*" finds
    "refunded" too. Rules are tried by `position`, lowest first."""

    tag: str
    phrases: tuple[str, ...] = ()
    channels: tuple[str, ...] = ()
    brands: tuple[str, ...] = ()
    forms: tuple[str, ...] = ()
    requester_tags: tuple[str, ...] = ()
    locales: tuple[str, ...] = ()
    position: int = 0
    id: int = 0


@dataclass(frozen=True, kw_only=True, slots=True)
class Context:
    """What is known beside the text. Brand and form are their ids as text."""

    channel: str = ""
    brand: str = ""
    form: str = ""
    requester_tags: frozenset[str] = frozenset()


@dataclass(frozen=True, kw_only=True, slots=True)
class Taxonomy:
    """All that routing goes by, at one `version`."""

    tags: tuple[RoutingTag, ...]
    examples: tuple[Example, ...]
    rules: tuple[Rule, ...]
    version: int

    @property
    def enabled(self) -> tuple[RoutingTag, ...]:
        """The tags that may be chosen."""
        return tuple(tag for tag in self.tags if tag.enabled)


@dataclass(frozen=True, kw_only=True, slots=True)
class Decision:
    """A classifier's choice. `tag` is a name, or None for none of them; `confidence` is the
    probability in 0..1 that this is right; `alternatives` are the next best names with theirs."""

    tag: str | None
    confidence: float
    alternatives: tuple[tuple[str, float], ...]
    decided_by: DecidedBy


@dataclass(frozen=True, kw_only=True, slots=True)
class Routing:
    """What is decided of one text, by the taxonomy of this `version`. `detail` tells an admin
    what happened on the way, "" mostly."""

    tag: RoutingTag | None
    confidence: float
    decided_by: DecidedBy
    alternatives: tuple[tuple[str, float], ...] = ()
    version: int = 0
    detail: str = ""
