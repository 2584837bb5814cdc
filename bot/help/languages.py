"""Which language the help page speaks to somebody: the one that the address names, else what the
browser asks for, else the default. Answers have the language of their question, whatever this is.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass
from typing import TYPE_CHECKING

from babel import Locale

from bot.help.texts import TEXTS

if TYPE_CHECKING:
    from starlette.requests import Request

    from bot.help.texts import Texts

VARY: Mapping[str, str] = {"Vary": "Accept-Language"}
"""For every answer that has words in it."""

_ANY = "*"
# https://www.rfc-editor.org/rfc/rfc9110#field.accept-language
_RANGE = re.compile(r"\s*(\*|[a-z]{1,8}(?:-[a-z0-9]{1,8})*)\s*(?:;\s*q=([01](?:\.\d{0,3})?)\s*)?")


@dataclass(frozen=True, kw_only=True, slots=True)
class Spoken:
    """One of the languages of the texts, and whether the address named it."""

    language: str
    is_named: bool = False

    @property
    def words(self) -> Texts:
        """The words in this language."""
        return TEXTS[self.language]

    @property
    def direction(self) -> str:
        """ltr or rtl."""
        return Locale.parse(self.language).text_direction

    def address(self, path: str) -> str:
        """The address of a path, from which the page goes on in this language."""
        return f"{path}?locale={self.language}" if self.is_named else path


def spoken_to(request: Request, *, default: str) -> Spoken:
    """The language of the page that this request gets. What nobody knows is passed over."""
    if named := _known(request.query_params.get("locale", "")):
        return Spoken(language=named, is_named=True)
    accepted = ",".join(request.headers.getlist("accept-language"))
    return Spoken(language=preferred(accepted, default=default))


def preferred(accepted: str, *, default: str) -> str:
    """The language that is wanted most, by the header Accept-Language, among those of the texts."""
    ranges = [found for each in accepted.lower().split(",") if (found := _RANGE.fullmatch(each))]
    wanted = [(float(found[2] or 1), found[1]) for found in ranges]
    for weight, name in sorted(wanted, key=lambda each: -each[0]):
        if weight > 0 and (language := default if name == _ANY else _known(name)):
            return language
    return default


def _known(locale: str) -> str:
    """The language of "de" or "de-AT" where there are texts in it, else ""."""
    language = locale.lower().replace("_", "-").partition("-")[0]
    return language if language in TEXTS else ""
