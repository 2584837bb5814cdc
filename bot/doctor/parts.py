"""What is set, what is on the disk, and the parts of our own."""

from __future__ import annotations

import os
import shutil
from typing import TYPE_CHECKING

from bot.budgets import MEANINGS
from bot.doctor.check import Check
from bot.errors import SupportbotError
from indexing.embedders import DEFAULT_MODEL, UNMEASURED_MODEL
from indexing.errors import IndexingError

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Mapping, Sequence
    from pathlib import Path

    from bot.budgets import Standing
    from bot.sources import SourceState
    from indexing.embedders.embedder import Embedder

# An embedded database that runs out of disk stops; this is a day's notice at full growth.
ROOM_NEEDED = 500 * 2**20


def settings(suspicions: Iterable[str]) -> Check:
    """Whether any name in the environment or `.env` looks like a mistake."""
    found = tuple(suspicions)
    if found:
        return Check(
            name="settings", state="warning", detail=" ".join(found), advice="Correct the names."
        )
    return Check(name="settings", state="ok", detail="Every setting can be used.")


def secrets(weaknesses: Iterable[str], *, file_is_open: bool) -> Check:
    """Whether any secret that is set can be guessed, or read by other users of the machine."""
    found = list(weaknesses)
    advice = "Replace it with what `openssl rand -base64 24` prints." if found else ""
    if file_is_open:
        found.append("Other users of this machine can read .env.")
        advice = f"{advice} Run `chmod 600 .env`.".strip()
    if found:
        return Check(name="secrets", state="warning", detail=" ".join(found), advice=advice)
    return Check(name="secrets", state="ok", detail="None that is set can be guessed.")


def data_directory(path: Path) -> Check:
    """Whether files can be kept in `path`, which is made if it is not there."""
    name = "data directory"
    advice = "Set SUPPORTBOT_DATA_DIR to a directory that this user may write to."
    try:
        path.mkdir(parents=True, exist_ok=True)
        free = shutil.disk_usage(path).free
    except OSError as error:
        return Check(name=name, state="failed", detail=f"{path}: {error.strerror}.", advice=advice)
    if not os.access(path, os.W_OK | os.X_OK):
        return Check(name=name, state="failed", detail=f"{path} is read-only.", advice=advice)
    if free < ROOM_NEEDED:
        return Check(
            name=name,
            state="warning",
            detail=f"{path} has {free >> 20} MB left.",
            advice="Make room, or set SUPPORTBOT_DATA_DIR to a larger disk.",
        )
    return Check(name=name, state="ok", detail=f"{path}, {free >> 30} GB free.")


def embedding_model(load: Callable[[], Embedder], *, name: str = "embedding model") -> Check:
    """Whether the model that finds passages can be loaded and embeds."""
    try:
        embedder = load()
        embedder.embed_query("How long do I have to return a jacket?")
    except (IndexingError, OSError) as error:
        return Check(name=name, state="failed", detail=str(error))
    detail = f"{embedder.name}, {embedder.dimensions} dimensions."
    advice = "" if embedder.name == DEFAULT_MODEL else UNMEASURED_MODEL
    return Check(name=name, state="ok", detail=detail, advice=advice)


def source(state: SourceState) -> Check:
    """What the last sync of one source made of it."""
    name = f"source {state.source.name}"
    if state.last_sync is None:
        return Check(
            name=name,
            state="warning",
            detail=f"Kind {state.source.kind}; no sync has ended yet.",
            advice=f"Run `supportbot sync {state.source.name}`.",
        )
    detail = (
        f"{state.documents} documents, {state.failed} failed; "
        f"last sync {state.last_state} at {state.last_sync:%Y-%m-%d %H:%M} UTC."
    )
    if state.last_state == "failed":
        advice = f"Run `supportbot sync {state.source.name}`; it prints why it fails."
        return Check(name=name, state="failed", detail=detail, advice=advice)
    if state.failed:
        advice = f"`supportbot sources show {state.source.name}` lists what failed and why."
        return Check(name=name, state="warning", detail=detail, advice=advice)
    return Check(name=name, state="ok", detail=detail)


def engine(build: Callable[[], str]) -> Check:
    """Whether the engine that writes answers can be made; `build` returns what it is."""
    try:
        return Check(name="answer engine", state="ok", detail=build())
    except (SupportbotError, IndexingError) as error:
        return Check(name="answer engine", state="failed", detail=str(error))


def budgets(standing: Standing, resting: Mapping[str, int]) -> Check:
    """What is done without now, because a budget is used up or a vendor fails."""
    found = [MEANINGS[standing.step], standing.why] if standing.step else []
    if (until := standing.syncs_wait_until) is not None:
        found.append(f"Syncs of Zendesk wait until {until:%H:%M} UTC.")
    found += [
        f"{vendor} is left alone after failures by {processes} processes."
        for vendor, processes in resting.items()
    ]
    if found:
        advice = "It ends by itself; `supportbot budgets show` says how the budgets stand."
        return Check(name="budgets", state="warning", detail=" ".join(found), advice=advice)
    used = (f"{each.share:.0%} of {each.name.replace('_', ' ')}" for each in standing.budgets)
    said = f"Used: {', '.join(used)}." if standing.budgets else "No budget is set."
    return Check(name="budgets", state="ok", detail=said)


def baselines(changed: Mapping[str, Sequence[str]]) -> Check:
    """Whether what is guarded was measured with what answers now. `changed` maps each baseline to
    the parts of it that are others by now."""
    others = {name: parts for name, parts in changed.items() if parts}
    if others:
        told = " ".join(f"{name}: {', '.join(parts)}." for name, parts in others.items())
        return Check(
            name="baselines",
            state="warning",
            detail=f"Changed since the baseline was measured: {told}",
            advice="Run `supportbot eval guard check`.",
        )
    return Check(name="baselines", state="ok", detail="What answers is what was measured.")
