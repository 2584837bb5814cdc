"""Measures whether the right article is found: four methods over one index in one run.

`lexical` and `dense` are the two halves of the index, each alone; `rrf` is stock equal-weight
reciprocal rank fusion of their passages; `ours` is what the product does. Where past questions are
given, `articles` is the same without them. Articles are ranked by their best passage.
"""

from __future__ import annotations

import time
from collections import Counter
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass
from functools import partial
from typing import TYPE_CHECKING

from bot.errors import InputRejected
from bot.evaluation.scorers import (
    METRICS,
    Interval,
    Latency,
    bootstrap,
    latency,
    ranking,
    reciprocal_rank_fusion,
)
from bot.evaluation.temporary import OnProgress, silent

if TYPE_CHECKING:
    from psycopg_pool import ConnectionPool

    from bot.evaluation.cases import Case
    from indexing.models import Passage
    from indexing.retrieval import Retriever

_OURS = "ours"

ARTICLES = 10
"""How many articles of each ranking are looked at."""

# What an answer asks for: this is what is timed.
_ANSWER_PASSAGES = 8

# What a ranking of articles is made of, and what each half hands to stock fusion; more is
# asked for only while fewer than ARTICLES different articles have come.
_PASSAGES = 60
_MOST_PASSAGES = 960

Search = Callable[[int], "Sequence[Passage]"]
"""The best so many passages for one question, best first."""


@dataclass(frozen=True, kw_only=True, slots=True)
class CaseResult:
    """One question: each method's articles, best first, and its METRICS; `milliseconds` by
    stage are of one search as an answer makes it."""

    case: Case
    ranked: Mapping[str, tuple[str, ...]]
    scores: Mapping[str, Mapping[str, float]]
    milliseconds: Mapping[str, float]


@dataclass(frozen=True, kw_only=True, slots=True)
class GroupScores:
    """The same for the questions of one locale or source: method to metric to mean."""

    questions: int
    methods: Mapping[str, Mapping[str, float]]


@dataclass(frozen=True, kw_only=True, slots=True)
class RetrievalReport:
    """The whole measurement. `methods` maps method to metric; `ahead` maps each other
    method to how far ours is ahead of it, paired by question. `not_indexed` counts the
    questions none of whose gold articles is in the index: every method misses them.
    `failed` names the articles that could not be indexed; `memory` counts the past questions."""

    articles: int
    questions: int
    left_out: int
    not_indexed: int
    memory: int
    failed: Mapping[str, str]
    methods: Mapping[str, Mapping[str, Interval]]
    ahead: Mapping[str, Mapping[str, Interval]]
    by_locale: Mapping[str, GroupScores]
    by_source: Mapping[str, GroupScores]
    latency: Mapping[str, Latency]
    results: tuple[CaseResult, ...]


def run_retrieval(
    *,
    cases: Sequence[Case],
    retriever: Retriever,
    pool: ConnectionPool,
    failed: Mapping[str, str] | None = None,
    memory: int = 0,
    on_progress: OnProgress = silent,
) -> RetrievalReport:
    """Asks every answerable question that names its articles. `pool` opens the
    database that the retriever searches, which remembers `memory` past questions. Raises
    InputRejected when no question can be scored."""
    scored = [case for case in cases if case.answerable and case.article_ids]
    if not scored:
        raise InputRejected("No question names the articles that answer it (article_ids).")
    with pool.connection() as connection:
        rows = connection.execute("SELECT id, source FROM documents").fetchall()
    source_of: dict[str, str] = dict(rows)
    _ask(
        retriever, scored[0], remembers=memory > 0
    )  # the first question pays for loading the model
    results = []
    for done, case in enumerate(scored, start=1):
        results.append(_ask(retriever, case, remembers=memory > 0))
        on_progress("Asking questions", done, len(scored))
    return RetrievalReport(
        articles=len(source_of),
        questions=len(scored),
        left_out=len(cases) - len(scored),
        not_indexed=sum(case.article_ids.isdisjoint(source_of) for case in scored),
        memory=memory,
        failed=failed or {},
        methods=_means(results),
        ahead=_ahead(results),
        by_locale=_grouped(results, [one.case.locale or "" for one in results]),
        by_source=_grouped(results, [_source(one.case, source_of) for one in results]),
        latency={
            stage: latency([one.milliseconds[stage] for one in results])
            for stage in results[0].milliseconds
        },
        results=tuple(results),
    )


def ranked_articles(passages: Sequence[Passage], search: Search) -> tuple[str, ...]:
    """The ids of the first ARTICLES different articles of these passages, asking for ever more
    of them while there are too few."""
    wanted = _PASSAGES
    while True:
        found = tuple(dict.fromkeys(each.document_id for each in passages))
        if len(found) >= ARTICLES or len(passages) < wanted or wanted >= _MOST_PASSAGES:
            return found[:ARTICLES]
        wanted *= 2
        passages = search(wanted)


def fused_articles(lexical: Sequence[Passage], dense: Sequence[Passage]) -> tuple[str, ...]:
    """The articles of two lists of passages, fused passage by passage."""
    article = {each.chunk_id: each.document_id for each in (*lexical, *dense)}
    fused = reciprocal_rank_fusion(
        [each.chunk_id for each in lexical], [each.chunk_id for each in dense]
    )
    return tuple(dict.fromkeys(article[one] for one in fused))[:ARTICLES]


def _ask(retriever: Retriever, case: Case, *, remembers: bool) -> CaseResult:
    question, reader, locale = case.question, case.reader, case.locale
    started = time.perf_counter()
    found = retriever.search(question, reader, locale, _ANSWER_PASSAGES)
    milliseconds = {"retrieve": (time.perf_counter() - started) * 1000, **found.latency_ms}
    lexical = retriever.lexical(question, reader, locale, _PASSAGES)
    dense = retriever.dense(question, reader, locale, _PASSAGES)
    ranked = {
        "lexical": ranked_articles(
            lexical, lambda k: retriever.lexical(question, reader, locale, k)
        ),
        "dense": ranked_articles(dense, lambda k: retriever.dense(question, reader, locale, k)),
        "rrf": fused_articles(lexical, dense),
        _OURS: ranked_articles(
            retriever.retrieve(question, reader, locale, _PASSAGES),
            partial(retriever.retrieve, question, reader, locale),
        ),
    }
    if remembers:
        ranked["articles"] = ranked_articles(
            retriever.articles(question, reader, locale, _PASSAGES),
            partial(retriever.articles, question, reader, locale),
        )
    return CaseResult(
        case=case,
        ranked=ranked,
        scores={name: ranking(found, case.article_ids) for name, found in ranked.items()},
        milliseconds=milliseconds,
    )


def _column(results: Iterable[CaseResult], method: str, metric: str) -> list[float]:
    return [one.scores[method][metric] for one in results]


def _means(results: Sequence[CaseResult]) -> dict[str, dict[str, Interval]]:
    methods = list(results[0].scores)
    columns = {
        (method, metric): _column(results, method, metric)
        for method in methods
        for metric in METRICS
    }
    intervals = bootstrap(columns)
    return {method: {metric: intervals[method, metric] for metric in METRICS} for method in methods}


def _ahead(results: Sequence[CaseResult]) -> dict[str, dict[str, Interval]]:
    others = [method for method in results[0].scores if method != _OURS]
    columns = {
        (other, metric): [one.scores[_OURS][metric] - one.scores[other][metric] for one in results]
        for other in others
        for metric in METRICS
    }
    intervals = bootstrap(columns)
    return {other: {metric: intervals[other, metric] for metric in METRICS} for other in others}


def _source(case: Case, source_of: Mapping[str, str]) -> str:
    """Where the articles of a case come from; "" where none is in the index."""
    return next((source_of[one] for one in sorted(case.article_ids) if one in source_of), "")


def _grouped(results: Sequence[CaseResult], groups: Sequence[str]) -> dict[str, GroupScores]:
    """By the group of each result, the largest first."""
    found = {}
    for group, count in Counter(groups).most_common():
        theirs = [one for one, its in zip(results, groups, strict=True) if its == group]
        found[group] = GroupScores(
            questions=count,
            methods={
                method: {metric: sum(_column(theirs, method, metric)) / count for metric in METRICS}
                for method in theirs[0].scores
            },
        )
    return found
