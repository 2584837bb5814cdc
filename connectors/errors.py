"""Everything that can go wrong at a source of knowledge.

    ConnectorError
    ├── SourceMisconfigured     the source's settings cannot work
    ├── CredentialsRejected     the vendor refused these credentials
    ├── PermissionMissing       the credentials are good but lack a scope or role
    ├── RateLimited             the vendor asked us to wait
    └── SourceUnavailable       the vendor or folder cannot be reached now; try again later
"""


class ConnectorError(Exception):
    """The source could not be read."""

    def __init__(self, message: str | None = None) -> None:
        super().__init__(message or self.__class__.__doc__)


class SourceMisconfigured(ConnectorError):
    """The source's settings cannot work."""


class CredentialsRejected(ConnectorError):
    """The vendor refused the credentials."""


class PermissionMissing(ConnectorError):
    """The credentials lack a permission that this source needs."""


class RateLimited(ConnectorError):
    """The vendor asked us to slow down."""

    def __init__(self, message: str | None = None, *, retry_after: float = 0.0) -> None:
        super().__init__(message)
        self.retry_after = retry_after


class SourceUnavailable(ConnectorError):
    """The source cannot be reached now."""
