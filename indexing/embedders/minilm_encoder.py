"""Runs the bundled model: tokenizer, batches, sessions. Knows nothing of llama-index.

A question must not wait for passages, and is read by a single thread that never spins, since
spinning threads that outnumber the cores turn 3 ms into hundreds. A long question is read by
threads that do spin, a third sooner, by one caller at a time; who comes meanwhile reads alone.

Of many passages each thread reads batches of its own, whoever asked for them. Threads that share
a batch wait for each other after every product, and so for whatever else has a core: alone 11.2
against 10.6 seconds for 2,000 passages, on a busy machine 23 to 61 against 20.
"""

from __future__ import annotations

import copy
import os
import threading
from concurrent.futures import ThreadPoolExecutor
from functools import lru_cache, partial
from itertools import islice
from typing import TYPE_CHECKING, Literal

import numpy as np
from tokenizers import Tokenizer

from indexing.embedders.minilm_files import checked_weights, model_dir, prepared
from indexing.errors import EmbeddingFailed

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping, Sequence
    from pathlib import Path

    from llama_index.core.base.embeddings.base import BaseEmbedding
    from onnxruntime import InferenceSession  # type: ignore[import-untyped]  # ships no types

    from indexing.embedders.embedder import Vector, Vectors

DIMENSIONS = 384
LENGTH = 256  # tokens the model reads, two of them special
SPECIAL = 2
BATCH_TOKENS = 1024  # padded tokens per run: beyond it the activations leave the CPU's caches
BATCH_ROWS = 64
WINDOW = 512  # texts tokenized and sorted at a time, so that memory does not follow their number
WORDS = 16_384  # whose token counts are kept, each of at most so many characters:
LONGEST_WORD = 64
LONG = 64  # tokens of a question from which several threads are worth their waking up
HEAD = 16_384  # characters that almost always hold more than LENGTH tokens

# Raise it with every change of minilm_graph or minilm_int8: prepared files are named by it.
GRAPH_VERSION = 5

Ids = list[int]
Precision = Literal["int8", "float32"]


class MiniLMEncoder:
    """all-MiniLM-L6-v2 on the CPU. Thread-safe: sessions and tokenizers hold no state per call."""

    max_tokens = LENGTH - SPECIAL

    def __init__(self, *, model: bytes, tokenizer: bytes, threads: int | None = None) -> None:
        self._outputs = ["embedding"]
        self._model = model
        self._threads = threads or min(2, os.cpu_count() or 1)
        self._counter = Tokenizer.from_buffer(tokenizer)
        # The file's own settings cut and pad to 128, half of what the model reads.
        self._counter.no_truncation()
        self._counter.no_padding()
        self._reader = Tokenizer.from_buffer(tokenizer)
        self._reader.enable_truncation(LENGTH)
        self._reader.no_padding()
        # No token of this model spans a space, and an account's texts repeat their words: cutting
        # a text into chunks counts it several times over, a tenth of indexing when read anew.
        self._word_tokens = lru_cache(WORDS)(self._count)
        self._readers = ThreadPoolExecutor(self._threads, thread_name_prefix="passages")
        self._lock = threading.Lock()
        self._one_spins = threading.Lock()
        self._sessions: dict[tuple[int, bool], InferenceSession] = {}

    @classmethod
    def open(
        cls, *, cache_dir: Path, threads: int | None = None, precision: Precision = "int8"
    ) -> MiniLMEncoder:
        """The encoder over the installed weights; raises EmbeddingModelMissing without them."""
        folder = model_dir()
        stem = f"all-MiniLM-L6-v2-{precision}-{GRAPH_VERSION}"
        model = prepared(stem, cache_dir=cache_dir, build=partial(_build, folder, precision))
        tokenizer = (folder / "tokenizer.json").read_bytes()
        return cls(model=model, tokenizer=tokenizer, threads=threads)

    @property
    def dimensions(self) -> int:
        """The length of a row."""
        return DIMENSIONS * len(self._outputs)

    def wide(self) -> MiniLMEncoder:
        """The same model, with the vector of a middle layer beside the last one's in each row. The
        last layer was trained to tell whole sentences apart and lets go of words that classes
        are told apart by: on public sets of intents both together decide better than either."""
        encoder = copy.copy(self)
        encoder._outputs = ["embedding", "shallow"]
        return encoder

    def count_tokens(self, text: str) -> int:
        """Text tokens, untruncated, without the two special ones."""
        words = text.replace("\n", " ").split(" ")
        return sum(
            self._word_tokens(word) if len(word) <= LONGEST_WORD else self._count(word)
            for word in words
            if word
        )

    def _count(self, word: str) -> int:
        return len(self._counter.encode(word, add_special_tokens=False).ids)

    def encode(self, texts: Sequence[str]) -> Vectors:
        """Unit rows (len(texts), dimensions) in order; texts of like length share a batch."""
        rows = np.empty((len(texts), self.dimensions), dtype=np.float32)

        def read(batch: list[int], ids: Mapping[int, Ids], threads: int) -> None:
            rows[batch] = self._run([ids[index] for index in batch], threads=threads)

        remaining = iter(range(len(texts)))
        while window := list(islice(remaining, WINDOW)):
            ids = {index: self._ids(texts[index]) for index in window}
            batches = list(_batches(ids))
            threads = self._threads if len(batches) == 1 else 1
            reading = [self._readers.submit(read, batch, ids, threads) for batch in batches]
            for each in reading:
                each.result()
        return rows

    def encode_query(self, text: str) -> Vector:
        """The unit vector (dimensions,) of one question."""
        ids = self._ids(text)
        row: Vector
        if len(ids) >= LONG and self._threads > 1 and self._one_spins.acquire(blocking=False):
            try:
                row = self._run([ids], threads=self._threads, spinning=True)[0]
            finally:
                self._one_spins.release()
        else:
            row = self._run([ids], threads=1)[0]
        return row

    def llama_index(self) -> BaseEmbedding:
        """The llama-index face of this encoder."""
        from indexing.embedders.minilm import MiniLMEmbedding  # noqa: PLC0415  llama-index

        return MiniLMEmbedding(encoder=self)

    def _ids(self, text: str) -> Ids:
        """At most LENGTH token ids; a huge text is not tokenized to its end for that."""
        encoding = self._reader.encode(text[:HEAD])
        if len(text) > HEAD and not encoding.overflowing:
            encoding = self._reader.encode(text)
        return list(encoding.ids)

    def _run(self, batch: Sequence[Ids], *, threads: int, spinning: bool = False) -> Vectors:
        length = max(len(ids) for ids in batch)
        input_ids = np.zeros((len(batch), length), dtype=np.int64)
        mask = np.zeros_like(input_ids)
        for row, ids in enumerate(batch):
            input_ids[row, : len(ids)] = ids
            mask[row, : len(ids)] = 1
        try:
            outputs = self._session(threads, spinning).run(
                self._outputs, {"input_ids": input_ids, "attention_mask": mask}
            )
        except Exception as error:  # onnxruntime's errors share no base class of their own
            raise EmbeddingFailed(f"onnxruntime could not run the model: {error}") from error
        rows: Vectors = np.concatenate(outputs, axis=1) / np.sqrt(np.float32(len(outputs)))
        return rows

    def _session(self, threads: int, spinning: bool) -> InferenceSession:
        with self._lock:
            kind = threads, spinning
            if kind not in self._sessions:
                self._sessions[kind] = _open_session(self._model, threads, spinning=spinning)
            return self._sessions[kind]


def _batches(ids: dict[int, Ids]) -> Iterator[list[int]]:
    """Indexes in batches of like length, each within BATCH_TOKENS once padded."""
    batch: list[int] = []
    for index in sorted(ids, key=lambda each: (len(ids[each]), each), reverse=True):
        if batch and (
            len(batch) == BATCH_ROWS or (len(batch) + 1) * len(ids[batch[0]]) > BATCH_TOKENS
        ):
            yield batch
            batch = []
        batch.append(index)
    if batch:
        yield batch


def _open_session(model: bytes, threads: int, *, spinning: bool) -> InferenceSession:
    from onnxruntime import InferenceSession, SessionOptions  # noqa: PLC0415  only when it runs

    options = SessionOptions()
    options.intra_op_num_threads = threads
    options.inter_op_num_threads = 1
    options.log_severity_level = 3
    options.add_session_config_entry("session.intra_op.allow_spinning", str(int(spinning)))
    # Else a thread goes on spinning for 12 ms after each question, on a core that the search needs.
    options.add_session_config_entry("session.force_spinning_stop", "1")
    return InferenceSession(model, options, providers=["CPUExecutionProvider"])


def _build(folder: Path, precision: Precision) -> bytes:
    from safetensors.numpy import load as read_weights  # noqa: PLC0415  only to build

    weights = read_weights(checked_weights(folder))
    if precision == "int8":
        from indexing.embedders import minilm_int8  # noqa: PLC0415  onnx, only to build

        return minilm_int8.build(weights)
    from indexing.embedders.minilm_graph import Graph  # noqa: PLC0415  onnx, only to build

    content: bytes = Graph(weights).model().SerializeToString()
    return content
