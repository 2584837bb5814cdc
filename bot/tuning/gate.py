"""Whether a candidate may take over: its target must rise by more than chance, and no figure that
is guarded may fall. Pure.

Figures over all cases are guarded as they are. The recall of a single tag rests on few cases, so
there only a fall that chance would hardly bring counts.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from bot.evaluation.comparison import compare
from bot.tuning.held_out import LOWER_IS_BETTER, TARGET

if TYPE_CHECKING:
    from collections.abc import Mapping

    from bot.evaluation.comparison import Comparison
    from bot.tuning.held_out import Scores

SLOWEST_MS = 20.0
"""A decision's p95 may rise up to here."""
_NOISE = {"calibration error": 0.01}


@dataclass(frozen=True, kw_only=True, slots=True)
class Finding:
    """What stands against a promotion, and the cases (hashes of their words) that say so."""

    what: str
    cases: tuple[str, ...] = ()


@dataclass(frozen=True, kw_only=True, slots=True)
class Verdict:
    """`against` is empty where the candidate may take over; `target` is its rise."""

    target: Comparison | None
    against: tuple[Finding, ...]

    @property
    def passes(self) -> bool:
        """Whether nothing stands against it."""
        return not self.against


def judge(
    *,
    live: Scores,
    candidate: Scores,
    live_figures: Mapping[str, float],
    figures: Mapping[str, float],
) -> Verdict:
    """The candidate held against what is live, on the cases that both decided."""
    compared = {each.figure: each for each in compare(live, candidate)}
    target = compared.get(TARGET)
    findings = []
    if target is None or not target.is_significant or target.after <= target.before:
        findings.append(Finding(what=_no_rise(target)))
    findings += [
        Finding(what=f"{each.figure} falls from {each.before:.3f} to {each.after:.3f}",
                cases=each.worse)
        for each in compared.values()
        if each.figure != TARGET and each.fell and (each.is_significant or _is_whole(each.figure))
    ]  # fmt: skip
    findings += [
        Finding(what=f"{name} goes from {live_figures[name]:.3f} to {value:.3f}")
        for name, value in figures.items()
        if name in live_figures and name not in compared and _is_worse(name, live_figures, value)
    ]
    return Verdict(target=target, against=tuple(findings))


def _no_rise(target: Comparison | None) -> str:
    if target is None:
        return f"{TARGET} was measured on no case that both decided"
    chance = "which is more than chance" if target.is_significant else "which may be chance"
    return (
        f"{TARGET} goes from {target.before:.3f} to {target.after:.3f} on {target.cases} cases: "
        f"{len(target.better)} got better and {len(target.worse)} worse, {chance}"
    )


def _is_whole(figure: str) -> bool:
    return figure in {"recall of tags", "recall of none", "answered"}


def _is_worse(name: str, live: Mapping[str, float], value: float) -> bool:
    if name == "p95 ms":
        return value > SLOWEST_MS and value > live[name]
    if name in LOWER_IS_BETTER:
        return value > live[name] + _NOISE.get(name, 0.0)
    return value < live[name]
