"""Where one sentence ends and the next begins, in text of any language, without a model.

A pattern instead of a library: punkt needs data per language and pysbd takes milliseconds per
paragraph; a boundary missed or found too much only moves a cut, it never loses text.
"""

from __future__ import annotations

import re

# Escapes, because quotes and full-width marks look like their plain relatives.
_CLOSERS = "\"'\u201d\u2019\u00bb\u203a)\\]}\u300d\u300f\uff09\u3011"
_WIDE_ENDS = "\u3002\uff01\uff1f\uff61"  # they need no space after them
_BOUNDARY = re.compile(
    rf"(?:[.!?\u2026\u061f\u0964\u06d4]+[{_CLOSERS}]*(?=\s)|[{_WIDE_ENDS}]+[{_CLOSERS}]*|\n)\s*"
)
_ABBREVIATIONS = frozenset(
    {
        *("e.g", "i.e", "etc", "vs", "cf", "approx", "incl", "excl", "max", "min", "resp", "ca"),
        *("mr", "mrs", "ms", "dr", "prof", "st", "sr", "jr", "inc", "ltd", "co", "corp", "dept"),
        *("no", "nos", "fig", "figs", "sec", "ch", "vol", "ed", "p", "pp", "ref", "tel", "ext"),
        *("jan", "feb", "mar", "apr", "jun", "jul", "aug", "sep", "sept", "oct", "nov", "dec"),
        *("z.b", "d.h", "u.a", "bzw", "usw", "nr", "ggf", "ca", "p.ej", "ej", "sra", "art", "env"),
    }
)


def sentences(text: str) -> tuple[str, ...]:
    """The text cut after each sentence; joined again, the parts are the text, space and all."""
    parts: list[str] = []
    start = 0
    for match in _BOUNDARY.finditer(text):
        end = match.end()
        if end < len(text) and _is_end(text, start, match):
            parts.append(text[start:end])
            start = end
    if start < len(text):
        parts.append(text[start:])
    return tuple(parts)


def _is_end(text: str, start: int, match: re.Match[str]) -> bool:
    mark = match.group()
    if "\n" in mark or not mark.startswith("."):
        return True
    follows = text[match.end()]
    if follows.islower():
        return False
    word = _last_word(text[max(start, match.start() - 30) : match.start()])
    if word.lower() in _ABBREVIATIONS:
        # "No. 5" and "Nov. 3" go on; "Is it? No. Then ..." ends, and so does "etc. The".
        return follows.isupper() and word.lower() in {"no", "etc", "min", "max", "art"}
    is_initial = (len(word) == 1 and word.isupper()) or bool(re.fullmatch(r"(?:\w\.)+\w", word))
    is_list_number = word.isdecimal() and not text[start : match.start()].removesuffix(word).strip()
    return not (is_initial or is_list_number)


def _last_word(text: str) -> str:
    words = text.split()
    return words[-1].lstrip("(\"'[\u201c\u2018") if words else ""
