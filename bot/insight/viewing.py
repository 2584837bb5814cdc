"""What somebody who looks at the bot's work may read of the knowledge behind it.

Conversations quote passages, and a passage is nobody's to read who may not read its document. So
every statement that shows text of documents takes what its reader may read as a parameter.
"""

from __future__ import annotations

from dataclasses import dataclass

from indexing.models import Reader


@dataclass(frozen=True, kw_only=True, slots=True)
class Viewer:
    """Reads what holders of these labels may read; with None, everything."""

    labels: frozenset[str] | None

    @classmethod
    def admin(cls) -> Viewer:
        """Whoever chose the sources and holds their credentials."""
        return cls(labels=None)

    @classmethod
    def agent(cls) -> Viewer:
        """A member of the support team: nothing that is kept to named segments."""
        return cls(labels=Reader.agent().labels)

    @property
    def reads(self) -> list[str] | None:
        """For `%(reads)s::text[] IS NULL OR audience && %(reads)s::text[]`."""
        return None if self.labels is None else sorted(self.labels)

    def may_ask_as(self, reader: Reader) -> bool:
        """Whether all that this reader may read may be read."""
        return self.labels is None or reader.labels <= self.labels

    def may_read(self, audience: frozenset[str]) -> bool:
        """The same rule outside the database."""
        return self.labels is None or not self.labels.isdisjoint(audience)
