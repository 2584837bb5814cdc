"""Cases on their way between files and the database, which hold the same."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING, Any

from bot.errors import InputRejected
from bot.evaluation.case_sets import NewCase
from indexing.models import AGENTS, SIGNED_IN

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator

    from bot.evaluation.cases import Case
    from indexing.models import Reader


def new_cases(cases: Iterable[Case]) -> Iterator[NewCase]:
    """The cases of a file as they are added to a set. Raises InputRejected for one that brings
    passages along: a set is asked over what is indexed."""
    for case in cases:
        if case.documents:
            raise InputRejected(
                f"Line {case.line} brings passages along. A test set is asked over what is "
                "indexed: leave them out, and name articles in article_ids."
            )
        yield NewCase(
            question=case.question,
            reader=case.reader,
            answerable=case.answerable,
            locale=case.locale or "",
            article_ids=tuple(sorted(case.article_ids)),
            reference=next(iter(case.answers), ""),
            routing_tag=case.routing_tag,
            history=case.history,
            origin="file",
        )


def lines_of(cases: Iterable[Case]) -> str:
    """The cases as JSON Lines that `read_cases` understands."""
    return "".join(f"{json.dumps(_line(each), ensure_ascii=False)}\n" for each in cases)


def _line(case: Case) -> dict[str, Any]:
    line = {
        "id": case.id,
        "question": case.question,
        "article_ids": sorted(case.article_ids),
        "answerable": case.answerable,
        "answer": list(case.answers),
        "locale": case.locale,
        "kind": case.kind,
        "audience": _audience(case.reader),
        "history": [{"speaker": turn.speaker, "text": turn.text} for turn in case.history],
        "routing_tag": case.routing_tag,
        "given_answer": case.given_answer,
        "judged": case.label,
    }
    return {name: value for name, value in line.items() if value not in (None, "", [])}


def _audience(reader: Reader) -> str:
    if AGENTS in reader.labels:
        return "agent"
    return "signed_in" if SIGNED_IN in reader.labels else "customer"
