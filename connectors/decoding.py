"""Turns bytes into text, whatever they were written as, and says when it had to guess."""

from __future__ import annotations

import codecs
import re
from dataclasses import dataclass

_BOMS = (
    (codecs.BOM_UTF8, "utf-8-sig"),
    (codecs.BOM_UTF32_LE, "utf-32"),  # before UTF-16, whose mark it begins with
    (codecs.BOM_UTF32_BE, "utf-32"),
    (codecs.BOM_UTF16_LE, "utf-16"),
    (codecs.BOM_UTF16_BE, "utf-16"),
)
_DECLARED = re.compile(rb"""(?:charset|encoding)\s*=\s*["']?\s*([A-Za-z0-9._:-]+)""")
_DECLARED_WITHIN = 4096


@dataclass(frozen=True, kw_only=True, slots=True)
class Decoded:
    """The text, and a note for people where it may not be what was meant ("" if it is)."""

    text: str
    note: str = ""


def decode(content: bytes, *, charset: str = "") -> Decoded:
    """UTF-8 or what a byte order mark says; else `charset`, if its transport named one; else the
    declared character set; else the best guess; else UTF-8 with the unreadable bytes replaced.
    Never raises."""
    marked = next((name for mark, name in _BOMS if content.startswith(mark)), "utf-8")
    text = _decoded(content, marked)
    if text is None:
        text = _decoded(content, charset)
    if text is None:
        text = _decoded(content, _declared(content))
    if text is not None:
        return Decoded(text=text)
    guess = _guess(content)
    text = _decoded(content, guess)
    if text is not None:
        return Decoded(text=text, note=f"Not UTF-8: read as {guess}. Save it as UTF-8 to be sure.")
    return Decoded(
        text=content.decode("utf-8", "replace"),
        note="Not UTF-8: characters that could not be read were replaced. Save it as UTF-8.",
    )


def is_wide(start: bytes) -> bool:
    """Whether text that begins with these bytes is marked as UTF-16 or UTF-32."""
    return start.startswith(tuple(mark for mark, name in _BOMS if name != "utf-8-sig"))


def _decoded(content: bytes, name: str) -> str | None:
    try:
        return content.decode(name) if name else None
    except (LookupError, ValueError, TypeError):  # unknown, wrong, or no text encoding ("hex")
        return None


def _declared(content: bytes) -> str:
    """The character set that HTML or XML names for itself, or ""; Unicode ones are wrong here,
    for such a declaration could not have been read."""
    found = _DECLARED.search(content[:_DECLARED_WITHIN])
    name = found.group(1).decode("ascii").lower() if found else ""
    return "" if name.startswith("utf") else name


def _guess(content: bytes) -> str:
    try:
        # Comes with other packages and may be absent: then nothing is guessed.
        from charset_normalizer import from_bytes  # noqa: PLC0415
    except ImportError:
        return ""
    best = from_bytes(content[: 64 * 1024]).best()
    return best.encoding if best else ""
