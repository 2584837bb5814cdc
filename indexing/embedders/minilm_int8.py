"""The bundled model in 8-bit integers: a quarter of the size, and faster on any recent CPU.

Activation scales are fixed when the file is built. Scales taken anew from each batch, the usual
"dynamic" way, let a text's neighbours move its vector by up to .015 cosine; fixed ones give the
same vector in any company. No text is needed to find them: token sequences spread over the
vocabulary reach the same extremes as real articles do. Rounding noise averages out over a text's
tokens: sentences keep a cosine of .99 and more to float32, one or two words alone about .98.

A few channels (the model keeps them for [CLS] and [SEP]) are ten times larger than the rest and
would waste most of the 8 bits. They are divided before rounding, and their rows of the weights
multiplied by the same factor, which changes nothing in exact arithmetic.
"""

from __future__ import annotations

import logging
from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np
from onnxruntime import InferenceSession  # type: ignore[import-untyped]  # ships no types

from indexing.embedders.minilm_graph import HEADS, LAYERS, MAX_LENGTH, WIDTH, Array, Graph

if TYPE_CHECKING:
    from collections.abc import Mapping

    from onnx import ModelProto

log = logging.getLogger(__name__)

CLS, SEP, FIRST_WORD, VOCABULARY = 101, 102, 999, 30522
CEILINGS = {"intermediate.dense": 6.0, "output.dense": 5.0}  # channels beyond it are divided
# The first layer's narrowing costs the most when rounded: the worst cosine to float32 of whole
# sentences in other languages falls from .996 to .990. It stays in float32 (1.8 MB more).
IN_FLOAT = frozenset({"encoder.layer.0.output.dense"})
WORD_BLOCK = 128  # three scales for each row of the word table
FAITHFUL = 0.97  # cosine to float32 on odd token sequences; sentences come out above .99
_GOLDEN = 0.6180339887498949

Ids = np.ndarray[tuple[int, int], np.dtype[np.int64]]


@dataclass(frozen=True, kw_only=True, slots=True)
class Range:
    """The smallest and largest value seen in each channel of one product's input."""

    low: Array
    high: Array

    def widened(self, seen: Array) -> Range:
        return Range(
            low=np.minimum(self.low, seen.min(axis=0)), high=np.maximum(self.high, seen.max(axis=0))
        )


def build(weights: Mapping[str, Array]) -> bytes:
    """The serialized graph, in 8 bits if this CPU computes it faithfully, else in float32.

    CPUs with AVX2 but without VNNI add pairs of products in 16 bits and may saturate.
    """
    ranges, expected = _observe(Graph(weights))
    small: bytes = _Int8Graph(weights, ranges).model().SerializeToString()
    session = _session(small)
    cosine = min(
        float((_run(session, ids)["embedding"] @ row.T).min())
        for ids, row in zip(_sequences(), expected, strict=True)
    )
    if cosine >= FAITHFUL:
        return small
    log.warning("action=embedder.int8_unfaithful cosine=%.3f; float32 is used instead", cosine)
    whole: bytes = Graph(weights).model().SerializeToString()
    return whole


def _observe(graph: Graph) -> tuple[dict[str, Range], list[Array]]:
    """The range at every product, and the float32 embedding of every sequence."""
    session = _session(_serialized(graph.model(watched=True)))
    ranges: dict[str, Range] = {}
    embeddings = []
    for ids in _sequences():
        outputs = _run(session, ids)
        embeddings.append(outputs["embedding"])
        for name, tensor in graph.products.items():
            seen = outputs[tensor].reshape(-1, outputs[tensor].shape[-1])
            start = ranges.get(name) or Range(low=seen[0], high=seen[0])
            ranges[name] = start.widened(seen)
    return ranges, embeddings


def _sequences() -> list[Ids]:
    """24 token sequences of every length, common words more often than rare ones, always equal."""
    sequences = []
    drawn = 0
    for length in np.linspace(4, MAX_LENGTH - 2, 24).astype(int):
        spread = (np.arange(drawn, drawn + length) * _GOLDEN) % 1.0
        drawn += int(length)
        words = FIRST_WORD + ((VOCABULARY - FIRST_WORD) ** spread - 1).astype(np.int64)
        sequences.append(np.array([[CLS, *words, SEP]], dtype=np.int64))
    return sequences


def _serialized(model: ModelProto) -> bytes:
    content: bytes = model.SerializeToString()
    return content


def _session(model: bytes) -> InferenceSession:
    return InferenceSession(model, providers=["CPUExecutionProvider"])


def _run(session: InferenceSession, ids: Ids) -> dict[str, Array]:
    names = [output.name for output in session.get_outputs()]
    inputs = {"input_ids": ids, "attention_mask": np.ones_like(ids)}
    return dict(zip(names, session.run(names, inputs), strict=True))


class _Int8Graph(Graph):
    """The same graph with 8-bit products, attention projections and word table."""

    def __init__(self, weights: Mapping[str, Array], ranges: Mapping[str, Range]) -> None:
        super().__init__(weights)
        self._ranges = ranges

    def _words(self, table: Array) -> str:
        blocks = table.reshape(len(table), WIDTH // WORD_BLOCK, WORD_BLOCK)
        scales = np.maximum(np.abs(blocks).max(axis=2), 1e-12) / 127
        rounded = np.round(blocks / scales[..., np.newaxis]) + 128
        inputs = [
            self._constant("words", rounded.astype(np.uint8).reshape(table.shape)),
            "input_ids",
            self._constant("words.scale", scales.astype(np.float32)),
        ]
        layout = {"gather_axis": 0, "quantize_axis": 1, "block_size": WORD_BLOCK, "bits": 8}
        return self._fused("GatherBlockQuantized", inputs, "word", **layout)

    def _product(self, hidden: str, name: str, matrix: Array) -> str:
        if name in IN_FLOAT:
            return super()._product(hidden, name, matrix)
        rounded, scale, zero, matrix = self._rounded(hidden, name, matrix)
        columns, column_scales, column_zeros = self._columns(name, matrix)
        inputs = [rounded, columns, scale, column_scales, zero, column_zeros]
        return self._fused("MatMulIntegerToFloat", inputs, name)

    def _attention(self, hidden: str, name: str, matrix: Array, bias: Array) -> str:
        rounded, scale, zero, matrix = self._rounded(hidden, name, matrix)
        columns, column_scales, column_zeros = self._columns(name, matrix)
        bias_name = self._constant(name + ".bias", bias)
        inputs = [rounded, columns, bias_name, scale, column_scales, "mask", zero, column_zeros]
        return self._fused("QAttention", inputs, name, num_heads=HEADS)

    def _rounded(self, hidden: str, name: str, matrix: Array) -> tuple[str, str, str, Array]:
        """Names of the 8-bit input, its scale, its zero point; the matrix that undoes division."""
        low, high = self._ranges[name].low, self._ranges[name].high
        ceiling = CEILINGS.get(name.removeprefix(_layer_of(name)))
        if ceiling is not None:
            factors = np.maximum(np.maximum(-low, high) / ceiling, 1).astype(np.float32)
            divisor = self._constant(name + ".inverse", 1 / factors)
            hidden = self._op("Mul", [hidden, divisor], name + ".divided")
            low, high, matrix = low / factors, high / factors, matrix * factors[:, np.newaxis]
        bottom, top = min(float(low.min()), 0.0), max(float(high.max()), 0.0)
        step = (top - bottom) / 255
        scale = self._constant(name + ".scale", np.array(step, dtype=np.float32))
        zero = self._constant(name + ".zero", np.array(round(-bottom / step), dtype=np.uint8))
        rounded = self._op("QuantizeLinear", [hidden, scale, zero], name + ".rounded")
        return rounded, scale, zero, matrix

    def _columns(self, name: str, matrix: Array) -> tuple[str, str, str]:
        """Names of the 8-bit matrix, its scale per column, and its zero points."""
        scales = np.abs(matrix).max(axis=0) / 127
        return (
            self._constant(name + ".matrix", np.round(matrix / scales).astype(np.int8)),
            self._constant(name + ".scales", scales.astype(np.float32)),
            self._constant(name + ".zeros", np.zeros(len(scales), dtype=np.int8)),
        )


def _layer_of(name: str) -> str:
    """The prefix of the layer that a product stands in."""
    prefixes = (f"encoder.layer.{layer}." for layer in range(LAYERS))
    return next(prefix for prefix in prefixes if name.startswith(prefix))
