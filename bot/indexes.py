"""What an admin is told of the embedding models' indexes: how far one is, and what to do."""

from __future__ import annotations

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence

    from indexing.holdings import IndexState


def being_built(states: Iterable[IndexState]) -> tuple[str, ...]:
    """A sentence for each index that is to take the live one's place."""
    return tuple(
        f"An index of {each.index.model} is being built: {each.documents} of {each.total} "
        f"documents.{f' It failed: {each.problem}' if each.problem else ''}"
        for each in states
        if each.state == "building"
    )


def what_to_do(states: Sequence[IndexState], *, wanted: str | None) -> str:
    """What to do where the model that is set, `wanted`, is another than the one that answers;
    "" where nothing need be done or nothing answers yet."""
    live = next((each.index for each in states if each.state == "live"), None)
    if live is None or wanted is None or wanted == live.model:
        return ""
    if any(each.set_aside for each in states if each.index.model == wanted):
        return (
            f"EMBEDDING_MODEL is {wanted}, which was rolled back from: set EMBEDDING_MODEL="
            f"{live.model}, or run `supportbot index build` to switch to it again."
        )
    return (
        f"EMBEDDING_MODEL is {wanted}: {live.model} answers until its index is complete. A worker "
        "builds it once started with that setting, and so does `supportbot index build`."
    )
