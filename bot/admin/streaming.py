"""Server-sent events of an answer while it is being written."""

from __future__ import annotations

import threading
from collections.abc import Callable, Iterator
from queue import SimpleQueue

Event = tuple[str, str]
"""A name, and HTML."""


def events(work: Callable[[Callable[[Event], None]], None]) -> Iterator[str]:
    """What the work tells, as it tells it. It goes on to its end where nobody listens any more: a
    model that was asked has been asked."""
    told: SimpleQueue[Event | None] = SimpleQueue()

    def run() -> None:
        try:
            work(told.put)
        finally:
            told.put(None)

    threading.Thread(target=run, name="stream", daemon=True).start()
    while (event := told.get()) is not None:
        name, html = event
        lines = "".join(f"data: {line}\n" for line in html.splitlines())
        yield f"event: {name}\n{lines}\n"
