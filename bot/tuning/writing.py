"""Reply models: trained on an exported dataset, and measured as they will be used, behind the
`markers` engine with the passages of held-out drafts that people sent."""

from __future__ import annotations

import json
from hashlib import sha256
from typing import TYPE_CHECKING

from bot.answering.base import Draft
from bot.errors import InputRejected
from bot.evaluation.scorers import token_f1
from bot.tuning.held_out import TARGET, Measured
from bot.tuning.replies import unmarked

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence
    from pathlib import Path

    from bot.answering.base import Engine
    from bot.tuning.cases import ReplyCase
    from bot.tuning.causal import Learned

_ALIKE = 0.5
"""From this share of common words on, a reply says what the person's said."""
_LONGEST = 4_096
_SEED = 7


def train_replies(
    data: Path,
    base: Path,
    to: Path,
    *,
    epochs: int,
    on_progress: Callable[[str, int, int], None],
    rate: float = 2e-4,
) -> Learned:
    """Trains on `replies.train.jsonl` of the folder and writes the merged model. Raises
    InputRejected where there is nothing to learn, or the extra is not installed."""
    path = data / "replies.train.jsonl"
    try:
        lines = path.read_text(encoding="utf-8").splitlines()
    except OSError as error:
        raise InputRejected(f"{path}: {error.strerror or error}.") from error
    if not lines:
        raise InputRejected(f"{path} is empty: no draft that a person sent is old enough yet.")
    try:
        from bot.tuning.causal import fine_tuned  # noqa: PLC0415 - torch, an extra
    except ImportError as error:
        raise InputRejected(
            f"Fine-tuning needs {error.name}: pip install 'supportbot[tuning]'."
        ) from error
    return fine_tuned(
        base,
        [json.loads(each)["messages"] for each in lines],
        to,
        epochs=epochs,
        rate=rate,
        longest=_LONGEST,
        seed=_SEED,
        on_progress=on_progress,
    )


def measure_replies(engine: Engine, cases: Sequence[ReplyCase]) -> Measured:
    """What the engine makes of each case: whether it answers at all, with every statement carried
    by its passages (others are no answer), and whether that says what the person sent."""
    scores: dict[str, dict[str, float]] = {}
    likeness = []
    for case in cases:
        result = engine.answer(case.request)
        said = (
            " ".join(each.text for each in result.statements) if isinstance(result, Draft) else ""
        )
        likeness.append(token_f1(said, [unmarked(case.reply)]) if said else 0.0)
        scores[sha256(case.text.encode()).hexdigest()[:16]] = {
            TARGET: float(likeness[-1] >= _ALIKE),
            "answered": float(bool(said)),
        }
    count = max(len(cases), 1)
    return Measured(
        scores=scores,
        figures={
            TARGET: sum(each[TARGET] for each in scores.values()) / count,
            "answered": sum(each["answered"] for each in scores.values()) / count,
            "likeness": sum(likeness) / count,
        },
        undecided=sum(not each["answered"] for each in scores.values()),
    )
