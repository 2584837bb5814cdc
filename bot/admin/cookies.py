"""The cookies of the console, each readable by the server only and never sent by another site."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import timedelta
from typing import TYPE_CHECKING, Literal

if TYPE_CHECKING:
    from fastapi import Request, Response

Name = Literal["session", "visit", "said", "theme"]
"""The session; what ties a form to a browser before there is one; what the next page says; and
how light it is."""


@dataclass(frozen=True, kw_only=True, slots=True)
class Cookies:
    """Sets and reads them. `secure` where people come by https: a name that begins with __Host- is
    then believed only from the very host, over https."""

    secure: bool

    def get(self, request: Request, name: Name) -> str:
        """Its value, "" where there is none."""
        return request.cookies.get(self._full(name), "")

    def put(
        self, response: Response, name: Name, value: str, *, lasts: timedelta | None = None
    ) -> None:
        """Until the browser is closed unless it `lasts`."""
        response.set_cookie(
            self._full(name),
            value,
            max_age=int(lasts.total_seconds()) if lasts else None,
            path="/",
            secure=self.secure,
            httponly=True,
            samesite="lax",
        )

    def drop(self, response: Response, name: Name) -> None:
        """Takes it away."""
        response.delete_cookie(
            self._full(name), path="/", secure=self.secure, httponly=True, samesite="lax"
        )

    def _full(self, name: Name) -> str:
        return f"{'__Host-' if self.secure else ''}supportbot_{name}"
