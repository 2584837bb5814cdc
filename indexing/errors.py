"""Everything that can go wrong between a document and a passage.

IndexingError
├── DocumentRejected        this one document cannot be indexed; the rest goes on
├── EmbeddingModelMissing   the model's files are not on this machine
├── EmbeddingFailed         the model could not embed these texts
├── IndexMissing            nothing has been indexed with this model yet
└── IndexMismatch           the index was built by another model or vector size
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
    """The index was built by another embedding model."""
