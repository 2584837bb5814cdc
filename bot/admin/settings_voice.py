"""How replies speak: greeting, signature and working hours, for every brand or for one."""

from __future__ import annotations

from typing import TYPE_CHECKING, Annotated

from fastapi import APIRouter, Depends, Form, Request, Response
from pydantic import ValidationError

from bot.admin import texts
from bot.admin.requests import visitor_of
from bot.admin.roles import Role
from bot.admin.settings_tabs import TABS
from bot.errors import InputRejected
from bot.zendesk.texts import TEXTS
from bot.zendesk.voices import BrandVoice, Voices

if TYPE_CHECKING:
    from bot.admin.parts import Parts

_HERE = "/admin/settings/voice"


def voice_routes(parts: Parts) -> APIRouter:
    """One form, for the brand and the language that are chosen."""
    router = APIRouter(prefix="/voice")
    admins = [Depends(parts.gate.needs(Role.ADMIN))]

    def shown(request: Request, brand_id: int, language: str, *, problem: str = "") -> Response:
        voices = parts.preferences.get(Voices)
        return parts.pages.show(
            request,
            "settings_voice.html",
            status=422 if problem else 200,
            name="voice",
            tabs=TABS,
            brand_id=brand_id,
            brands=sorted(voices.brands),
            voice=_of(voices, brand_id),
            language=language if language in TEXTS else "en",
            languages=sorted(TEXTS),
            problem=problem,
        )

    @router.get("")
    def show(request: Request, brand: int = 0, language: str = "en") -> Response:
        return shown(request, brand, language)

    @router.post("", dependencies=admins)
    def save(
        request: Request,
        brand: Annotated[int, Form(ge=0)] = 0,
        language: Annotated[str, Form(max_length=10)] = "en",
        title: Annotated[str, Form(max_length=200)] = "",
        greeting: Annotated[str, Form(max_length=5_000)] = "",
        sign_off: Annotated[str, Form(max_length=5_000)] = "",
        hours: Annotated[str, Form(max_length=5_000)] = "",
    ) -> Response:
        voices = parts.preferences.get(Voices)
        old = _of(voices, brand)
        try:
            new = BrandVoice(
                brand=" ".join(title.split()),
                greeting=_with(old.greeting, language, greeting),
                sign_off=_with(old.sign_off, language, sign_off),
                hours=_with(old.hours, language, hours),
            )
        except ValidationError as error:
            first = error.errors(include_url=False)[0]
            message = first["msg"].removeprefix("Value error, ")
            return shown(request, brand, language, problem=f"{first['loc'][0]}: {message}.")
        change = {"brands": {**voices.brands, brand: new}} if brand else {"default": new}
        changed = voices.model_copy(update=change)
        parts.preferences.put(changed, actor=visitor_of(request).person.actor)
        to = f"{_HERE}?brand={brand}&language={language}"
        return parts.pages.go(request, to, said=texts.SETTINGS_SAVED)

    return router


def _of(voices: Voices, brand_id: int) -> BrandVoice:
    return voices.brands.get(brand_id, BrandVoice()) if brand_id else voices.default


def _with(old: dict[str, str], language: str, text: str) -> dict[str, str]:
    if language not in TEXTS:
        raise InputRejected("Replies are not written in this language.")
    changed = {**old, language: text.replace("\r\n", "\n").strip()}
    return {name: value for name, value in changed.items() if value}
