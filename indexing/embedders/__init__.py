"""Embedding models as llama-index BaseEmbedding implementations, and the one that ships.

`load` is the only door. It imports numpy, onnxruntime and llama-index when it is called, never
before: `--help` and webhooks import this package for free.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from indexing.errors import EmbeddingModelMissing

if TYPE_CHECKING:
    from pathlib import Path

    from indexing.embedders.embedder import Embedder

DEFAULT_MODEL = "all-MiniLM-L6-v2"

UNMEASURED_MODEL = (
    f"How words weigh against meaning, and when a question is handed off, were fitted for "
    f"{DEFAULT_MODEL}: measure with `supportbot eval retrieval` and `supportbot eval answers` "
    "whether they suit this model."
)
"""What an admin should know of any other model."""


def load(name: str = DEFAULT_MODEL, *, cache_dir: Path, threads: int | None = None) -> Embedder:
    """The embedder called `name`, ready to embed; nothing is ever downloaded for the bundled one.

    `name` is "all-MiniLM-L6-v2" (bundled), or the dotted path of any llama-index BaseEmbedding
    class with its arguments as a query string: "package.module.ClassName?model=x&dimensions=256".
    `cache_dir` keeps the prepared model file (23 MB); `threads` is what one `embed` call may use.
    Raises EmbeddingModelMissing, which says what to install or to correct.
    """
    from indexing.embedders.embedder import Embedder  # noqa: PLC0415  numpy

    if name == DEFAULT_MODEL:
        from indexing.embedders.minilm_encoder import MiniLMEncoder  # noqa: PLC0415  onnxruntime

        return Embedder(name=name, encoder=MiniLMEncoder.open(cache_dir=cache_dir, threads=threads))
    if "." not in name.partition("?")[0]:
        raise EmbeddingModelMissing(
            f"EMBEDDING_MODEL is {name!r}, which is no model known here. Use {DEFAULT_MODEL!r}, "
            "or the dotted path of a llama-index embedding class, such as "
            "'llama_index.embeddings.openai.OpenAIEmbedding?model=text-embedding-3-small'."
        )
    from indexing.embedders.foreign import open_foreign  # noqa: PLC0415  llama-index

    encoder, public_name = open_foreign(name)
    return Embedder(name=public_name, encoder=encoder)
