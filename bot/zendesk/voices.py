"""How each brand speaks, as its admin has set it."""

from __future__ import annotations

import re
from typing import ClassVar

from pydantic import BaseModel, ConfigDict, Field, field_validator

from bot.preferences import Preference
from bot.zendesk.replies import Voice
from bot.zendesk.texts import TEXTS

_BRACES = re.compile(r"\{(?!name\})[^{}]*\}?|(?<!\{name)\}")
_LONGEST = 1_000


class BrandVoice(BaseModel):
    """One brand's own words by language ("de"; hours also under ""); what is left out is said in
    the product's words. `{name}` in a greeting stands for the customer's name."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    brand: str = Field(default="", max_length=100)
    greeting: dict[str, str] = Field(default_factory=dict)
    sign_off: dict[str, str] = Field(default_factory=dict)
    hours: dict[str, str] = Field(default_factory=dict)

    @field_validator("greeting", "sign_off", "hours")
    @classmethod
    def _known(cls, templates: dict[str, str]) -> dict[str, str]:
        for language, template in templates.items():
            if language.partition("-")[0] not in {*TEXTS, ""}:
                spoken = ", ".join(TEXTS)
                raise ValueError(f"{language!r} is no language that the bot writes: use {spoken}")
            if len(template) > _LONGEST:
                raise ValueError(f"is longer than {_LONGEST} characters in {language!r}")
        return templates

    @field_validator("greeting")
    @classmethod
    def _only_name(cls, templates: dict[str, str]) -> dict[str, str]:
        for language, template in templates.items():
            if _BRACES.search(template):
                raise ValueError(f"may hold {{name}} and no other braces, in {language!r}")
        return templates


class Voices(Preference):
    """The voice of every brand: its own by its id, or the one for all."""

    NAME: ClassVar[str] = "voices"

    default: BrandVoice = BrandVoice()
    brands: dict[int, BrandVoice] = Field(default_factory=dict)

    def of(self, brand_id: int | None) -> Voice:
        """What replies of this brand are written in. What its own voice leaves out is taken from
        the one for all."""
        own = self.brands.get(brand_id or 0, BrandVoice())
        return Voice(
            brand=own.brand or self.default.brand,
            greeting={**self.default.greeting, **own.greeting},
            sign_off={**self.default.sign_off, **own.sign_off},
            hours={**self.default.hours, **own.hours},
        )
