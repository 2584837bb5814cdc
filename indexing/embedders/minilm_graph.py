"""The sentence encoder all-MiniLM-L6-v2 as an ONNX graph, written straight from its weights.

The usual way goes through torch, gigabytes of it, to export a graph that onnxruntime then has to
recognise and fuse again. Six layers of BERT are few enough to write down in the fused operators
that onnxruntime runs fastest, with mean pooling and L2 normalisation inside.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import numpy as np
from onnx import ModelProto, NodeProto, TensorProto, helper, numpy_helper

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

LAYERS = 6
HEADS = 12
WIDTH = 384
SHALLOW = 3  # layers after which the second vector is taken
MAX_LENGTH = 256  # what the model was trained to read; positions beyond it are left out
_FUSED = "com.microsoft"
_EPSILON = 1e-12

Array = np.ndarray[tuple[int, ...], np.dtype[np.float32]]


class Graph:
    """The float32 graph: input_ids, attention_mask int64 (batch, length) -> embedding, shallow
    (batch, 384) each, of the last layer and of layer SHALLOW.

    `products` names the input of every matrix product, keyed by where it stands; a subclass that
    multiplies in another way overrides `_words`, `_product` and `_attention`.
    """

    def __init__(self, weights: Mapping[str, Array]) -> None:
        self.products: dict[str, str] = {}
        self._weights = weights
        self._nodes: list[NodeProto] = []
        self._constants: list[TensorProto] = []

    def model(self, *, watched: bool = False) -> ModelProto:
        """The whole graph; `watched` adds the input of every product to its outputs."""
        hidden = self._embeddings()
        self._op("Cast", ["attention_mask"], "mask", to=TensorProto.INT32)
        self._op("Cast", ["attention_mask"], "weights", to=TensorProto.FLOAT)
        one = self._constant("one", np.array([1], dtype=np.int64))
        self._op("Unsqueeze", ["weights", one], "row")
        for layer in range(LAYERS):
            hidden = self._layer(hidden, f"encoder.layer.{layer}.")
            if layer + 1 == SHALLOW:
                self._pool(hidden, "shallow")
        self._pool(hidden, "embedding")
        shape: list[int | str] = ["batch", "length"]
        graph = helper.make_graph(
            self._nodes,
            "all-MiniLM-L6-v2",
            [
                helper.make_tensor_value_info(name, TensorProto.INT64, shape)
                for name in ("input_ids", "attention_mask")
            ],
            [
                *(
                    helper.make_tensor_value_info(name, TensorProto.FLOAT, ["batch", WIDTH])
                    for name in ("embedding", "shallow")
                ),
                *(
                    helper.make_tensor_value_info(name, TensorProto.FLOAT, None)
                    for name in (self.products.values() if watched else ())
                ),
            ],
            self._constants,
        )
        opsets = [helper.make_opsetid("", 17), helper.make_opsetid(_FUSED, 1)]
        return helper.make_model(graph, opset_imports=opsets, ir_version=9)

    def _embeddings(self) -> str:
        prefix = "embeddings."
        # One segment only, so its row is added to every position here and costs nothing later.
        places = self._weights[prefix + "position_embeddings.weight"][:MAX_LENGTH]
        segment = self._weights[prefix + "token_type_embeddings.weight"][0]
        self._constant("places", places + segment)
        zero = self._constant("zero", np.array([0], dtype=np.int64))
        self._words(self._weights[prefix + "word_embeddings.weight"])
        self._op("Shape", ["input_ids"], "length", start=1, end=2)
        self._op("Slice", ["places", zero, "length", zero], "place")
        self._op("Add", ["word", "place"], "embedded")
        norm = [self._weight(prefix + "LayerNorm.weight"), self._weight(prefix + "LayerNorm.bias")]
        return self._op("LayerNormalization", ["embedded", *norm], "hidden", epsilon=_EPSILON)

    def _layer(self, hidden: str, prefix: str) -> str:
        attention = prefix + "attention."
        parts = [f"{attention}self.{part}." for part in ("query", "key", "value")]
        packed = np.concatenate([self._weights[part + "weight"] for part in parts]).T
        biases = np.concatenate([self._weights[part + "bias"] for part in parts])
        self.products[attention + "self"] = hidden
        attended = self._attention(hidden, attention + "self", packed, biases)
        mixed = self._dense(attended, attention + "output.dense")
        hidden = self._add_and_norm(mixed, hidden, attention + "output.")
        wide = self._dense(hidden, prefix + "intermediate.dense")
        bias = self._weight(prefix + "intermediate.dense.bias")
        bent = self._fused("BiasGelu", [wide, bias], prefix + "gelu")
        narrow = self._dense(bent, prefix + "output.dense")
        return self._add_and_norm(narrow, hidden, prefix + "output.")

    def _dense(self, hidden: str, name: str) -> str:
        """The product alone; the bias belongs to the fused operator that comes next."""
        self.products[name] = hidden
        return self._product(hidden, name, self._weights[name + ".weight"].T)

    def _words(self, table: Array) -> str:
        return self._op("Gather", [self._constant("words", table), "input_ids"], "word")

    def _product(self, hidden: str, name: str, matrix: Array) -> str:
        return self._op("MatMul", [hidden, self._constant(name + ".matrix", matrix)], name)

    def _attention(self, hidden: str, name: str, matrix: Array, bias: Array) -> str:
        constants = [self._constant(name + ".matrix", matrix), self._constant(name + ".bias", bias)]
        return self._fused("Attention", [hidden, *constants, "mask"], name, num_heads=HEADS)

    def _add_and_norm(self, new: str, old: str, prefix: str) -> str:
        names = ("LayerNorm.weight", "LayerNorm.bias", "dense.bias")
        inputs = [new, old, *(self._weight(prefix + name) for name in names)]
        return self._fused("SkipLayerNormalization", inputs, prefix + "norm", epsilon=_EPSILON)

    def _pool(self, hidden: str, output: str) -> None:
        """Mean over the real tokens, then unit length: the mean's divisor cancels out."""
        self._op("MatMul", ["row", hidden], f"{output}.sums")
        self._op("Squeeze", [f"{output}.sums", "one"], f"{output}.sum")
        self._op("LpNormalization", [f"{output}.sum"], output, axis=1, p=2)

    def _weight(self, name: str) -> str:
        return self._constant(name, self._weights[name])

    def _constant(self, name: str, array: np.ndarray[tuple[int, ...], np.dtype[np.generic]]) -> str:
        self._constants.append(numpy_helper.from_array(np.array(array, order="C"), name))
        return name

    def _op(self, kind: str, inputs: Sequence[str], output: str, **attributes: Any) -> str:
        self._nodes.append(helper.make_node(kind, inputs, [output], name=output, **attributes))
        return output

    def _fused(self, kind: str, inputs: Sequence[str], output: str, **attributes: Any) -> str:
        """One of onnxruntime's own operators, which do the work of several standard ones."""
        return self._op(kind, inputs, output, domain=_FUSED, **attributes)
