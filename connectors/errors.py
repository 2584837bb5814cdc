"""Everything that can go wrong at a source of knowledge.

ConnectorError
├── SourceMisconfigured     the source's settings cannot work
│   ├── AccountNotFound     there is no such account at the vendor
│   └── HelpCenterNotEnabled  the account has no help center where one is needed
├── CredentialsRejected     the vendor refused these credentials
├── PermissionMissing       the credentials are good but lack a scope or role
├── RequestRejected         the vendor does not take a request as we make it
├── RateLimited             the vendor asked us to wait
│   ├── VendorResting       it failed so often that we leave it alone for a while
│   └── BudgetUsedUp        an admin's budget allows no more for now
└── SourceUnavailable       the vendor or folder cannot be reached now; try again later
    └── WriteUncertain      the same, and nobody knows whether what we wrote has arrived
"""


class ConnectorError(Exception):
    """The source could not be read."""

    def __init__(self, message: str | None = None) -> None:
        super().__init__(message or self.__class__.__doc__)


class SourceMisconfigured(ConnectorError):
    """The source's settings cannot work."""


class AccountNotFound(SourceMisconfigured):
    """There is no such account."""


class HelpCenterNotEnabled(SourceMisconfigured):
    """The account has no help center."""


class CredentialsRejected(ConnectorError):
    """The vendor refused the credentials."""


class PermissionMissing(ConnectorError):
    """The credentials lack a permission that this source needs."""


class RequestRejected(ConnectorError):
    """The vendor does not take this request."""


class RateLimited(ConnectorError):
    """The vendor asked us to slow down."""

    def __init__(self, message: str | None = None, *, retry_after: float = 0.0) -> None:
        super().__init__(message)
        self.retry_after = retry_after


class VendorResting(RateLimited):
    """The vendor has failed repeatedly and is left alone for a while."""


class BudgetUsedUp(RateLimited):
    """The budget for this vendor is used up for now."""


class SourceUnavailable(ConnectorError):
    """The source cannot be reached now."""


class WriteUncertain(SourceUnavailable):
    """Nobody knows whether the vendor carried out what we wrote."""
