"""What ends a request for a page: turned into a page, or a way to sign in, in one place."""

from __future__ import annotations

from bot.errors import SupportbotError


class PageError(Exception):
    """The page cannot be shown."""

    def __init__(self, message: str | None = None) -> None:
        super().__init__(message or self.__class__.__doc__)


class SignInNeeded(PageError):
    """Sign in to see this page."""


class RoleNeeded(PageError):
    """Your role does not allow this. An admin can change it under People."""


class FormNotOurs(PageError):
    """This form has expired. Load the page again, then send it once more."""


class PageMissing(PageError):
    """There is no such page."""


class SignInFailed(SupportbotError):
    """The sign-in at the provider did not end well. Try again."""
