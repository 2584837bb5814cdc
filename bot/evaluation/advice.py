"""From failed cases to what to do about them, in shares, with the cases and what to expect. Pure.

What a stage's repair would bring is reckoned, not hoped: of the cases that fail there, as many
would come out right as do now of those that get past it.
"""

from __future__ import annotations

import math
from collections.abc import Mapping
from dataclasses import dataclass
from typing import TYPE_CHECKING, Literal

from bot.evaluation.scorers import Interval
from bot.evaluation.stages import Stage

if TYPE_CHECKING:
    from collections.abc import Sequence

    from bot.evaluation.cases import Case
    from bot.evaluation.plateau import Plateau
    from bot.evaluation.stages import Broken

Remedy = Literal["content", "retrieval", "prompt", "model", "routing", "rules", "speed"]

_REMEDIES: Mapping[Stage, Remedy] = {
    Stage.ARTICLE_MISSING: "content",
    Stage.ARTICLE_STALE: "content",
    Stage.NOT_RETRIEVED: "retrieval",
    Stage.NOT_USED: "prompt",
    Stage.UNSUPPORTED: "prompt",
    Stage.WRONG_FORM: "prompt",
    Stage.WRONG_TAG: "routing",
    Stage.WRONG_HANDOFF: "rules",
    Stage.TOO_SLOW: "speed",
}
_ORDER = list(Stage)

TUNABLE = 30
"""Cases of one stage from which on a model could learn it."""

_SAYS: Mapping[Remedy, str] = {
    "content": "Write or correct articles.",
    "retrieval": "Mend retrieval: titles, cutting, synonyms, past questions, or the embedding "
    "model.",
    "prompt": "Change the prompt or the engine.",
    "model": "Tune a model: it is common enough to be learnt, and retrieval is not what is in the "
    "way.",
    "routing": "Give the tags that are confused more examples.",
    "rules": "Look at what is handed off by rule and at the threshold of evidence.",
    "speed": "Look at the slowest stage in `supportbot eval answers`.",
}


@dataclass(frozen=True, kw_only=True, slots=True)
class Failure:
    """A failed case with its first broken stage."""

    case: Case
    broken: Broken


@dataclass(frozen=True, kw_only=True, slots=True)
class Advice:
    """One thing to do. `share` is of the failed cases; `gain` is how much of all cases would be
    right more, with its 95 % interval."""

    stage: Stage
    remedy: Remedy
    says: str
    failures: tuple[Failure, ...]
    share: float
    gain: Interval


@dataclass(frozen=True, kw_only=True, slots=True)
class Advised:
    """All advice, what would bring most first."""

    cases: int
    failed: int
    advice: tuple[Advice, ...]
    plateau: Plateau


def advise(
    cases: int, failures: Sequence[Failure], plateau: Plateau, *, engine: str = ""
) -> Advised:
    """What to do about these failures among so many cases; `engine` wrote the answers."""
    by_stage = {
        stage: tuple(each for each in failures if each.broken.stage is stage) for stage in Stage
    }
    advice = [
        _advice(stage, found, cases, by_stage, plateau, engine)
        for stage, found in by_stage.items()
        if found
    ]
    advice.sort(key=lambda each: (-each.gain.mean, _ORDER.index(each.stage)))
    return Advised(cases=cases, failed=len(failures), advice=tuple(advice), plateau=plateau)


def _advice(
    stage: Stage,
    found: tuple[Failure, ...],
    cases: int,
    by_stage: Mapping[Stage, tuple[Failure, ...]],
    plateau: Plateau,
    engine: str,
) -> Advice:
    failed = sum(map(len, by_stage.values()))
    later = sum(len(by_stage[each]) for each in _ORDER[_ORDER.index(stage) + 1 :])
    right = cases - failed
    past = right / (right + later) if right + later else 1.0
    low, high = wilson(len(found), cases)
    remedy = _remedy(stage, found, by_stage, plateau, engine)
    return Advice(
        stage=stage,
        remedy=remedy,
        says=_SAYS[remedy],
        failures=found,
        share=len(found) / failed,
        gain=Interval(mean=past * len(found) / cases, low=past * low, high=past * high),
    )


def _remedy(
    stage: Stage,
    found: Sequence[Failure],
    by_stage: Mapping[Stage, tuple[Failure, ...]],
    plateau: Plateau,
    engine: str,
) -> Remedy:
    """A model is tuned only for what it does often, and only once finding is not in the way."""
    remedy = _REMEDIES[stage]
    in_the_way = len(by_stage[Stage.NOT_RETRIEVED]) >= len(found)
    ready = plateau.trend == "plateaued" and not in_the_way and engine not in ("", "extractive")
    return "model" if remedy == "prompt" and ready and len(found) >= TUNABLE else remedy


def wilson(count: int, trials: int, *, z: float = 1.959964) -> tuple[float, float]:
    """The bounds of the 95 % score interval of a share; (0, 1) without trials."""
    if not trials:
        return 0.0, 1.0
    share, square = count / trials, z * z
    middle = (share + square / (2 * trials)) / (1 + square / trials)
    half = z * math.sqrt(share * (1 - share) / trials + square / (4 * trials**2))
    half /= 1 + square / trials
    return max(0.0, middle - half), min(1.0, middle + half)
