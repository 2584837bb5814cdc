"""Which classifier decides now: the live model over the examples, its shadow beside it, or the
examples alone. A model that cannot be used does not stop routing: the examples decide, as before.
"""

from __future__ import annotations

import logging
from typing import TYPE_CHECKING

from bot.errors import InputRejected
from bot.triage.head import unpacked
from bot.triage.tuned import ShadowedClassifier
from bot.tuning.routing import classifier

if TYPE_CHECKING:
    from bot.triage.base import Classifier
    from bot.triage.models import Decision, Taxonomy
    from bot.tuning.models import ModelState, TunedModels
    from bot.tuning.shadows import ShadowDecisions
    from indexing.embedders.embedder import Embedder

log = logging.getLogger(__name__)


def routing_classifier(
    models: TunedModels,
    shadows: ShadowDecisions,
    *,
    taxonomy: Taxonomy,
    embedder: Embedder,
    examples: Classifier,
) -> Classifier:
    """What decides by this taxonomy; `examples` is what the product does without any model."""
    live = _in_state(models, "live", taxonomy, embedder, examples)
    decides = examples if live is None else live[1]
    shadow = _in_state(models, "shadow", taxonomy, embedder, examples)
    if shadow is None:
        return decides
    number, beside = shadow

    def noted(live: Decision, other: Decision) -> None:
        shadows.saw(
            number,
            live=(live.tag or "", live.confidence),
            shadow=(other.tag or "", other.confidence),
        )

    return ShadowedClassifier(live=decides, shadow=beside, on_decision=noted)


def _in_state(
    models: TunedModels,
    state: ModelState,
    taxonomy: Taxonomy,
    embedder: Embedder,
    examples: Classifier,
) -> tuple[int, Classifier] | None:
    model = models.in_state("routing", state)
    if model is None:
        return None
    try:
        head = unpacked(models.artifact(model.id))
        return model.id, classifier(head, taxonomy, embedder, examples)
    except InputRejected as error:
        log.warning("tuned model %s cannot decide: %s", model.id, error)
        return None
