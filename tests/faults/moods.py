"""A model with moods: it answers, and sometimes it is overloaded, refuses, or breaks off."""

from __future__ import annotations

import json
import threading
import time
from collections import Counter
from collections.abc import Mapping
from dataclasses import replace
from functools import partial
from random import Random
from typing import Any

from tests.fakes import replies
from tests.fakes.replies import Content, Reply, Script


class Moods:
    """A script for the stand-in. Of `share` of the requests something becomes that is not an
    answer, or half of one; none once it is `calm`."""

    def __init__(self, chance: Random, *, share: float) -> None:
        self._chance = chance
        self._share = share
        self._lock = threading.Lock()
        self.happened: Counter[str] = Counter()

    def calm(self) -> None:
        self._share = 0.0

    def __call__(self, body: Mapping[str, Any]) -> Reply:
        with self._lock:  # requests come from several threads at once
            bad = self._chance.random() < self._share
            mood = self._chance.choice(_MOODS)
        if not bad:
            return _answer(body)
        what, make = mood
        self.happened[f"model: {what}"] += 1
        return make(body)


def _answer(body: Mapping[str, Any]) -> Reply:
    """Of an answer what an honest model would say; of everything else the least that fits."""
    wanted = (body.get("output_config") or {}).get("format", {}).get("schema", {})
    told = wanted.get("properties", {})
    if not told:
        return replies.honest(body)
    empty = {"verdicts": [], "summary": ""}
    found = {name: empty.get(name, "") for name in told}
    return Content(blocks=(replies.plain(json.dumps(found)),))


# Long enough that processes are killed and paused while they wait for the model, and shorter than
# what they wait at most: a slow answer is an answer.
_SLOW_SECONDS = 1.5


def _slowly(body: Mapping[str, Any]) -> Reply:
    time.sleep(_SLOW_SECONDS)
    return _answer(body)


def _broken_off(body: Mapping[str, Any], **how: Any) -> Reply:
    reply = _answer(body)
    return replace(reply, **how) if isinstance(reply, Content) else reply


_MOODS: tuple[tuple[str, Script], ...] = (
    ("overloaded", replies.fails(529, "overloaded_error")),
    ("overloaded", replies.fails(529, "overloaded_error")),
    ("rate limited", replies.fails(429, "rate_limit_error", retry_after="1")),
    ("failed", replies.fails(500)),
    ("connection reset", replies.resets()),
    ("refused", replies.says(stop_reason="refusal")),
    ("slow", _slowly),
    ("cut", partial(_broken_off, after="cut")),
    ("cut", partial(_broken_off, after="cut loudly")),
    ("error in the stream", partial(_broken_off, error="overloaded_error")),
)
