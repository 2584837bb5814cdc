"""What admins set of the help page, where customers ask without writing a ticket."""

from __future__ import annotations

from typing import ClassVar
from urllib.parse import urlsplit

from pydantic import Field, field_validator

from bot.preferences import Preference

TITLE = "How can we help?"
INTRODUCTION = "Ask in your own words. Every answer shows where it comes from."
"""Left as they are, the page says them in the language of whoever reads it."""

_FIRST = "“{}” is said in the language of whoever reads it. What you write stands as written."
_MOST = 50


class HelpPage(Preference):
    """Counts at once."""

    NAME: ClassVar[str] = "help"

    enabled: bool = Field(
        default=False,
        title="Show the help page at /help",
        description="Everybody who can reach this address may ask. Answers come from public "
        "knowledge only.",
    )
    title: str = Field(
        default=TITLE,
        max_length=120,
        title="Title",
        description=_FIRST.format(TITLE),
    )
    introduction: str = Field(
        default=INTRODUCTION,
        max_length=500,
        title="Introduction",
        description=_FIRST.format(INTRODUCTION),
    )
    tickets: bool = Field(
        default=True,
        title="Offer to contact us",
        description="Opens a ticket in Zendesk with the conversation, where Zendesk is connected.",
    )
    embedded_by: tuple[str, ...] = Field(
        default=(),
        title="Sites that may show it in a frame",
        description="Such as https://www.example.com. None means no other site.",
    )

    @field_validator("embedded_by")
    @classmethod
    def _origins(cls, sites: tuple[str, ...]) -> tuple[str, ...]:
        if len(sites) > _MOST:
            raise ValueError(f"holds at most {_MOST} sites")
        return tuple(dict.fromkeys(map(_origin, sites)))

    @property
    def ancestors(self) -> str:
        """The same, in the words of frame-ancestors."""
        return " ".join(("'self'", *self.embedded_by))


def _origin(site: str) -> str:
    """Only scheme and host: what else stood in a header could say something else."""
    try:
        parts = urlsplit(site.strip())
        port = f":{parts.port}" if parts.port else ""
    except ValueError:
        parts, port = urlsplit(""), ""
    host = parts.hostname or ""
    is_name = host.replace("-", "").replace(".", "").isalnum() and host.isascii()
    if parts.scheme not in {"https", "http"} or not is_name:
        raise ValueError("must be addresses such as https://www.example.com")
    return f"{parts.scheme}://{host}{port}"
