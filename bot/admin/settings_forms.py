"""Forms that are drawn from a pydantic model: its fields become controls, its errors stand beside
them. What can be set is said in one place, and read by the command line and by pages."""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, Literal, get_args, get_origin

from pydantic import BaseModel, ValidationError
from pydantic_core import PydanticUndefined

if TYPE_CHECKING:
    from pydantic.fields import FieldInfo
    from starlette.datastructures import FormData

Control = Literal["text", "number", "decimal", "list", "choice", "checkbox"]

_SEPARATOR = re.compile(r"[,\n\r]+")


@dataclass(frozen=True, kw_only=True, slots=True)
class Field:
    """One control. `values` are what it holds now, one but for lists; `options` what a choice
    offers; `wrong` what is the matter with it."""

    name: str
    title: str
    about: str
    control: Control
    required: bool
    values: tuple[str, ...]
    options: tuple[str, ...] = ()
    wrong: str = ""

    @property
    def value(self) -> str:
        """The one value, or the lines of a list."""
        return "\n".join(self.values)


def fields_of(
    model: type[BaseModel],
    given: Mapping[str, Any] | None = None,
    wrong: Mapping[str, str] | None = None,
) -> tuple[Field, ...]:
    """The controls of a model, holding what was `given`, else its defaults."""
    return tuple(
        _field(name, info, (given or {}).get(name, PydanticUndefined), (wrong or {}).get(name, ""))
        for name, info in model.model_fields.items()
    )


def read(form: FormData, model: type[BaseModel]) -> dict[str, Any]:
    """What a form says of a model's fields, as its validation takes it. A field that is left empty
    is left to its default, a box that is not ticked is False."""
    found: dict[str, Any] = {}
    for name, info in model.model_fields.items():
        texts = [each.strip() for each in form.getlist(name) if isinstance(each, str)]
        control = _control(info)
        if control == "list":
            parts = (part.strip() for text in texts for part in _SEPARATOR.split(text))
            found[name] = list(dict.fromkeys(filter(None, parts)))
        elif control == "checkbox":
            found[name] = "true" in texts
        elif text := next(filter(None, texts), ""):
            found[name] = text
    return found


def checked(
    model: type[BaseModel], given: Mapping[str, Any]
) -> tuple[BaseModel | None, dict[str, str]]:
    """The model, or what is wrong by field."""
    try:
        return model.model_validate(given), {}
    except ValidationError as error:
        wrong: dict[str, str] = {}
        for each in error.errors(include_url=False, include_input=False):
            name = str(each["loc"][0]) if each["loc"] else ""
            message = each["msg"].removeprefix("Value error, ")
            wrong.setdefault(name, f"{message[:1].upper()}{message[1:]}.")
        return None, wrong


def _field(name: str, info: FieldInfo, given: Any, wrong: str) -> Field:
    value = given
    if value is PydanticUndefined:
        value = info.get_default(call_default_factory=True)
    if value is PydanticUndefined or value is None:
        value = ""
    return Field(
        name=name,
        title=info.title or name.replace("_", " ").capitalize(),
        about=info.description or "",
        control=_control(info),
        required=info.is_required(),
        values=_values(value),
        options=tuple(str(each) for each in _literals(info)),
        wrong=wrong,
    )


def _values(value: Any) -> tuple[str, ...]:
    if isinstance(value, bool):
        return ("true",) if value else ()
    if isinstance(value, str) or not isinstance(value, Sequence):
        return (str(value),) if str(value) else ()
    return tuple(map(str, value))


def _control(info: FieldInfo) -> Control:
    kind = info.annotation
    if _literals(info):
        return "choice"
    if get_origin(kind) in {tuple, list, frozenset}:
        return "list"
    if kind is bool:
        return "checkbox"
    return "number" if kind is int else "decimal" if kind is float else "text"


def _literals(info: FieldInfo) -> tuple[Any, ...]:
    return get_args(info.annotation) if get_origin(info.annotation) is Literal else ()
