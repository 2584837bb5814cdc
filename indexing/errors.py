"""Everything that can go wrong between a document and a passage.

IndexingError
├── DocumentRejected        this one document cannot be indexed; the rest goes on
├── EmbeddingModelMissing   the model's files are not on this machine
├── EmbeddingFailed         the model could not embed these texts
├── IndexMissing            there is no such index, or nothing has been indexed yet
├── IndexMismatch           the index was built with vectors of another size
├── IndexReplaced           another index has gone live since the work on this one began
├── IndexDropped            the index was dropped while it was being built
├── IndexBusy               another process builds or uses it
├── BuildIncomplete         some documents cannot be indexed with the new model
└── SwapRefused             the new index is complete, but would answer worse
"""


class IndexingError(Exception):
    """Indexing failed."""

    def __init__(self, message: str | None = None) -> None:
        super().__init__(message or self.__class__.__doc__)


class DocumentRejected(IndexingError):
    """The document holds nothing that can be indexed."""


class EmbeddingModelMissing(IndexingError):
    """The embedding model is not installed."""


class EmbeddingFailed(IndexingError):
    """The embedding model failed on these texts."""


class IndexMissing(IndexingError):
    """There is no index yet: run `supportbot migrate`, then `supportbot sync`."""


class IndexMismatch(IndexingError):
    """The index was built with vectors of another size."""


class IndexReplaced(IndexingError):
    """The index was replaced by another model's: run the command again."""


class IndexDropped(IndexingError):
    """The index was dropped while it was being built."""


class IndexBusy(IndexingError):
    """The index is in use: try again later."""


class BuildIncomplete(IndexingError):
    """Not every document could be indexed with the new model."""


class SwapRefused(IndexingError):
    """The new index would answer worse than the one that is live."""
