"""The one entry: a text in, its routing out. Rules first, then examples, then Claude if there is
a key and the examples leave doubt."""

from __future__ import annotations

import threading
from dataclasses import dataclass
from typing import TYPE_CHECKING

from bot.triage.base import Undecided
from bot.triage.models import Context, Decision, Routing
from bot.triage.rules import first_fitting

if TYPE_CHECKING:
    from collections.abc import Callable

    from bot.triage.base import Classifier
    from bot.triage.models import Taxonomy
    from bot.triage.taxonomy import TaxonomyStore

SURE = 0.9
"""From this confidence on, what the examples say is not asked of Claude again."""


@dataclass(frozen=True, kw_only=True, slots=True)
class _Learnt:
    """A taxonomy with the classifiers made for it, and for which embedding model."""

    taxonomy: Taxonomy
    model: str
    examples: Classifier
    claude: Classifier | None


class Router:
    """Routes by the taxonomy as it is now: it looks before each decision whether that changed, and
    learns anew when it did, or when another embedding model is live. Safe to share between
    threads."""

    def __init__(
        self,
        *,
        store: TaxonomyStore,
        model: Callable[[], str],
        examples: Callable[[Taxonomy], Classifier],
        claude: Callable[[Taxonomy], Classifier] | None,
    ) -> None:
        """`model` names the embedding model in use; `examples` and `claude` make a classifier of a
        taxonomy, `claude` None where no model is connected."""
        self._store = store
        self._model = model
        self._make_examples = examples
        self._make_claude = claude
        self._lock = threading.Lock()
        self._learnt: _Learnt | None = None

    def route(self, text: str, *, locale: str, context: Context | None = None) -> Routing:
        """Where this text belongs. Raises psycopg.OperationalError when the database is away, and
        EmbeddingFailed."""
        learnt = self._current()
        taxonomy = learnt.taxonomy
        tags = {tag.name: tag for tag in taxonomy.enabled}
        rules = (rule for rule in taxonomy.rules if rule.tag in tags)
        rule = first_fitting(rules, text, locale=locale, context=context or Context())
        if rule is not None:
            return Routing(
                tag=tags[rule.tag], confidence=1.0, decided_by="rule", version=taxonomy.version
            )
        decision, detail = _classified(learnt, text, locale)
        return Routing(
            tag=tags[decision.tag] if decision.tag is not None else None,
            confidence=decision.confidence,
            decided_by=decision.decided_by,
            alternatives=decision.alternatives,
            version=taxonomy.version,
            detail=detail,
        )

    def by_examples(self) -> Classifier:
        """What the examples have taught by now, to be looked at. Raises as `route` does."""
        return self._current().examples

    def _current(self) -> _Learnt:
        version, model = self._store.version(), self._model()
        learnt = self._learnt
        if learnt is not None and (learnt.taxonomy.version, learnt.model) == (version, model):
            return learnt
        with self._lock:  # one thread learns, the others wait for it
            learnt = self._learnt
            if learnt is None or (learnt.taxonomy.version, learnt.model) != (version, model):
                learnt = self._learn(model)
                self._learnt = learnt
            return learnt

    def _learn(self, model: str) -> _Learnt:
        taxonomy = self._store.read()
        return _Learnt(
            taxonomy=taxonomy,
            model=model,
            examples=self._make_examples(taxonomy),
            claude=self._make_claude(taxonomy) if self._make_claude is not None else None,
        )


def _classified(learnt: _Learnt, text: str, locale: str) -> tuple[Decision, str]:
    """The decision, and why the other classifier gave none, if it was asked in vain."""
    nothing = Decision(tag=None, confidence=1.0, alternatives=(), decided_by="examples")
    if not learnt.taxonomy.enabled or not text.strip():
        return nothing, ""
    first = learnt.examples.classify(text, locale=locale)
    if isinstance(first, Decision) and (first.confidence >= SURE or learnt.claude is None):
        return first, ""
    if learnt.claude is None:
        return nothing, first.detail if isinstance(first, Undecided) else ""
    second = learnt.claude.classify(text, locale=locale)
    if isinstance(second, Undecided):
        return (first if isinstance(first, Decision) else nothing), second.detail
    return second, ""
