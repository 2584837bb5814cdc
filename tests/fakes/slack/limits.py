"""What Slack refuses of a message, a modal or a stream: pure functions, for the stand-in and for
tests of what builds blocks.

`faults_of_message(...)`, `faults_of_view(...)` and `faults_of_chunks(...)` say everything that is
wrong, in the words that Slack's answers have; empty is good. `refusal_of_message(...)` is the one
error that a call would be answered with.
"""

from __future__ import annotations

import json
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from jsonschema import Draft202012Validator, ValidationError

from tests.fakes.slack import block_kit
from tests.fakes.slack.records import Json

TEXT_TRUNCATED = 40_000
TEXT_OF_UPDATES = 4_000
MARKDOWN = 12_000
# Not documented; answers of msg_blocks_too_long were seen from 11 to 17 kB of JSON on, so what
# stays below this is safe and what goes beyond it is not.
BLOCKS_JSON = 13_000
VIEW_BYTES = 250_000
METADATA_BYTES = 16_000

_VALIDATORS = {
    "blocks": Draft202012Validator(block_kit.BLOCKS_OF_A_MESSAGE),
    "view": Draft202012Validator(block_kit.VIEW),
    "chunks": Draft202012Validator(block_kit.CHUNKS),
    "metadata": Draft202012Validator(block_kit.METADATA),
}
_UNNAMED = "failed to match all allowed schemas"
_MEASURES: dict[str, Callable[[Any], str]] = {
    "minLength": lambda limit: f"must be more than {limit - 1} characters",
    "maxLength": lambda limit: f"must be less than {limit + 1} characters",
    "minItems": lambda limit: f"no fewer than {limit} items allowed",
    "maxItems": lambda limit: f"no more than {limit} items allowed",
    "type": lambda kind: f"must provide {'an' if kind[0] in 'aeio' else 'a'} {kind}",
}


@dataclass(frozen=True, kw_only=True)
class Refusal:
    """An error and, where Slack explains it, the explanations."""

    error: str
    messages: tuple[str, ...] = ()


def faults_of_message(message: Mapping[str, object]) -> list[str]:
    """Everything wrong with the content of chat.postMessage: `text`, `blocks`, `metadata`, …"""
    blocks = message.get("blocks") or []
    faults = _block_faults(blocks)
    refusal = refusal_of_message(message)
    if refusal and refusal.error != "invalid_blocks":
        faults.append(refusal.error)
    if len(str(message.get("text") or "")) > TEXT_TRUNCATED:
        faults.append("message_truncated")
    return faults


def faults_of_view(view: Mapping[str, object]) -> list[str]:
    """Everything wrong with a modal or a home tab."""
    faults = _said("view", view)
    if faults:
        return faults
    blocks: list[Json] = view["blocks"]  # type: ignore[assignment]  # the schema has seen to it
    faults += list(_repeated(blocks, "/view/blocks"))
    inputs = any(each["type"] == "input" for each in blocks)
    if inputs and view["type"] == "modal" and not view.get("submit"):
        faults.append("missing required field: submit [json-pointer:/view]")
    if len(_json(view).encode()) > VIEW_BYTES:
        faults.append("view_too_large")
    return faults


def faults_of_chunks(chunks: object) -> list[str]:
    """Everything wrong with the chunks of one call to a stream."""
    faults = _said("chunks", chunks)
    if not faults and isinstance(chunks, list):
        texts = sum(len(each["text"]) for each in chunks if each["type"] == "markdown_text")
        faults += ["msg_too_long"] if texts > MARKDOWN else []
    return faults


def refusal_of_message(
    message: Mapping[str, object], *, longest_text: int | None = None
) -> Refusal | None:
    """The error that this content is answered with; `longest_text` where the method has a limit
    that it does not quietly cut at."""
    text, blocks = str(message.get("text") or ""), message.get("blocks") or []
    markdown = str(message.get("markdown_text") or "")
    if markdown and (text or blocks):
        return Refusal(error="markdown_text_conflict")
    if not (text or blocks or markdown or message.get("attachments")):
        return Refusal(error="no_text")
    if len(markdown) > MARKDOWN or (longest_text and len(text) > longest_text):
        return Refusal(error="msg_too_long")
    return refusal_of_blocks(blocks) or refusal_of_metadata(message.get("metadata"))


def refusal_of_blocks(blocks: object) -> Refusal | None:
    if not isinstance(blocks, list):
        return Refusal(error="invalid_blocks_format")
    if faults := _block_faults(blocks):
        return Refusal(error="invalid_blocks", messages=tuple(faults))
    if len(_json(blocks)) > BLOCKS_JSON:
        return Refusal(error="msg_blocks_too_long")
    return None


def refusal_of_metadata(metadata: object) -> Refusal | None:
    if metadata is None:
        return None
    if _said("metadata", metadata):
        return Refusal(error="invalid_metadata_format")
    if len(_json(metadata)) > METADATA_BYTES:
        return Refusal(error="metadata_too_large")
    return None


def _block_faults(blocks: object) -> list[str]:
    faults = _said("blocks", blocks)
    if faults or not isinstance(blocks, list):
        return faults
    faults += _repeated(blocks, "/blocks")
    total = sum(len(each["text"]) for each in blocks if each["type"] == "markdown")
    if total > MARKDOWN:
        faults.append(f"must be less than {MARKDOWN + 1} characters [json-pointer:/blocks]")
    return faults


def _repeated(blocks: Sequence[Json], pointer: str) -> Iterator[str]:
    """Ids that are given twice: of blocks in a payload, of actions in a block."""
    seen: set[str] = set()
    for number, block in enumerate(blocks):
        identifier = block.get("block_id")
        if identifier and identifier in seen:
            yield f"`block_id` {identifier} already exists [json-pointer:{pointer}/{number}]"
        seen.add(identifier or "")
        actions = [each.get("action_id") for each in _elements(block)]
        for action in {each for each in actions if each and actions.count(each) > 1}:
            yield f"`action_id` {action} already exists [json-pointer:{pointer}/{number}]"


def _elements(block: Json) -> list[Json]:
    if block["type"] in {"actions", "context_actions"}:
        return list(block["elements"])
    return []


def _said(name: str, instance: object) -> list[str]:
    return [
        f"{_words(fault)} [json-pointer:/{'/'.join([name, *map(str, fault.absolute_path)])}]"
        for fault in _VALIDATORS[name].iter_errors(instance)
    ]


def _words(fault: ValidationError) -> str:
    """What Slack calls this."""
    limit, found = fault.validator_value, fault.instance
    kind = str(fault.validator)
    if kind == "enum":
        path = fault.absolute_path
        return f"unsupported type: {found}" if path and path[-1] == "type" else _UNNAMED
    if kind == "required":
        return f"missing required field: {next(each for each in limit if each not in found)}"
    if kind == "additionalProperties":
        unknown = next(each for each in found if each not in fault.schema["properties"])
        return f"invalid additional property: {unknown}"
    return _MEASURES[kind](limit) if kind in _MEASURES else _UNNAMED


def _json(value: object) -> str:
    return json.dumps(value, ensure_ascii=False, separators=(",", ":"))
