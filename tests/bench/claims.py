"""How many true statements the claim check lets through, and how many false ones it catches.

True: what the extractive engine answers on the development questions, reference answers that
people wrote from passages, and parallel sentences of two languages. False: the same statements
with one thing changed. Run: python -m tests.bench.claims [--examples 5] [--json PATH]
"""

from __future__ import annotations

import argparse
import random
import time
from collections import Counter, defaultdict
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from bot.answering.base import AnswerRequest, Draft
from bot.answering.checking import Checked, Fault, check
from bot.answering.citations import citation
from bot.answering.extractive import ExtractiveEngine
from bot.answering.markers import statements_of
from bot.answering.relevance import content_words, overlap
from bot.evaluation.articles import read_articles
from bot.models import Statement
from indexing.chunking import chunk
from indexing.errors import DocumentRejected
from indexing.models import Audience, Document, Passage
from indexing.sentences import sentences
from tests.bench import measuring
from tests.bench.claim_changes import CHANGES, PROMISES, UNSEEN
from tests.bench.dev_sets import DATA, lines, require_data

_QUESTIONS = {
    "sumo_tb": 300,
    "techqa_rag": 200,
    "stackfaq": 200,
    "tau_banking": 48,
    "xquad_multi": 600,
}
_PASSAGES = 8
_ONLY_PEOPLE = (Fault.PROMISE, Fault.OWN_CASE)
_PAIRS = 4000  # sentences tried per set, at most


@dataclass(frozen=True, kw_only=True)
class Pair:
    """A statement that a passage carries."""

    statement: Statement
    passages: tuple[Passage, ...]
    locale: str
    kind: str


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--examples", type=int, default=0)
    parser.add_argument("--json", type=Path)
    given = parser.parse_args()
    require_data()
    found: dict[str, Any] = {"true": {}, "false": {}}
    pairs: list[Pair] = []
    rows = []
    milliseconds: list[float] = []
    for name, answers in _true_answers():
        tally: Counter[str] = Counter()
        shown = 0
        for statements, passages, question, locale in answers:
            started = time.perf_counter()
            result = check(statements, passages, question, locale)
            milliseconds.append((time.perf_counter() - started) * 1000)
            _count(tally, result)
            for verdict in result.verdicts:
                if verdict.result == "ok":
                    pairs.append(
                        Pair(statement=verdict.given, passages=passages, locale=locale, kind=name)
                    )
                elif shown < given.examples:
                    shown += 1
                    quotes = [each.quote for each in verdict.given.citations]
                    print(f"{name}: {verdict.result} {verdict.finding}\n  {verdict.given.text!r}")
                    print(f"  {quotes!r}"[:600])
        found["true"][name] = dict(tally)
        total = tally["statements"] or 1
        rows.append(
            [
                name,
                str(tally["answers"]),
                str(tally["statements"]),
                f"{tally['repaired'] / total:.2%}",
                f"{tally['rejected'] / total:.2%}",
                f"{tally['lost'] / (tally['answers'] or 1):.2%}",
            ]
        )
    headings = ["true statements", "answers", "statements", "repaired", "rejected", "answers lost"]
    milliseconds.sort()
    found["latency_ms"] = {
        "p50": milliseconds[len(milliseconds) // 2],
        "p95": milliseconds[int(len(milliseconds) * 0.95)],
    }
    note = "ms per answer: p50 {p50:.2f}, p95 {p95:.2f}".format(**found["latency_ms"])
    measuring.show("What stays of true answers", [headings, *rows], notes=[note])
    for name, tally in found["true"].items():
        why = {key: count for key, count in tally.items() if ":" in key}
        if why:
            print(f"{name}: {why}")
    found["false"] = _caught(pairs, given.examples)
    found["unseen promises"] = _unseen()
    measuring.write_json(given.json, found)


def _count(tally: Counter[str], result: Checked) -> None:
    tally["answers"] += 1
    tally["statements"] += len(result.verdicts)
    tally["lost"] += not result.still_answers
    for verdict in result.verdicts:
        tally[verdict.result] += 1
        if verdict.finding and verdict.result != "ok":
            tally[f"{verdict.result}:{verdict.finding.fault}"] += 1


# True statements -------------------------------------------------------------------------------

Answer = tuple[Sequence[Statement], tuple[Passage, ...], str, str]


def _true_answers() -> Iterator[tuple[str, list[Answer]]]:
    for name, most in _QUESTIONS.items():
        yield f"extractive {name}", list(_extractive(name, most))
    yield "reference mtrag_un", list(_references())
    yield "parallel xquad", list(_parallel())


def _extractive(name: str, most: int) -> Iterator[Answer]:
    articles = {each.id: each for each in read_articles(DATA / name / "articles.jsonl").documents}
    asked = [each for each in lines(f"{name}/questions.jsonl") if each.get("article_ids")]
    random.Random(7).shuffle(asked)
    for line in asked[:most]:
        documents = [articles[each] for each in line["article_ids"] if each in articles]
        passages = _nearest(line["question"], documents)
        locale = line.get("locale") or "en"
        request = AnswerRequest(question=line["question"], passages=passages, locale=locale)
        draft = ExtractiveEngine().answer(request)
        if isinstance(draft, Draft):
            yield draft.statements, passages, line["question"], locale


def _nearest(question: str, documents: Sequence[Document]) -> tuple[Passage, ...]:
    asked = content_words(question)
    passages = [each for document in documents for each in _passages(document)]
    passages.sort(key=lambda each: -overlap(asked, content_words(each.text)))
    return tuple(passages[:_PASSAGES])


def _passages(document: Document) -> Iterator[Passage]:
    try:
        chunks = chunk(document, count_tokens=lambda text: len(text.split()), budget=180)
    except DocumentRejected:
        return
    for each in chunks:
        yield _passage(document.id, each.id, each.text, document, each.heading_path)


def _passage(
    document_id: str, chunk_id: str, text: str, document: Document, path: tuple[str, ...] = ()
) -> Passage:
    return Passage(
        chunk_id=chunk_id,
        document_id=document_id,
        source="bench",
        kind="article",
        title=document.title,
        url=document.url,
        anchor="",
        heading_path=path,
        text=text,
        locale=document.locale,
        audience=("public",),
        edited_at=None,
        score=1.0,
        dense=0.6,
        lexical=0.5,
    )


def _references() -> Iterator[Answer]:
    """Sentences that people wrote from passages, each cited as a marking model would cite."""
    for line in lines("mtrag_un/questions.jsonl"):
        if not line["answerable"] or not line["passages"]:
            continue
        passages = tuple(_brought(each) for each in line["passages"])
        marks = "".join(f"[{number}]" for number in range(1, len(passages) + 1))
        for answer in line["answer"]:
            text = "\n".join(f"{each.strip()} {marks}" for each in sentences(answer))
            if statements := statements_of(text, passages):
                yield statements, passages, line["question"], "en"


def _brought(given: dict[str, Any]) -> Passage:
    document = Document(
        id=given["id"],
        source="bench",
        title=given.get("title") or "",
        body=given["text"],
        audience=Audience.public(),
    )
    return _passage(given["id"], given["id"], given["text"], document)


def _parallel() -> Iterator[Answer]:
    """German and Spanish sentences that cite the English ones they were translated with."""
    articles = {each["id"]: each for each in lines("xquad_multi/articles.jsonl")}
    for name, english in articles.items():
        if not name.startswith("en-"):
            continue
        quotes = [each.strip() for each in sentences(english["text"])]
        passage = _brought({"id": name, "text": english["text"], "title": english["title"]})
        for locale in ("de", "es"):
            other = articles.get(f"{locale}{name[2:]}")
            said = [each.strip() for each in sentences(other["text"])] if other else []
            if len(said) == len(quotes):
                yield (
                    [
                        Statement(text=text, citations=(citation(passage, quote),))
                        for text, quote in zip(said, quotes, strict=True)
                    ],
                    (passage,),
                    "",
                    locale,
                )


# False statements ------------------------------------------------------------------------------


def _caught(pairs: Sequence[Pair], examples: int) -> dict[str, Any]:
    """Every change on every true statement that it fits."""
    counts: dict[tuple[str, str], Counter[str]] = defaultdict(Counter)
    chosen = list(pairs)
    random.Random(7).shuffle(chosen)
    for pair in chosen[:_PAIRS]:
        kind = pair.kind.split()[0]
        dice = random.Random(pair.statement.text)
        for name, change in CHANGES.items():
            changed = change(pair.statement.text, pair.locale, dice)
            if changed is None or changed == pair.statement.text:
                continue
            _try(counts[name, kind], pair, changed, examples, name)
        for locale, promises in PROMISES.items():
            promised = Pair(
                statement=pair.statement, passages=pair.passages, locale=locale, kind=pair.kind
            )
            _try(
                counts[f"promise {locale}", kind],
                promised,
                dice.choice(promises),
                examples,
                f"promise {locale}",
            )
    kinds = ("extractive", "reference", "parallel")
    rows = [["false statements caught", *kinds]]
    figures: dict[str, Any] = {}
    for name in dict.fromkeys(name for name, _ in counts):
        row = [name]
        for kind in kinds:
            count = counts[name, kind]
            tried = sum(count.values())
            row.append(f"{count['caught'] / tried:.1%} of {tried}" if tried else "-")
            figures[f"{name}/{kind}"] = dict(count)
        rows.append(row)
    measuring.show("What is caught: replaced by the source's words, or removed", rows)
    return figures


_ON_THE_SUBJECT = (
    "We refund the purchase price within 14 days of receiving your return. A technician can visit "
    "you on weekdays. Refunds reach your bank after 3 to 5 business days. You can correct the "
    "invoice under My orders. Cancelled orders are not charged. New cards arrive by mail."
)


def _unseen() -> dict[str, Any]:
    """Promises in words that nobody listed, citing an article on the same subject: how many are
    known for what they are, and how many are not sent as they stand."""
    passage = _brought({"id": "refunds", "text": _ON_THE_SUBJECT, "title": "Refunds"})
    cited = (citation(passage, passage.text),)
    known: Counter[str] = Counter()
    for locale, some in UNSEEN.items():
        for text in some:
            given = Statement(text=text, citations=cited)
            (verdict,) = check([given], (passage,), "Where is my refund?", locale).verdicts
            fault = verdict.finding.fault if verdict.finding else None
            known["tried"] += 1
            known["named as promise"] += fault in _ONLY_PEOPLE
            known["not sent"] += verdict.result != "ok"
            if verdict.result == "ok":
                print(f"promise sent: {text!r}")
    rows = [["promises in unlisted words", "count"], *([k, str(v)] for k, v in known.items())]
    measuring.show("Promises that no pattern was written for, but one", rows)
    return dict(known)


def _try(count: Counter[str], pair: Pair, text: str, examples: int, name: str) -> None:
    statement = Statement(text=text, citations=pair.statement.citations)
    (verdict,) = check([statement], pair.passages, "", pair.locale).verdicts
    if verdict.result == "ok" and count["missed"] < examples:
        print(f"{name} missed: {text!r}\n  {[each.quote for each in statement.citations]!r}"[:700])
    fault = verdict.finding.fault if verdict.finding else None
    is_caught = fault in _ONLY_PEOPLE if name.startswith("promise") else verdict.result != "ok"
    count["caught" if is_caught else "missed"] += 1


if __name__ == "__main__":
    main()
