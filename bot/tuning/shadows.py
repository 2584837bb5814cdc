"""What a shadow would have decided, beside what was decided. The texts are not kept."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from psycopg import Connection
    from psycopg_pool import ConnectionPool

_COMPARE_SHADOW = """
SELECT live_tag, shadow_tag, count(*), avg(live_confidence), avg(shadow_confidence)
FROM shadow_decisions WHERE model_id = %s GROUP BY live_tag, shadow_tag
ORDER BY live_tag = shadow_tag, count(*) DESC, live_tag, shadow_tag
"""


@dataclass(frozen=True, kw_only=True, slots=True)
class Agreement:
    """How often the live one and its shadow said these two tags ("" for none) of one text, and how
    sure each was on average."""

    live: str
    shadow: str
    decisions: int
    live_confidence: float
    shadow_confidence: float


class ShadowDecisions:
    """The decisions, in PostgreSQL."""

    def __init__(self, *, pool: ConnectionPool[Connection[Any]]) -> None:
        self._pool = pool

    def saw(self, model_id: int, live: tuple[str, float], shadow: tuple[str, float]) -> None:
        """Notes what both decided of one text: tag and confidence."""
        with self._pool.connection() as connection:
            connection.execute(
                "INSERT INTO shadow_decisions (model_id, live_tag, live_confidence, shadow_tag, "
                "shadow_confidence) VALUES (%s, %s, %s, %s, %s)",
                (model_id, *live, *shadow),
            )

    def agreement(self, model_id: int) -> tuple[Agreement, ...]:
        """What the live one and this shadow said, where they differ first."""
        with self._pool.connection() as connection:
            rows = connection.execute(_COMPARE_SHADOW, (model_id,)).fetchall()
        return tuple(
            Agreement(
                live=row[0],
                shadow=row[1],
                decisions=row[2],
                live_confidence=row[3],
                shadow_confidence=row[4],
            )
            for row in rows
        )
