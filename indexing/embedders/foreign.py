"""Any llama-index embedding class behind the same face as the bundled model."""

from __future__ import annotations

import importlib
import json
import re
from functools import cached_property
from typing import TYPE_CHECKING
from urllib.parse import parse_qsl

import numpy as np
from llama_index.core.base.embeddings.base import BaseEmbedding
from llama_index.core.utils import get_tokenizer

from indexing.embedders.naming import MAX_TOKENS, public_name
from indexing.errors import EmbeddingFailed, EmbeddingModelMissing

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

    from indexing.embedders.embedder import Vector, Vectors

DEFAULT_MAX_TOKENS = 254  # what the smallest common models read; more must be asked for

Value = str | int | float | bool | None


class ForeignEncoder:
    """Calls the model in llama-index's own batches, with its rate limits and retries."""

    def __init__(self, *, model: BaseEmbedding, max_tokens: int) -> None:
        self.max_tokens = max_tokens
        self._model = model
        self._tokenizer: Callable[[str], list[int]] = get_tokenizer()

    @cached_property
    def dimensions(self) -> int:
        """Measured by one call: what a model's settings say and what it does can differ."""
        return len(self.encode_query("dimensions"))

    def count_tokens(self, text: str) -> int:
        """By llama-index's tokenizer: the model's own is not known, so this is an estimate."""
        return len(self._tokenizer(text))

    def encode(self, texts: Sequence[str]) -> Vectors:
        """Rows as the model gives them, in order; raises EmbeddingFailed."""
        filled = [_filled(text) for text in texts]
        try:
            rows = self._model.get_text_embedding_batch(filled)
            return _matrix(rows)
        except Exception as error:
            raise _failed(error) from error

    def encode_query(self, text: str) -> Vector:
        """The vector by the model's own way of embedding questions; raises EmbeddingFailed."""
        try:
            vector = self._model.get_query_embedding(_filled(text))
            row: Vector = _matrix([vector])[0]
        except Exception as error:
            raise _failed(error) from error
        return row

    def wide(self) -> ForeignEncoder:
        """Itself: what goes on inside is not known."""
        return self

    def llama_index(self) -> BaseEmbedding:
        """The model itself."""
        return self._model


def open_foreign(name: str) -> tuple[ForeignEncoder, str]:
    """The encoder that "package.module.ClassName?argument=value" names, and a name without secrets.

    `max_tokens` belongs to us: how many tokens of a chunk the model reads. Every other argument
    goes to the class. Raises EmbeddingModelMissing, which says what to correct.
    """
    path, _, query = name.partition("?")
    arguments = {key: _value(text) for key, text in parse_qsl(query, keep_blank_values=True)}
    max_tokens = arguments.pop(MAX_TOKENS, DEFAULT_MAX_TOKENS)
    if not isinstance(max_tokens, int) or max_tokens < 16:
        raise EmbeddingModelMissing(
            "max_tokens in EMBEDDING_MODEL must be a number of at least 16."
        )
    make = _embedding_class(path)
    try:
        model = make(**arguments)
    except Exception as error:
        message = f"EMBEDDING_MODEL: {path} could not be made with {sorted(arguments)}: {error}"
        raise EmbeddingModelMissing(message) from error
    return ForeignEncoder(model=model, max_tokens=max_tokens), public_name(name)


def _embedding_class(path: str) -> Callable[..., BaseEmbedding]:
    module_name, _, class_name = path.rpartition(".")
    try:
        found = getattr(importlib.import_module(module_name), class_name)
    except (ImportError, AttributeError, ValueError) as error:
        message = (
            f"EMBEDDING_MODEL names {path}, which cannot be imported ({error}). Check the "
            f"spelling; integrations are installed one by one: {_install(module_name)}"
        )
        raise EmbeddingModelMissing(message) from error
    if not (isinstance(found, type) and issubclass(found, BaseEmbedding)):
        raise EmbeddingModelMissing(
            f"EMBEDDING_MODEL names {path}, which is not a llama-index BaseEmbedding class."
        )
    constructor: Callable[..., BaseEmbedding] = found
    return constructor


def _install(module_name: str) -> str:
    """The usual pip command for a llama-index integration module."""
    match = re.match(r"llama_index\.embeddings\.(\w+)", module_name)
    package = match.group(1).replace("_", "-") if match else "openai"
    return f"pip install llama-index-embeddings-{package}"


def _value(text: str) -> Value:
    """Numbers, true, false and null as such; everything else is text."""
    try:
        value = json.loads(text)
    except ValueError:
        return text
    return value if isinstance(value, str | int | float | bool | None) else text


def _filled(text: str) -> str:
    """The text, or a dash in place of nothing: some services refuse a whole batch for that."""
    return text if text.strip() else "-"


def _matrix(rows: Sequence[Sequence[float]]) -> Vectors:
    matrix: Vectors = np.asarray(rows, dtype=np.float32)
    return matrix


def _failed(error: Exception) -> EmbeddingFailed:
    return EmbeddingFailed(f"The model that EMBEDDING_MODEL names failed: {error}")
