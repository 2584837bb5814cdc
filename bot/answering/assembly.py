"""Cited and uncited text blocks of a reply, put together into statements.

A model that cites splits its sentences: "You can return it " is uncited, "within 60 days" is
cited, "." is uncited again. Uncited words are claims that nothing carries, so only what a cited
sentence needs to be read is kept: its other parts, when they are short and hold no figure.
Uncited sentences are dropped, and so is a cited one of which a part may not be kept or could
not be verified, for without that part it would say something else.
"""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

from bot.answering.citations import normalised
from bot.answering.drafting import declines
from bot.answering.orders import is_order
from bot.answering.prompts import NO_ANSWER
from bot.models import Citation, Statement

if TYPE_CHECKING:
    from collections.abc import Sequence

_LONGEST_PART = 120
_END = re.compile(r"[.!?…]+[)\]\"'»”’]*(?=\s|$)|[。！？]+[」』”’）]*")  # noqa: RUF001  marks as typed
_ENDED = re.compile(rf"(?:{_END.pattern})\s*$")
_FIGURE = re.compile(r"\d")
_ADDRESS = re.compile(r"@|://|\bwww\.|\w\.[a-z]{2,}\b")
_BULLET = re.compile(r"^\s*[-*•]\s+")
_LIST_MARK = re.compile(r"\s*(?:[-*•]|\d{1,2}[.)])\s*")


class Assembler:
    """Takes blocks in order and gives back each statement once its end is known.

    `declined` is whether the model's first words were that the sources hold no answer.
    """

    def __init__(self) -> None:
        self.declined = False
        self._begun = False
        self._text = ""  # of the cited sentence that is open, or ""
        self._citations: tuple[Citation, ...] = ()
        self._whole = True
        self._uncited = ""  # words since the last cited ones

    def take(self, text: str, citations: Sequence[Citation], *, cited: bool) -> list[Statement]:
        """The statements that this block completes. `cited` is what the model claimed,
        `citations` what of it was verified."""
        if not self._begun and text.strip():
            self._begun = True
            self.declined = declines(text)
        text = text.replace(NO_ANSWER, " ")
        if cited:
            return self._take_cited(text, tuple(citations))
        self._uncited += text
        return self._end_sentence()

    def finish(self) -> list[Statement]:
        """The sentence that is still open, if one is."""
        tail = self._uncited.split("\n", 1)[0]
        self._uncited = ""
        return self._close(tail)

    def _take_cited(self, text: str, citations: tuple[Citation, ...]) -> list[Statement]:
        if self._text and not _ENDED.search(self._text) and "\n" not in self._uncited + text[:1]:
            self._whole = self._whole and bool(citations) and _is_kept(self._uncited)
            self._text += self._uncited + text
            self._citations += citations
            self._uncited = ""
            return self._end_sentence()
        beginning = _last_sentence(self._uncited)
        self._uncited = self._uncited[: len(self._uncited) - len(beginning)]
        done = self.finish()
        self._text = beginning + text
        self._citations = citations
        self._whole = bool(citations) and _begins(beginning, text)
        return [*done, *self._end_sentence()]

    def _end_sentence(self) -> list[Statement]:
        """Closes the open sentence where the uncited words end it."""
        if not self._text:
            return []
        if _ENDED.search(self._text):
            return self._close("")
        end = _END.search(self._uncited)
        stop = end.end() if end else None
        line = self._uncited.find("\n")
        if line >= 0 and (stop is None or line < stop):
            stop = line
        if stop is None:
            return []
        tail, self._uncited = self._uncited[:stop], self._uncited[stop:]
        return self._close(tail)

    def _close(self, tail: str) -> list[Statement]:
        text = normalised(_BULLET.sub("", self._text + tail))
        # A capital that follows a letter without a space begins something else.
        is_end = not (tail[:1].isupper() and self._text[-1:].isalnum())
        is_said = bool(self._text and text) and self._whole and is_end and _is_kept(tail)
        citations = tuple(dict.fromkeys(self._citations))
        self._text, self._citations, self._whole = "", (), True
        return [Statement(text=text, citations=citations)] if is_said else []


def _last_sentence(text: str) -> str:
    """The words after the last sentence end: the beginning of what is cited next."""
    line = text.rsplit("\n", 1)[-1]
    if _LIST_MARK.fullmatch(line):
        return line
    ends = [match.end() for match in _END.finditer(line)]
    return line[ends[-1] :] if ends else line


def _begins(beginning: str, text: str) -> bool:
    """True where the two can be the beginning of a sentence."""
    if not beginning.strip() or _LIST_MARK.fullmatch(beginning):
        return not text.lstrip()[:1].islower()
    return _is_kept(beginning)


def _is_kept(uncited: str) -> bool:
    """Words that no citation carries join a sentence, and bring nothing of their own: no figure,
    no address, and no order that the model read somewhere and repeats."""
    if len(uncited) > _LONGEST_PART or _FIGURE.search(uncited) or _ADDRESS.search(uncited):
        return False
    return not is_order(uncited.strip(), asked=frozenset(), around=frozenset())
