"""The files connector: everything that lies in one folder or file, as one stream of changes.

It delivers everything each time. A cursor that remembers every file would grow with the folder,
and the indexer knows an unchanged document by its hash anyway.
"""

from __future__ import annotations

from collections.abc import Collection, Iterator, Sequence
from pathlib import Path

from connectors.base import Change, Checkpoint, Cursor, Delete, Failed, Upsert
from connectors.decoding import decode
from connectors.errors import SourceUnavailable
from connectors.files.articles import Located, is_sideload_file, read_articles, read_sideloads
from connectors.files.discovery import FoundFile, discover
from connectors.files.pages import READERS, READS_DRAFTS, Defaults
from connectors.files.pdf import read_pdf
from connectors.findings import Draft, Finding, Unusable
from connectors.help_center import Sideloads
from connectors.validation import locale_of
from indexing.models import Audience, Document

LARGEST_FILE = 32 * 1024 * 1024
"""Bytes of one HTML, Markdown or text file; more is not something that people read."""

_OF_ARTICLES = frozenset({"json", "lines"})
_CURSOR: Cursor = '{"delivered": "everything"}'


class FilesConnector:
    """One folder (with its subfolders) or one file.

    `audience` and `locale` are for documents that name none; `url_base` is where the folder is
    published, if it is; `include` and `exclude` are glob patterns on the path below the folder
    ("guides/*", "**/*.md").
    """

    sweeps_each_run = True
    api_calls = 0

    def __init__(
        self,
        *,
        path: Path,
        source: str,
        audience: Audience | None = None,
        locale: str = "en-us",
        url_base: str = "",
        include: Sequence[str] = (),
        exclude: Sequence[str] = (),
    ) -> None:
        self._path = path
        self._include = tuple(include)
        self._exclude = tuple(exclude)
        self._defaults = Defaults(
            source=source,
            audience=audience or Audience.public(),
            locale=locale_of(locale),
            url_base=url_base,
        )

    def changes(self, cursor: Cursor, *, again: Collection[str] = ()) -> Iterator[Change]:
        """Every document, then a checkpoint. Drafts are never delivered; on a later run they
        are deleted, so that what was unpublished is gone even where a sweep cannot be made.
        Raises SourceMisconfigured when there is nothing at the path."""
        return self._changes(self._files(), later=bool(cursor))

    def live_ids(self) -> Iterator[str]:
        """Ids of what is there and published. Files are not opened but for JSON and Markdown,
        which may hold drafts. Raises SourceUnavailable, before the first id, when something
        unreadable may hide ids, or when there is nothing at all (a folder not mounted)."""
        ids: dict[str, None] = {}
        for place, found in self._located(self._files(), names_only=True):
            if isinstance(found, Unusable) and found.hides:
                raise SourceUnavailable(
                    f"{place} {found.reason} What it holds is unknown, so nothing can be removed "
                    "from this source until it is mended."
                )
            if not isinstance(found, Draft):
                ids[_id(found)] = None
        if not ids:
            raise SourceUnavailable(
                f"There are no documents in {self._path}. Is the folder mounted? To drop what "
                "was indexed from it, remove the source."
            )
        return iter(ids)

    def _files(self) -> Iterator[FoundFile | Unusable]:
        return discover(self._path, include=self._include, exclude=self._exclude)

    def _changes(self, files: Iterator[FoundFile | Unusable], *, later: bool) -> Iterator[Change]:
        first: dict[str, str] = {}
        for place, found in self._located(files):
            if isinstance(found, Unusable):
                yield Failed(
                    document_id=found.document_id or place, reason=f"{place} {found.reason}"
                )
                continue
            name = _id(found)
            if name in first:
                yield Failed(
                    document_id=name,
                    reason=f"{place} has the id {name}, which {first[name]} has already; the "
                    "first one counts. Give each document an id of its own.",
                )
                continue
            first[name] = place
            if isinstance(found, Document):
                yield Upsert(document=found)
            elif later:
                yield Delete(document_id=name)
        yield Checkpoint(cursor=_CURSOR)

    def _located(
        self, files: Iterator[FoundFile | Unusable], *, names_only: bool = False
    ) -> Iterator[Located]:
        """Everything that is found, each with its place. Files that only hold what belongs
        beside articles are read first, because articles everywhere need them."""
        sideloads = Sideloads()
        listed = list(files)
        for file in listed:
            if isinstance(file, FoundFile) and is_sideload_file(file):
                yield from _guarded(file, _beside(file, sideloads))
        for file in listed:
            if isinstance(file, Unusable):
                yield file.document_id, file
            elif not is_sideload_file(file):
                yield from _guarded(file, self._read(file, sideloads, names_only=names_only))

    def _read(
        self, file: FoundFile, sideloads: Sideloads, *, names_only: bool
    ) -> Iterator[Located]:
        if file.format in _OF_ARTICLES:
            yield from read_articles(file, self._defaults, sideloads)
        elif names_only and file.format not in READS_DRAFTS:
            empty = self._defaults.document(file.name, title="", body="", media_type="text/plain")
            yield file.name, empty
        elif file.format == "pdf":
            yield file.name, read_pdf(file.path, file.name, self._defaults)
        else:
            yield file.name, self._page(file)

    def _page(self, file: FoundFile) -> Finding:
        with file.path.open("rb") as stream:
            content = stream.read(LARGEST_FILE + 1)
        if len(content) > LARGEST_FILE:
            return Unusable(
                document_id=file.name,
                reason=f"is larger than {LARGEST_FILE // 1024**2} MB. Split it into several files.",
            )
        return READERS[file.format](file.name, decode(content), self._defaults)


def _id(found: Finding) -> str:
    return found.id if isinstance(found, Document) else found.document_id


def _beside(file: FoundFile, sideloads: Sideloads) -> Iterator[Located]:
    problem = read_sideloads(file, sideloads)
    if problem:
        yield file.name, problem


def _guarded(file: FoundFile, located: Iterator[Located]) -> Iterator[Located]:
    """The same, but a file that cannot be opened or vanishes while it is read is told of."""
    try:
        yield from located
    except OSError as error:
        yield (
            file.name,
            Unusable(
                document_id=file.name,
                reason=f"cannot be read ({error.strerror or error}). It is tried again next time.",
                hides=file.format in _OF_ARTICLES,
            ),
        )
