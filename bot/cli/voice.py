"""`supportbot zendesk voice`: how replies greet, sign off, and name working hours."""

from typing import TYPE_CHECKING, Annotated

import typer

from bot.cli.opening import application, operator
from bot.errors import InputRejected

if TYPE_CHECKING:
    from collections.abc import Sequence

    from bot.zendesk.voices import BrandVoice, Voices

app = typer.Typer(
    help="Say how replies speak, for all brands or for one.",
    no_args_is_help=True,
    rich_markup_mode=None,
)

Brand = Annotated[int | None, typer.Option(help="A brand's id; else for every brand")]
_LANGUAGE = "LANGUAGE=TEXT, such as de='…'; may be given several times"


@app.command("show")
def show(as_json: Annotated[bool, typer.Option("--json", help="Print JSON")] = False) -> None:
    """Show what is set; the rest is said in the product's own words."""
    from bot import terminal  # noqa: PLC0415 - keeps --help instant
    from bot.zendesk.voices import Voices  # noqa: PLC0415 - as above

    with application() as opened:
        voices = opened.preferences.get(Voices)
    if as_json:
        terminal.write_json(voices.model_dump(mode="json"))
        return
    rows = [row for name, voice in _named(voices) for row in _rows(name, voice)]
    if rows:
        terminal.write_table(("BRAND", "WHAT", "LANGUAGE", "TEXT"), rows)
    else:
        terminal.notice("Nothing is set: replies are in the product's own words.")


@app.command("set")
def set_one(
    brand: Brand = None,
    name: Annotated[str | None, typer.Option(help="What the brand is called in replies")] = None,
    greeting: Annotated[
        list[str] | None, typer.Option(help=f"{_LANGUAGE}. {{name}} is the customer's name")
    ] = None,
    sign_off: Annotated[list[str] | None, typer.Option(help=_LANGUAGE)] = None,
    hours: Annotated[
        list[str] | None, typer.Option(help=f"Working hours in words. {_LANGUAGE}, or for all: =…")
    ] = None,
) -> None:
    """Change how replies speak. An empty text gives that one back to the product."""
    from pydantic import ValidationError  # noqa: PLC0415 - keeps --help instant

    from bot import terminal  # noqa: PLC0415 - keeps --help instant
    from bot.zendesk.voices import BrandVoice, Voices  # noqa: PLC0415 - as above

    with application() as opened:
        voices = opened.preferences.get(Voices)
        old = voices.default if brand is None else voices.brands.get(brand, BrandVoice())
        try:
            new = BrandVoice(
                brand=old.brand if name is None else name,
                greeting=_changed(old.greeting, greeting),
                sign_off=_changed(old.sign_off, sign_off),
                hours=_changed(old.hours, hours),
            )
        except ValidationError as error:
            first = error.errors()[0]
            option = f"--{str(first['loc'][0]).replace('_', '-').replace('brand', 'name')}"
            message = first["msg"].removeprefix("Value error, ")
            raise InputRejected(f"{option}: {message}.") from error
        changed = (
            voices.model_copy(update={"default": new})
            if brand is None
            else voices.model_copy(update={"brands": {**voices.brands, brand: new}})
        )
        opened.preferences.put(changed, actor=operator())
    terminal.write("Set. It counts from the next reply on.")


def _changed(old: dict[str, str], given: "Sequence[str] | None") -> dict[str, str]:
    changed = dict(old)
    for each in given or ():
        language, equals, text = each.partition("=")
        if not equals:
            raise InputRejected(f"{each!r} names no language: write it as {_LANGUAGE}.")
        changed[language.strip().lower()] = text.replace("\\n", "\n").strip()
    return {language: text for language, text in changed.items() if text}


def _named(voices: "Voices") -> "list[tuple[str, BrandVoice]]":
    brands = [(str(number), voice) for number, voice in sorted(voices.brands.items())]
    return [("any", voices.default), *brands]


def _rows(brand: str, voice: "BrandVoice") -> list[tuple[str, str, str, str]]:
    named = [(brand, "name", "any", voice.brand)] if voice.brand else []
    return named + [
        (brand, what.replace("_", "-"), language or "any", text)
        for what, texts in (
            ("greeting", voice.greeting),
            ("sign_off", voice.sign_off),
            ("hours", voice.hours),
        )
        for language, text in sorted(texts.items())
    ]
