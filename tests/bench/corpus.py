"""What benchmarks index and ask: real articles where they are present, in any number.

Embedding 200,000 passages takes hours on two cores and is not what a query or a re-sync costs.
So a benchmark of those embeds a few thousand real passages once and repeats the articles with
words exchanged; each repeated passage gets a real passage's vector with noise added, so that
the vectors lie in the space as real ones do. Every table says so.
"""

from __future__ import annotations

import dataclasses
import importlib.resources
import random
import re
import zlib
from functools import cache
from itertools import count
from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np

from bot.evaluation.articles import read_articles
from bot.evaluation.cases import read_cases
from indexing.chunking import chunk
from indexing.embedders.embedder import Embedder
from indexing.errors import DocumentRejected
from indexing.models import Audience, Chunk, Document

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

    from llama_index.core.base.embeddings.base import BaseEmbedding

    from indexing.embedders.embedder import Vector, Vectors
    from indexing.embedders.minilm_encoder import MiniLMEncoder

DATA = Path(__file__).parents[2].parent / "shared" / "data"
SETS = ("sumo_tb", "arduino_hc", "techqa_rag", "abcd_guidelines", "policies")
ASKED = ("sumo_tb", "techqa_rag", "stackfaq")
SOURCE = "bench"

# The share of words that a repeated article has exchanged, and the length of the noise beside
# the unit vector: cosine .94 to the real one, about that of two versions of a paragraph.
EXCHANGED = 0.15
NOISE = 0.35

_PIECES = re.compile(r"<[^>]*>|[^\W\d_]{4,}")


def describe() -> str:
    """Where the texts come from."""
    return ", ".join(_present()) or "the sample help center"


@cache
def articles() -> tuple[Document, ...]:
    """The real articles, mixed, with ids that are unique over all sets."""
    if not _present():
        with importlib.resources.as_file(
            importlib.resources.files("connectors.samples") / "help_center.json"
        ) as path:
            found = [(SOURCE, document) for document in read_articles(path).documents]
    else:
        found = [
            (name, document)
            for name in _present()
            for document in read_articles(DATA / name / "articles.jsonl").documents
        ]
    documents = [
        dataclasses.replace(
            document, id=f"{name}:{document.id}", source=SOURCE, audience=Audience.public()
        )
        for name, document in found
    ]
    random.Random(7).shuffle(documents)
    return tuple(documents)


def questions(wanted: int) -> list[str]:
    """Real questions, of each set as many (forum posts of 80 tokens at the median and 250 at the
    95th percentile, technical ones of 70 and 240, one-liners of 16 and 29), or the articles'
    titles where no questions are present."""
    sets = [
        [case.question for case in read_cases(path)]
        for name in ASKED
        if (path := DATA / name / "questions.jsonl").exists()
    ] or [[f"What about {document.title}?" for document in articles()]]
    for found in sets:
        random.Random(7).shuffle(found)
    mixed = [found[at % len(found)] for at in range(wanted) for found in sets]
    return mixed[:wanted]


def endless() -> Iterator[Document]:
    """The real articles, then the same again and again with words exchanged and ids of their
    own. One in seven is for agents, one in fifty for a segment."""
    vocabulary = _vocabulary()
    chance = random.Random(7)
    for number in count():
        base = articles()[number % len(articles())]
        repeated = number >= len(articles())
        yield dataclasses.replace(
            base,
            id=f"{base.id}:{number}",
            body=_exchanged(base.body, vocabulary, chance) if repeated else base.body,
            audience=audience(number),
        )


def chunks_of(documents: Sequence[Document], embedder: Embedder) -> list[list[Chunk]]:
    """Each document's chunks; none for one that is rejected."""
    found = []
    for document in documents:
        try:
            chunks = chunk(document, count_tokens=embedder.count_tokens, budget=embedder.max_tokens)
        except DocumentRejected:
            chunks = ()
        found.append(list(chunks))
    return found


class RepeatingEncoder:
    """The bundled model, except that passages are given vectors near those of real passages
    rather than being read. Questions are read by the model. `passages` counts what was asked."""

    def __init__(self, *, encoder: MiniLMEncoder, real: Vectors) -> None:
        self._encoder = encoder
        self._real = real
        self.dimensions = encoder.dimensions
        self.max_tokens = encoder.max_tokens
        self.passages = 0

    @classmethod
    def over(cls, encoder: MiniLMEncoder, *, real: int) -> RepeatingEncoder:
        """With the vectors of at most `real` passages of the real articles."""
        reading = Embedder(name="all-MiniLM-L6-v2", encoder=encoder)
        texts: list[str] = []
        for document in articles():
            if len(texts) >= real:
                break
            texts.extend(each.embedded_text for each in chunks_of([document], reading)[0])
        return cls(encoder=encoder, real=reading.embed(texts[:real]))

    def count_tokens(self, text: str) -> int:
        return self._encoder.count_tokens(text)

    def encode(self, texts: Sequence[str]) -> Vectors:
        self.passages += len(texts)
        rows = np.empty((len(texts), self.dimensions), dtype=np.float32)
        for row, text in enumerate(texts):
            seed = zlib.crc32(text.encode("utf-8", "replace"))
            noise = np.random.default_rng(seed).standard_normal(self.dimensions, dtype=np.float32)
            near = self._real[seed % len(self._real)] + NOISE * noise / np.linalg.norm(noise)
            rows[row] = near / np.linalg.norm(near)
        return rows

    def encode_query(self, text: str) -> Vector:
        return self._encoder.encode_query(text)

    def wide(self) -> RepeatingEncoder:
        return self

    def llama_index(self) -> BaseEmbedding:
        from indexing.embedders.minilm import MiniLMEmbedding

        return MiniLMEmbedding(encoder=self)  # type: ignore[arg-type]  # it only encodes


def _present() -> list[str]:
    return [name for name in SETS if (DATA / name / "articles.jsonl").exists()]


def _vocabulary() -> list[str]:
    """Every long word of the articles as often as it occurs."""
    return [
        piece
        for document in articles()
        for piece in _PIECES.findall(document.body)
        if not piece.startswith("<")
    ]


def _exchanged(body: str, vocabulary: Sequence[str], chance: random.Random) -> str:
    def exchange(piece: re.Match[str]) -> str:
        keep = piece.group().startswith("<") or chance.random() > EXCHANGED
        return piece.group() if keep else chance.choice(vocabulary)

    return _PIECES.sub(exchange, body)


def audience(number: int) -> Audience:
    """Who may read the document of this number."""
    if number % 50 == 3:
        return Audience.segments(1)
    return Audience.agents() if number % 7 == 5 else Audience.public()
