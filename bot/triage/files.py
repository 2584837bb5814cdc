"""Taxonomies and examples as files: CSV and JSON Lines in, JSON Lines out.

Every line must be understood, or the file is rejected with the line's number: half a taxonomy
would send tickets to the wrong people.
"""

from __future__ import annotations

import csv
import io
import json
from dataclasses import asdict, dataclass, replace
from importlib.resources import files
from typing import TYPE_CHECKING, Any, TypeVar

from pydantic import BaseModel, ConfigDict, Field, ValidationError

from bot.audit import SYSTEM
from bot.errors import InputRejected
from bot.triage.models import NONE, Example, RoutingTag, Rule
from bot.triage.taxonomy import checked_rule
from connectors.zendesk.conversation import Priority

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping
    from pathlib import Path

    from bot.audit import Actor
    from bot.triage.models import Taxonomy
    from bot.triage.taxonomy import TaxonomyStore


@dataclass(frozen=True, kw_only=True, slots=True)
class Contents:
    """What a file holds. `named` are tags that examples or rules speak of, in order of mention."""

    tags: tuple[RoutingTag, ...]
    examples: tuple[Example, ...]
    rules: tuple[Rule, ...]
    named: tuple[str, ...]


@dataclass(frozen=True, kw_only=True, slots=True)
class Imported:
    """What an import changed."""

    tags: int
    examples: int
    rules: int


class _Line(BaseModel):
    model_config = ConfigDict(extra="forbid")


class _TagLine(_Line):
    tag: str = Field(min_length=1)
    description: str = ""
    group_id: int | None = None
    group_name: str = ""
    priority: Priority | None = None
    custom_fields: dict[str, Any] = {}
    enabled: bool = True
    examples: tuple[str, ...] = ()


class _RuleLine(_Line):
    rule: str = Field(min_length=1)
    phrases: tuple[str, ...] = ()
    channels: tuple[str, ...] = ()
    brands: tuple[str, ...] = ()
    forms: tuple[str, ...] = ()
    requester_tags: tuple[str, ...] = ()
    locales: tuple[str, ...] = ()


class _ExampleLine(BaseModel):
    """Unknown keys are left alone: files of examples carry ids and dates."""

    text: str = Field(min_length=1)
    label: str = Field(min_length=1)


Line = TypeVar("Line", _TagLine, _RuleLine, _ExampleLine)


def read(path: Path) -> Contents:
    """The file's tags, examples and rules. A CSV has the columns text and label; a JSON line is an
    example ("text" and "label"), a tag ("tag") with its "examples", or a rule ("rule" names the
    tag). Label "oos" means none of them. Raises InputRejected with file and line."""
    if path.suffix.lower() == ".csv":
        return _contents(_csv(path), source=path.name)
    return _contents(_json_lines(path), source=path.name)


def read_sample() -> Contents:
    """Tags for the sample help center: a dozen, with examples in several words each."""
    text = files("bot.triage").joinpath("samples", "larkmoor.jsonl").read_text(encoding="utf-8")
    return _contents(_parsed("sample", text), source="sample")


def load(store: TaxonomyStore, contents: Contents, *, actor: Actor = SYSTEM) -> Imported:
    """Writes what a file holds; a tag that it only names is added if it is new, and a rule that is
    there already is not added again. Returns what changed. Raises InputRejected."""
    before = store.read()
    known = {tag.name for tag in before.tags} | {tag.name for tag in contents.tags}
    named = [name for name in contents.named if name not in known]
    tags = [*contents.tags, *(RoutingTag(name=name) for name in named)]
    have = {_conditions(rule) for rule in before.rules}
    rules = (checked_rule(rule) for rule in contents.rules)
    new = [rule for rule in rules if _conditions(rule) not in have]
    examples = store.save(tags, contents.examples, actor=actor)
    for rule in new:
        store.add_rule(rule, actor=actor)
    return Imported(tags=len(tags), examples=examples, rules=len(new))


def export(taxonomy: Taxonomy) -> Iterator[str]:
    """The taxonomy as JSON Lines that `read` takes: tags with their examples, then examples of
    none, then rules in their order."""
    for tag in taxonomy.tags:
        values = {"tag": tag.name, **asdict(tag), "custom_fields": dict(tag.custom_fields)}
        del values["name"]
        values["examples"] = [each.text for each in taxonomy.examples if each.tag == tag.name]
        yield json.dumps(values, ensure_ascii=False)
    for each in taxonomy.examples:
        if each.tag is None:
            yield json.dumps({"text": each.text, "label": NONE}, ensure_ascii=False)
    for rule in taxonomy.rules:
        values = {"rule": rule.tag, **asdict(rule)}
        del values["tag"], values["id"], values["position"]
        yield json.dumps(
            {name: value for name, value in values.items() if value}, ensure_ascii=False
        )


def _conditions(rule: Rule) -> Rule:
    return replace(rule, position=0, id=0)


def _contents(lines: Iterator[_TagLine | _RuleLine | _ExampleLine], *, source: str) -> Contents:
    tags: list[RoutingTag] = []
    examples: list[Example] = []
    rules: list[Rule] = []
    named: dict[str, None] = {}
    for line in lines:
        match line:
            case _TagLine():
                name = line.tag.strip().lower()
                tags.append(_tag(line, name))
                examples += [Example(text=one, tag=name, source=source) for one in line.examples]
            case _RuleLine():
                name = line.rule.strip().lower()
                rules.append(Rule(tag=name, **line.model_dump(exclude={"rule"})))
                named[name] = None
            case _ExampleLine():
                name = line.label.strip().lower()
                tag = None if name == NONE else name
                examples.append(Example(text=line.text, tag=tag, source=source))
                if tag is not None:
                    named[tag] = None
    return Contents(
        tags=tuple(tags), examples=tuple(examples), rules=tuple(rules), named=tuple(named)
    )


def _tag(line: _TagLine, name: str) -> RoutingTag:
    return RoutingTag(name=name, **line.model_dump(exclude={"tag", "examples"}))


def _json_lines(path: Path) -> Iterator[_TagLine | _RuleLine | _ExampleLine]:
    yield from _parsed(str(path), _text(path))


def _parsed(where: str, text: str) -> Iterator[_TagLine | _RuleLine | _ExampleLine]:
    for number, line in enumerate(text.split("\n"), start=1):
        if line.strip():
            yield _checked(f"{where}:{number}", _object(f"{where}:{number}", line))


def _object(where: str, line: str) -> Mapping[str, Any]:
    try:
        value = json.loads(line)
    except ValueError as error:
        raise InputRejected(f"{where}: not JSON ({error}).") from error
    if not isinstance(value, dict):
        raise InputRejected(f"{where}: not a JSON object.")
    return value


def _csv(path: Path) -> Iterator[_ExampleLine]:
    rows = csv.reader(io.StringIO(_text(path), newline=""), strict=True)
    try:
        names = [each.strip().lower() for each in next(rows, [])]
        if not {"text", "label"} <= set(names):
            raise InputRejected(f"{path}:1: the first line must name the columns text and label.")
        for row in rows:
            if row:
                values = dict(zip(names, row, strict=False))
                yield _validated(f"{path}:{rows.line_num}", _ExampleLine, values)
    except csv.Error as error:
        raise InputRejected(f"{path}:{rows.line_num}: not CSV ({error}).") from error


def _checked(where: str, value: Mapping[str, Any]) -> _TagLine | _RuleLine | _ExampleLine:
    if "tag" in value:
        return _validated(where, _TagLine, value)
    if "rule" in value:
        return _validated(where, _RuleLine, value)
    return _validated(where, _ExampleLine, value)


def _validated(where: str, kind: type[Line], value: Mapping[str, Any]) -> Line:
    try:
        return kind.model_validate(value)
    except ValidationError as error:
        first = error.errors()[0]
        field = ".".join(str(part) for part in first["loc"])
        raise InputRejected(f"{where}: {field}: {first['msg']}.") from error


def _text(path: Path) -> str:
    try:
        return path.read_text(encoding="utf-8-sig")
    except OSError as error:
        raise InputRejected(f"{path}: {error.strerror or error}.") from error
    except UnicodeDecodeError as error:
        raise InputRejected(f"{path}: not UTF-8 text ({error.reason}).") from error
