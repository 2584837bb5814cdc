"""A linear head on embeddings: multinomial logistic regression, fitted here and served here.

Every tag counts as much as the square root of its examples: with each example counting once, the
largest queue wins whatever is in doubt, and with each tag counting the same, the rare ones do.
What belongs to no tag is told by a bar, which is set on texts that the head was not fitted on.
"""

from __future__ import annotations

import io
import json
from collections.abc import Sequence
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING

import numpy as np

from bot.errors import InputRejected
from bot.triage.calibration import ahead_of_none, fitted, inside
from bot.triage.models import NONE

if TYPE_CHECKING:
    from bot.triage.ridge import Floats, Labels

_STEPS, _RATE = 400, 0.5
_TEMPERATURES = np.geomspace(0.3, 5.0, 40)
_FEWEST = 5  # texts with a tag and texts without, to set a bar between them


@dataclass(frozen=True, kw_only=True, slots=True)
class Head:
    """`names` are the tags in the order of the columns, with "oos" for none of them. `base` names
    the embedding model that the rows come from; `encoder` is that model's file where it is one of
    our own, b"" where the product has it. `bar`, constant and slope, makes a probability of
    belonging to any tag of how far the best tag is ahead of none; without it, none is one more
    tag."""

    names: tuple[str, ...]
    weights: Floats
    bias: Floats
    temperature: float
    base: str
    encoder: bytes = b""
    bar: tuple[float, float] | None = None

    def shares(self, rows: Floats) -> Floats:
        """The probability of each name for unit rows, (rows, names)."""
        logits = self._logits(rows)
        if self.bar is None:
            return _softmax(logits / self.temperature)
        none = self.names.index(NONE)
        ahead, any_tag = self._ahead(logits), np.array([*self.bar, 0.0])
        belongs = inside(any_tag, ahead, np.zeros_like(ahead))
        logits[:, none] = -np.inf
        shares = _softmax(logits / self.temperature) * belongs[:, np.newaxis]
        shares[:, none] = 1.0 - belongs
        return shares

    def with_bar(self, rows: Floats, labels: Sequence[str]) -> Head:
        """The head with a bar set on these unit rows, itself where it was not taught what none is
        or there are too few of either."""
        if NONE not in self.names:
            return self
        ahead = self._ahead(self._logits(rows))
        seen = np.column_stack([ahead, np.zeros_like(ahead)])
        is_none = np.array([label == NONE for label in labels])
        if min(is_none.sum(), (~is_none).sum()) < _FEWEST:
            return self
        weights = fitted(seen[~is_none], seen[is_none], own_bar=True)
        return replace(self, bar=(float(weights[0]), float(weights[1])))

    def _logits(self, rows: Floats) -> Floats:
        logits: Floats = rows @ self.weights + self.bias
        return logits

    def _ahead(self, logits: Floats) -> Floats:
        none = self.names.index(NONE)
        return ahead_of_none(np.delete(logits, none, axis=1), logits[:, none])

    def packed(self) -> bytes:
        """The head as a file."""
        about = {"names": self.names, "temperature": self.temperature, "base": self.base}
        about |= {"bar": self.bar}
        buffer = io.BytesIO()
        np.savez(
            buffer,
            about=np.frombuffer(json.dumps(about).encode(), dtype=np.uint8),
            weights=self.weights.astype(np.float32),
            bias=self.bias.astype(np.float32),
            encoder=np.frombuffer(self.encoder, dtype=np.uint8),
        )
        return buffer.getvalue()


def unpacked(content: bytes) -> Head:
    """The head of such a file. Raises InputRejected where it is none."""
    try:
        with np.load(io.BytesIO(content), allow_pickle=False) as stored:
            about = json.loads(stored["about"].tobytes())
            return Head(
                names=tuple(about["names"]),
                weights=stored["weights"],
                bias=stored["bias"],
                temperature=float(about["temperature"]),
                base=about["base"],
                encoder=stored["encoder"].tobytes(),
                bar=tuple(about["bar"]) if about.get("bar") else None,
            )
    except (ValueError, KeyError, OSError) as error:
        raise InputRejected("The tuned model cannot be read: train it anew.") from error


def fit(
    rows: Floats, labels: Sequence[str], *, base: str, decay: float = 1e-5, encoder: bytes = b""
) -> Head:
    """The head that says the labels of these unit rows best, with weights kept small by `decay`.
    By full steps of Adam: the loss is convex, so there is one answer."""
    names = tuple(sorted(set(labels)))
    numbers = {name: number for number, name in enumerate(names)}
    truth = np.array([numbers[label] for label in labels])
    sizes = np.bincount(truth, minlength=len(names))
    counts = (1.0 / np.sqrt(sizes))[truth]
    counts = (counts / counts.sum()).astype(np.float32)
    target = np.zeros((len(rows), len(names)), dtype=np.float32)
    target[np.arange(len(rows)), truth] = 1.0
    data = np.column_stack([rows, np.ones(len(rows), dtype=np.float32)])
    weights = np.zeros((data.shape[1], len(names)), dtype=np.float32)
    mean, spread = np.zeros_like(weights), np.zeros_like(weights)
    for step in range(1, _STEPS + 1):
        wrong = (_softmax(data @ weights) - target) * counts[:, np.newaxis]
        slope = data.T @ wrong + np.float32(2 * decay) * weights
        mean = 0.9 * mean + 0.1 * slope
        spread = 0.99 * spread + 0.01 * slope**2
        rate = _RATE * (1.0 - step / (_STEPS + 1))
        bent = np.sqrt(spread / (1 - 0.99**step)) + 1e-8
        weights = (weights - rate * (mean / (1 - 0.9**step)) / bent).astype(np.float32)
    return Head(
        names=names,
        weights=weights[:-1],
        bias=weights[-1],
        temperature=1.0,
        base=base,
        encoder=encoder,
    )


def calibrated(head: Head, rows: Floats, labels: Sequence[str]) -> Head:
    """The head with the temperature at which it claims of these rows what is true of them. Rows
    whose label it does not know say nothing about that."""
    numbers = {name: number for number, name in enumerate(head.names)}
    known = np.array([place for place, label in enumerate(labels) if label in numbers], dtype=int)
    if len(known) < 2:
        return head
    truth: Labels = np.array([numbers[labels[place]] for place in known], dtype=np.int64)
    logits = rows[known] @ head.weights + head.bias
    losses = [
        -np.log(np.maximum(_softmax(logits / each)[np.arange(len(truth)), truth], 1e-9)).mean()
        for each in _TEMPERATURES
    ]
    sharp = replace(head, temperature=float(_TEMPERATURES[int(np.argmin(losses))]))
    return sharp.with_bar(rows, labels)


def _softmax(logits: Floats) -> Floats:
    powers = np.exp(logits - logits.max(axis=1, keepdims=True))
    shares: Floats = powers / powers.sum(axis=1, keepdims=True)
    return shares
