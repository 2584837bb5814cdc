"""Datasets as files that anybody can train on, with a card that says what is in them.

They hold customers' words, de-identified, so only their owner may read the files.
"""

from __future__ import annotations

import json
from collections import Counter
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from datetime import UTC, datetime
from hashlib import sha256
from typing import TYPE_CHECKING, Any

from bot.audit import note
from bot.errors import InputRejected
from bot.evaluation.temporary import silent
from bot.triage.models import NONE
from bot.tuning.card import card_text
from bot.tuning.cases import ReplyCase, RoutingCase, routing_cases
from bot.tuning.replies import messages
from bot.tuning.solved import TICKETS_READ, reply_cases
from bot.tuning.splits import split

if TYPE_CHECKING:
    from pathlib import Path

    from psycopg import Connection
    from psycopg_pool import ConnectionPool

    from bot.audit import Actor
    from bot.evaluation.temporary import OnProgress
    from bot.tuning.cases import Found
    from bot.tuning.splits import Split
    from indexing.retrieval import Retriever

Line = Callable[[Any], Mapping[str, Any]]


@dataclass(frozen=True, kw_only=True, slots=True)
class Dataset:
    """What was written of one task. `fingerprint` is the hash of its files; `left_out` counts by
    reason what was not taken."""

    task: str
    parts: Mapping[str, int]
    labels: Mapping[str, Mapping[str, int]]
    origins: Mapping[str, int]
    since: str
    until: str
    left_out: Mapping[str, int]
    fingerprint: str


def export(
    pool: ConnectionPool[Connection[Any]],
    folder: Path,
    *,
    retriever: Callable[[], Retriever],
    actor: Actor,
    tickets: int = TICKETS_READ,
    on_progress: OnProgress = silent,
) -> tuple[Dataset, ...]:
    """Writes `routing.*.jsonl`, `replies.*.jsonl`, `card.json` and `CARD.md` into the folder.
    Replies are read from so many of the newest solved tickets, whose passages are found by the
    retriever. Raises InputRejected where it cannot be written, or there is nothing to write."""
    found: dict[str, Found[Any]] = {
        "routing": routing_cases(pool),
        "replies": reply_cases(pool, retriever, tickets=tickets, on_progress=on_progress),
    }
    if not any(each.cases for each in found.values()):
        raise InputRejected(
            "There is nothing to learn from: no solved ticket with a routing tag or a reply that "
            "articles carry, no example and no draft that a person sent. Sync solved tickets (a "
            "source of kind zendesk-tickets) or approve drafts first."
        )
    try:
        folder.mkdir(parents=True, exist_ok=True, mode=0o700)
        datasets = tuple(_written(task, each, folder) for task, each in found.items())
        made = datetime.now(UTC).isoformat(timespec="seconds")
        _write(folder / "card.json", json.dumps(_card(datasets, made), indent=2) + "\n")
        _write(folder / "CARD.md", card_text(datasets, made))
    except OSError as error:
        raise InputRejected(f"{folder}: {error.strerror or error}.") from error
    with pool.connection() as connection:
        note(
            connection,
            actor=actor,
            action="datasets exported",
            after={each.task: {**each.parts, "fingerprint": each.fingerprint} for each in datasets},
        )
    return datasets


def routing_line(case: RoutingCase) -> Mapping[str, Any]:
    """A line that `eval routing` and `routing import` read too."""
    return {
        "text": case.text,
        "label": case.tag or NONE,
        "locale": case.locale,
        "created": f"{case.asked_at:%Y-%m-%d}" if case.asked_at else "",
        "origin": case.origin,
    }


def reply_line(case: ReplyCase) -> Mapping[str, Any]:
    """A line in the form that trainers of chat models read."""
    return {
        "messages": messages(case.request, case.reply),
        "locale": case.request.locale,
        "created": f"{case.asked_at:%Y-%m-%d}" if case.asked_at else "",
        "origin": case.origin,
    }


_LINES: dict[str, Line] = {"routing": routing_line, "replies": reply_line}


def _written(task: str, found: Found[Any], folder: Path) -> Dataset:
    parts: Split[Any] = split(found.cases)
    digest = sha256()
    for name, cases in parts.parts.items():
        lines = [json.dumps(_LINES[task](each), ensure_ascii=False) for each in cases]
        text = "".join(f"{line}\n" for line in lines)
        digest.update(f"{name}\n{text}".encode())
        _write(folder / f"{task}.{name}.jsonl", text)
    kept = [case for cases in parts.parts.values() for case in cases]
    dates = sorted(case.asked_at for case in kept if case.asked_at)
    return Dataset(
        task=task,
        parts={name: len(cases) for name, cases in parts.parts.items()},
        labels={name: _labels(cases) for name, cases in parts.parts.items()},
        origins=dict(Counter(case.origin for case in kept)),
        since=f"{dates[0]:%Y-%m-%d}" if dates else "",
        until=f"{dates[-1]:%Y-%m-%d}" if dates else "",
        left_out={**found.left_out, "customer or words in a newer part": parts.leaking},
        fingerprint=digest.hexdigest()[:16],
    )


def _labels(cases: tuple[Any, ...]) -> Mapping[str, int]:
    named = (case.tag or NONE for case in cases if isinstance(case, RoutingCase))
    return dict(sorted(Counter(named).items()))


def _card(datasets: tuple[Dataset, ...], made: str) -> dict[str, Any]:
    return {
        "made": made,
        "datasets": {
            each.task: {
                "parts": dict(each.parts),
                "labels": {name: dict(some) for name, some in each.labels.items()},
                "origins": dict(each.origins),
                "since": each.since,
                "until": each.until,
                "left_out": dict(each.left_out),
                "fingerprint": each.fingerprint,
            }
            for each in datasets
        },
    }


def _write(path: Path, text: str) -> None:
    path.touch(mode=0o600)
    path.write_text(text, encoding="utf-8")
