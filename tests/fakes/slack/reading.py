"""What a person sees of blocks, line by line."""

from __future__ import annotations

from collections.abc import Callable, Iterator

from tests.fakes.slack.message_rendering import unescaped
from tests.fakes.slack.records import Ephemeral, Json, Message, View


def seen(what: Message | Ephemeral | View) -> str:
    """Texts as they stand, buttons and menus in brackets, pictures by their descriptions. A
    message without blocks is its text."""
    if isinstance(what, View):
        title = what.body.get("title", {}).get("text", "")
        return "\n".join([*([f"# {title}"] if title else []), *_lines(what.body["blocks"])])
    return "\n".join(_lines(what.blocks)) if what.blocks else unescaped(what.text)


def _lines(blocks: list[Json]) -> Iterator[str]:
    for block in blocks:
        read = _READ.get(block["type"])
        if read is not None:
            yield from filter(None, read(block))


def _section(block: Json) -> Iterator[str]:
    yield _text(block.get("text"))
    for each in block.get("fields", ()):
        yield _text(each)
    if "accessory" in block:
        yield _element(block["accessory"])


def _row(block: Json) -> Iterator[str]:
    yield " ".join(_element(each) for each in block["elements"])


def _input(block: Json) -> Iterator[str]:
    yield f"{_text(block['label'])}: {_element(block['element'])}"
    yield _text(block.get("hint"))


def _rich(block: Json) -> Iterator[str]:
    for part in block["elements"]:
        yield "".join(_rich_element(each) for each in part["elements"])


def _rich_element(element: Json) -> str:
    if element["type"] in {"text", "link"}:
        return str(element.get("text") or element.get("url"))
    name = element.get("user_id") or element.get("channel_id") or element.get("range") or ""
    return f"@{name}"


def _card(block: Json) -> Iterator[str]:
    yield f"[{block['status']}] {block['title']}"


_READ: dict[str, Callable[[Json], Iterator[str]]] = {
    "section": _section,
    "header": lambda block: iter([f"# {_text(block['text'])}"]),
    "markdown": lambda block: iter([str(block["text"])]),
    "context": _row,
    "actions": _row,
    "context_actions": _row,
    "divider": lambda _: iter(["---"]),
    "image": lambda block: iter([f"({block['alt_text']})"]),
    "input": _input,
    "rich_text": _rich,
    "task_card": _card,
    "alert": lambda block: iter([_text(block["text"])]),
}


def _element(element: Json) -> str:
    kind = element["type"]
    if kind in {"mrkdwn", "plain_text"}:
        return _text(element)
    if kind == "image":
        return f"({element['alt_text']})"
    if kind == "feedback_buttons":
        both = (element["positive_button"], element["negative_button"])
        return " ".join(f"[{_text(each['text'])}]" for each in both)
    if "options" in element:
        chosen = element.get("initial_option")
        shown = [chosen] if chosen else element["options"]
        return f"[{' | '.join(_text(each['text']) for each in shown)}]"
    return f"[{_text(element.get('text') or element.get('placeholder')) or kind}]"


def _text(found: Json | None) -> str:
    return unescaped(str(found["text"])) if found else ""
