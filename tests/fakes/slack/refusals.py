"""How a call is refused: an error's name, and what explains it."""

from __future__ import annotations

from tests.fakes.slack.records import Json


class Refused(Exception):
    """A call that is answered with this error, and whatever explains it."""

    def __init__(self, error: str, **more: object) -> None:
        super().__init__(error)
        self.answer: Json = {"ok": False, "error": error, **more}


def refused_arguments(*messages: str) -> Refused:
    told = [f"[ERROR] {each}" for each in messages]
    return Refused("invalid_arguments", response_metadata={"messages": told})
