"""The bundled model with other weights in the same places, as a fine-tuning leaves them."""

from __future__ import annotations

from typing import TYPE_CHECKING

from indexing.embedders.embedder import Embedder
from indexing.embedders.minilm_encoder import MiniLMEncoder
from indexing.embedders.minilm_files import model_dir

if TYPE_CHECKING:
    from collections.abc import Mapping

    import numpy as np

    Array = np.ndarray[tuple[int, ...], np.dtype[np.float32]]


def graph(weights: Mapping[str, Array]) -> bytes:
    """A file that onnxruntime runs, in 8 bits where this CPU computes them faithfully. `weights`
    go by the names that they have in the bundled file."""
    from indexing.embedders import minilm_int8  # noqa: PLC0415 - onnx, only to build

    return minilm_int8.build(weights)


def embedder(model: bytes, *, name: str) -> Embedder:
    """What embeds by such a file. Raises EmbeddingModelMissing without the bundled tokenizer."""
    tokenizer = (model_dir() / "tokenizer.json").read_bytes()
    return Embedder(name=name, encoder=MiniLMEncoder(model=model, tokenizer=tokenizer))
