"""Groups of questions that ask about the same thing, by average linkage. Pure.

Average linkage (UPGMA) joins the two groups whose members are most alike on average, again and
again, and knows no number of groups beforehand. Of unit vectors, the average cosine between two
groups is the product of their means, so no table of all pairs is needed; and chains of nearest
neighbours (Murtagh 1983) find the same groups with one look at all others a step, instead of one
at all pairs. A library for this would bring scipy for eighty lines.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

if TYPE_CHECKING:
    from numpy.typing import NDArray

    Floats = NDArray[np.float32]


def groups(vectors: Floats, *, alike: float) -> list[list[int]]:
    """Row numbers of each group, the largest first. Rows are unit vectors; groups are joined
    while their members' average cosine is at least `alike`."""
    if not len(vectors):
        return []
    joining = _Joining(vectors)
    while (start := joining.first_open()) is not None:
        joining.follow(start, alike)
    return sorted(joining.members, key=lambda each: (-len(each), each[0]))


class _Joining:
    """Groups by number, each with the mean of its members; a group is closed once no other is
    near enough, which no later joining can change."""

    def __init__(self, vectors: Floats) -> None:
        self._means = vectors.astype(np.float32, copy=True)
        self._members: list[list[int]] = [[each] for each in range(len(vectors))]
        self._open = np.ones(len(vectors), dtype=bool)
        self._closed: list[list[int]] = []
        self._chain: list[int] = []

    @property
    def members(self) -> list[list[int]]:
        """The groups that are closed, each in order."""
        return [sorted(each) for each in self._closed]

    def first_open(self) -> int | None:
        """Any group that is not closed, the end of the chain if there is one."""
        if self._chain:
            return self._chain[-1]
        found = np.flatnonzero(self._open)
        return int(found[0]) if len(found) else None

    def follow(self, start: int, alike: float) -> None:
        """From neighbour to nearest neighbour, until two are each other's: those are joined, or
        closed where they are too far apart."""
        chain = self._chain or [start]
        while True:
            end = chain[-1]
            nearest, cosine = self._nearest(end, chain[-2] if len(chain) > 1 else None)
            if nearest is None or cosine < alike:
                self._close(end)
                self._chain = chain[:-1]
                return
            if len(chain) > 1 and nearest == chain[-2]:
                self._join(nearest, end)
                self._chain = chain[:-2]
                return
            chain.append(nearest)

    def _nearest(self, group: int, preferred: int | None) -> tuple[int | None, float]:
        """The open group whose members are nearest on average, the preferred one among equals."""
        cosines = self._means @ self._means[group]
        cosines[~self._open] = -np.inf
        cosines[group] = -np.inf
        best = int(cosines.argmax())
        if not np.isfinite(cosines[best]):
            return None, -1.0
        if preferred is not None and cosines[preferred] >= cosines[best]:
            best = preferred
        return best, float(cosines[best])

    def _join(self, kept: int, gone: int) -> None:
        first, second = len(self._members[kept]), len(self._members[gone])
        total = self._means[kept] * first + self._means[gone] * second
        self._means[kept] = total / (first + second)
        self._members[kept] += self._members[gone]
        self._open[gone] = False

    def _close(self, group: int) -> None:
        self._open[group] = False
        self._closed.append(self._members[group])
