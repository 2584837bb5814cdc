"""Secrets that are kept in the database, such as the tokens of others' accounts: sealed with keys
that stand in the settings, so that who reads the database alone has none of them.

There may be several keys: the first seals, all of them open. So a key is replaced by putting a new
one before it, and taken out once everything was sealed anew.
https://cryptography.io/en/latest/fernet/
"""

from __future__ import annotations

from collections.abc import Sequence

from cryptography.fernet import Fernet, InvalidToken, MultiFernet

from bot.errors import SecretUnreadable, SettingInvalid

_WRONG_KEY = (
    "ENCRYPTION_KEYS holds something that is no key. Make one with: "
    "openssl rand -base64 32 | tr '+/' '-_'"
)


class Sealer:
    """Seals and opens. Safe to share between threads."""

    def __init__(self, keys: Sequence[str]) -> None:
        """The newest key first. Raises SettingInvalid for one that is none, or for none at all."""
        try:
            found = [Fernet(each.strip()) for each in keys if each.strip()]
            self._newest, self._all = found[0], MultiFernet(found)
        except (ValueError, IndexError) as error:
            raise SettingInvalid(_WRONG_KEY) from error

    def seal(self, secret: str) -> bytes:
        return self._newest.encrypt(secret.encode())

    def open(self, sealed: bytes) -> str:
        """Raises SecretUnreadable where none of the keys is the one that it was sealed with."""
        try:
            return self._all.decrypt(bytes(sealed)).decode()
        except InvalidToken as error:
            raise SecretUnreadable from error

    def renewed(self, sealed: bytes) -> bytes | None:
        """The same secret, sealed with the newest key; None where it is so already. Raises
        SecretUnreadable."""
        try:
            self._newest.decrypt(bytes(sealed))
        except InvalidToken:
            return self.seal(self.open(sealed))
        return None
