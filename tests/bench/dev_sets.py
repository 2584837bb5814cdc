"""The development questions of ../shared/data, searched as the product searches: every candidate
passage with its raw scores, so that constants can be tried on them without asking again.

Articles of a set are dealt into help centers of 40, each a source of its own, so that the same
index serves as one whole and as many small ones. The indexes stay on the server of DATABASE_URL,
and the next run embeds nothing.
"""

from __future__ import annotations

import json
import random
import sys
from contextlib import contextmanager
from dataclasses import dataclass, replace
from pathlib import Path
from typing import TYPE_CHECKING, Any

from bot.evaluation.articles import read_articles
from bot.evaluation.temporary import temporary_index
from indexing.candidates import Search, hits
from indexing.embedders.embedder import Embedder
from indexing.fusion import Candidate, pieces_per_word
from indexing.models import Reader
from indexing.questions import question_vector
from tests.bench import measuring

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Sequence

    from psycopg_pool import ConnectionPool

    from indexing.index import Index
    from indexing.models import Document

DATA = Path(__file__).parents[3] / "shared" / "data"
SMALL = 40

Line = dict[str, Any]


@dataclass(frozen=True, kw_only=True, slots=True)
class Asked:
    """A question and what the search brought; a candidate's `document` is the article's id.
    `gold` are the articles that answer it."""

    question: str
    gold: frozenset[str]
    pieces: float
    candidates: tuple[Candidate, ...]

    def without(self, articles: frozenset[str]) -> Asked:
        """As if these articles had never been written."""
        kept = tuple(each for each in self.candidates if each.document not in articles)
        return replace(self, candidates=kept)


def require_data() -> None:
    """Ends the program with a message where the data is not at hand."""
    if not (DATA / "sumo_tb").is_dir():
        print(f"Skipped: the development questions are not in {DATA}.")
        sys.exit(0)


def lines(path: str) -> list[Line]:
    """The objects of a JSON Lines file of the data."""
    with (DATA / path).open(encoding="utf-8") as file:
        return [json.loads(line) for line in file]


class HelpCenter:
    """One set's articles, indexed. `small` are the names of its sources of at most 40 articles,
    `source_of` tells which of them an article is in."""

    def __init__(
        self, *, pool: ConnectionPool, index: Index, embedder: Embedder, documents: list[Document]
    ) -> None:
        self.pool = pool
        self.index = index
        self.embedder = embedder
        self.source_of = {each.id: each.source for each in documents}
        self.small = tuple(sorted(set(self.source_of.values())))

    def ask(
        self, questions: Iterable[Line], *, sources: Sequence[str] | None = None
    ) -> list[Asked]:
        """The candidates of each question, in these sources only if any are named."""
        return [self._ask(line, sources) for line in questions]

    def _ask(self, line: Line, sources: Sequence[str] | None) -> Asked:
        question = line.get("question") or line["text"]
        search = Search(
            text=question,
            vector=question_vector(self.embedder, question),
            reader=Reader.customer(),
            locale=line.get("locale"),
            sources=None if sources is None else frozenset(sources),
        )
        with self.pool.connection() as connection:
            found = hits(connection, self.index, search) or []
        return Asked(
            question=question,
            gold=frozenset(line.get("article_ids") or ()),
            pieces=pieces_per_word(question, self.embedder.count_tokens),
            candidates=tuple(
                Candidate(
                    document=each.document_id,
                    document_passages=each.document_passages,
                    dense=each.dense,
                    bm25=each.bm25,
                    question_weight=each.question_weight,
                )
                for each in found
            ),
        )


@contextmanager
def help_center(
    server_url: str, name: str, kept: frozenset[str] | None = None
) -> Iterator[HelpCenter]:
    """The articles of this set, or those of these ids only."""
    print(f"indexing {name} …", file=sys.stderr, flush=True)
    embedder = Embedder(name="all-MiniLM-L6-v2", encoder=measuring.encoder())
    documents = [
        each
        for each in read_articles(DATA / name / "articles.jsonl").documents
        if kept is None or each.id in kept
    ]
    documents = _dealt(documents)
    with temporary_index(documents, database_url=server_url, embedder=embedder) as made:
        yield HelpCenter(pool=made.pool, index=made.index, embedder=embedder, documents=documents)


def _dealt(documents: list[Document]) -> list[Document]:
    """Into sources of one language and at most SMALL articles each, at random."""
    dealt: list[Document] = []
    for locale in sorted({each.locale for each in documents}):
        some = [each for each in documents if each.locale == locale]
        random.Random(7).shuffle(some)
        dealt += [
            replace(each, source=f"{locale}-{number // SMALL}") for number, each in enumerate(some)
        ]
    return dealt
