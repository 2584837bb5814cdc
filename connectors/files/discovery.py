"""Finds the files of a source, and says which of them it cannot use.

Names are paths below the folder with forward slashes: they become document ids, so the walk
never reports one file under two names and never leaves the folder.
"""

from __future__ import annotations

import os
import stat
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from fnmatch import fnmatchcase
from pathlib import Path
from typing import Literal

from connectors.errors import SourceMisconfigured
from connectors.findings import Unusable

Format = Literal["json", "lines", "html", "markdown", "text", "pdf"]

FORMATS: dict[str, Format] = {
    ".json": "json",
    ".jsonl": "lines",
    ".ndjson": "lines",
    ".html": "html",
    ".htm": "html",
    ".xhtml": "html",
    ".md": "markdown",
    ".markdown": "markdown",
    ".txt": "text",
    ".text": "text",
    ".pdf": "pdf",
}

# fmt: off
NEVER_DOCUMENTS = frozenset({
    ".png", ".jpg", ".jpeg", ".gif", ".svg", ".webp", ".ico", ".bmp", ".tif", ".tiff", ".avif",
    ".heic", ".css", ".scss", ".less", ".js", ".mjs", ".ts", ".map", ".woff", ".woff2", ".ttf",
    ".otf", ".eot", ".mp3", ".mp4", ".m4a", ".mov", ".webm", ".wav", ".ogg", ".avi", ".lock",
    ".pyc", ".tmp", ".bak", ".swp",
})
# fmt: on


@dataclass(frozen=True, kw_only=True, slots=True)
class FoundFile:
    """One file to read. `name` is its path below the source's folder, with forward slashes."""

    path: Path
    name: str
    format: Format


def discover(
    root: Path, *, include: Sequence[str] = (), exclude: Sequence[str] = ()
) -> Iterator[FoundFile | Unusable]:
    """The files under `root` in a stable order, or `root` itself if it is one file.

    Hidden files and folders are passed over, as is what `include` (if any) does not name or
    `exclude` does. Raises SourceMisconfigured when there is nothing at `root`.
    """
    try:
        is_folder = stat.S_ISDIR(root.stat().st_mode)
    except (OSError, ValueError) as error:
        raise SourceMisconfigured(
            f"path: {root} cannot be opened ({_why(error)}). Name a folder or file that exists "
            "on the machine that runs the sync."
        ) from error
    if not is_folder:
        # One file may be a link to anywhere: whoever named it meant it.
        return iter((_classified(root, _name(root.name), Path(root.absolute().anchor)),))
    return _walk(root, include=include, exclude=exclude)


def _walk(
    root: Path, *, include: Sequence[str], exclude: Sequence[str]
) -> Iterator[FoundFile | Unusable]:
    unreadable: list[OSError] = []
    for folder, folders, files in os.walk(root, onerror=unreadable.append):
        here = Path(folder)
        yield from (_closed(error, root) for error in unreadable)
        unreadable.clear()
        folders[:] = sorted(each for each in folders if not each.startswith("."))
        for each in [*folders, *sorted(files)]:
            path = here / each
            name = _name(path.relative_to(root).as_posix())
            # os.walk does not follow links to folders: one inside is walked by its own name.
            if each.startswith(".") or (each in folders and not _leaves(path, root)):
                continue
            if each not in folders and path.suffix.lower() in NEVER_DOCUMENTS:
                continue
            if _chosen(name, include=include, exclude=exclude):
                yield _classified(path, name, root)
    yield from (_closed(error, root) for error in unreadable)


def _classified(path: Path, name: str, root: Path) -> FoundFile | Unusable:
    if _leaves(path, root) and path.is_symlink():
        return Unusable(
            document_id=name,
            reason="is a link that leads out of the folder. Copy what it points to into the "
            "folder, or add that place as a source of its own.",
        )
    try:
        regular = stat.S_ISREG(path.stat().st_mode)
    except OSError as error:
        return Unusable(document_id=name, reason=f"cannot be opened ({_why(error)}).")
    known = FORMATS.get(path.suffix.lower())
    if not regular or known is None:
        what = path.suffix.lower() or "no suffix"
        return Unusable(
            document_id=name,
            reason=f"is not a kind of file that is read here ({what if regular else 'no file'}). "
            "Convert it to HTML, Markdown, text, PDF or JSON, or exclude it.",
        )
    return FoundFile(path=path, name=name, format=known)


def _closed(error: OSError, root: Path) -> Unusable:
    try:
        name = _name(Path(str(error.filename)).relative_to(root).as_posix())
    except ValueError:
        name = _name(str(error.filename))
    return Unusable(
        document_id=name,
        reason=f"this folder cannot be listed ({_why(error)}). Let the bot's user read it.",
        hides=True,
    )


def _leaves(path: Path, root: Path) -> bool:
    """Whether a link leads out of the folder (a link that leads nowhere is told apart later)."""
    if not path.is_symlink():
        return False
    try:
        return not path.resolve().is_relative_to(root.resolve())
    except (OSError, RuntimeError):  # RuntimeError: a loop of links
        return False


def _chosen(name: str, *, include: Sequence[str], exclude: Sequence[str]) -> bool:
    wanted = not include or any(_matches(name, pattern) for pattern in include)
    return wanted and not any(_matches(name, pattern) for pattern in exclude)


def _matches(name: str, pattern: str) -> bool:
    """`*` crosses folders too; `**/` at the start may also stand for no folder at all."""
    return fnmatchcase(name, pattern) or (
        pattern.startswith("**/") and fnmatchcase(name, pattern.removeprefix("**/"))
    )


def _name(text: str) -> str:
    """A file name as text that can be stored: bytes that are not UTF-8 become \\xNN."""
    return text.encode("utf-8", "surrogateescape").decode("utf-8", "backslashreplace")


def _why(error: Exception) -> str:
    return getattr(error, "strerror", None) or str(error)
