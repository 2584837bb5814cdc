"""What people may do in the console. Each role may do what the ones before it may."""

from __future__ import annotations

from enum import StrEnum


class Role(StrEnum):
    """In the order of what they may do: read; decide about drafts and answers; change settings."""

    VIEWER = "viewer"
    AGENT = "agent"
    ADMIN = "admin"

    def may(self, needed: Role) -> bool:
        """Whether this role may do what `needed` may."""
        order = list(Role)
        return order.index(self) >= order.index(needed)
