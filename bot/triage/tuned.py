"""Tags by a model that was trained on this account's own tickets, and one that runs in the shadow.

The examples stay beside it: they know tags that were added since, and what belongs to none.
"""

from __future__ import annotations

import logging
from typing import TYPE_CHECKING

import numpy as np

from bot.triage.base import Undecided
from bot.triage.models import NONE, Decision
from indexing.blas import one_thread

if TYPE_CHECKING:
    from collections.abc import Callable

    from bot.triage.base import Classifier
    from bot.triage.head import Head
    from bot.triage.models import Taxonomy
    from bot.triage.ridge import Floats

log = logging.getLogger(__name__)

_ALTERNATIVES = 3


class TunedClassifier:
    """A trained head over one taxonomy. Safe to share between threads."""

    def __init__(
        self,
        *,
        head: Head,
        taxonomy: Taxonomy,
        embed_one: Callable[[str], Floats],
        examples: Classifier,
    ) -> None:
        """`embed_one` gives the unit rows that the head was trained on."""
        enabled = {tag.name for tag in taxonomy.enabled}
        self._head = head
        self._embed_one = embed_one
        self._examples = examples
        self._allowed = np.array([name in enabled or name == NONE for name in head.names])
        self._new = enabled - set(head.names)
        self._knows_none = NONE in head.names

    def classify(self, text: str, *, locale: str) -> Decision | Undecided:
        """See `Classifier`."""
        first = self._examples.classify(text, locale=locale)
        if isinstance(first, Undecided) or not self._allowed.any():
            return first
        if first.tag in self._new or (first.tag is None and not self._knows_none):
            return first
        row = self._embed_one(text)[np.newaxis]
        with one_thread():
            shares = self._head.shares(row)[0] * self._allowed
        shares = shares / max(float(shares.sum()), 1e-9)
        order = [int(each) for each in np.argsort(-shares)]
        names = self._head.names
        if self._head.bar is not None:  # then one tag of many needs not be likelier than none
            none = names.index(NONE)
            order.remove(none)
            order.insert(0 if shares[none] > 0.5 or not order else len(order), none)
        best = names[order[0]]
        others = [
            (names[each], float(shares[each]))
            for each in order[1:]
            if self._allowed[each] and names[each] != NONE
        ]
        return Decision(
            tag=None if best == NONE else best,
            confidence=float(shares[order[0]]),
            alternatives=tuple(others[:_ALTERNATIVES]),
            decided_by="tuned",
        )


class ShadowedClassifier:
    """Decides by the live classifier, and tells what another would have decided. Whatever goes
    wrong in the shadow stays there."""

    def __init__(
        self,
        *,
        live: Classifier,
        shadow: Classifier,
        on_decision: Callable[[Decision, Decision], None],
    ) -> None:
        self._live = live
        self._shadow = shadow
        self._on_decision = on_decision

    def classify(self, text: str, *, locale: str) -> Decision | Undecided:
        """See `Classifier`."""
        decided = self._live.classify(text, locale=locale)
        try:
            other = self._shadow.classify(text, locale=locale)
            if isinstance(decided, Decision) and isinstance(other, Decision):
                self._on_decision(decided, other)
        except Exception:  # a shadow must not stop the one that decides
            log.warning("the shadow could not decide", exc_info=True)
        return decided
