"""Everything that ends a command or a job with an error people must act on.

SupportbotError
├── SettingInvalid          a setting is missing or cannot be used; names it
├── DatabaseUnavailable     the database cannot be reached or started
│   └── NotConnected        its server takes no connection now
├── DatabaseUnsuitable      it is reached but lacks what we need (pgvector, schema)
├── InputRejected           a file or an argument cannot be used; names file and line
│   └── SourceBusy          another run of this source is going on
├── ChangeRefused           it would lower a guarded figure; names the cases
├── SecretUnreadable        a secret in the database was sealed with a key that is not set
└── TicketUnsettled         a ticket must be looked at again later
"""

from datetime import timedelta


class SupportbotError(Exception):
    """Supportbot cannot go on."""

    def __init__(self, message: str | None = None) -> None:
        super().__init__(message or self.__class__.__doc__)


class SettingInvalid(SupportbotError):
    """A setting cannot be used."""


class DatabaseUnavailable(SupportbotError):
    """The database cannot be reached."""


class NotConnected(DatabaseUnavailable):
    """The server takes no connection."""


class DatabaseUnsuitable(SupportbotError):
    """The database lacks something that Supportbot needs."""


class InputRejected(SupportbotError):
    """The input cannot be used."""


class ChangeRefused(SupportbotError):
    """The change would lower a guarded figure."""


class SourceBusy(InputRejected):
    """This source is being synced already."""


class SecretUnreadable(SupportbotError):
    """A stored secret cannot be read: its key is missing from ENCRYPTION_KEYS."""


class TicketUnsettled(SupportbotError):
    """The ticket must be looked at again later."""

    def __init__(self, message: str | None = None, *, after: timedelta = timedelta()) -> None:
        super().__init__(message)
        self.after = after
