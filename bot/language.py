"""Which language a question is written in, for choosing translations and the answer's language."""

from __future__ import annotations

import threading
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from py3langid.langid import LanguageIdentifier

# Below these the identifier guesses: "ok thanks" is Indonesian to it. Counted in UTF-8 bytes,
# because a Chinese character tells as much as a short word.
_BYTES_NEEDED = 20
_CERTAINTY_NEEDED = 0.95
_CHARACTERS_READ = 1000


class LanguageDetector:
    """Tells a text's language, or the default where the text is too short to tell. To be shared by
    all threads of a process: its model takes 70 MB."""

    def __init__(self, *, default: str) -> None:
        self._default = default
        self._identifier: LanguageIdentifier | None = None
        self._reading = threading.Lock()

    def locale_of(self, text: str, *, hint: str = "") -> str:
        """An ISO 639-1 code; the hint, or else the default locale, when nothing can be told for
        certain. A hint such as "pt-br" also stands where the text is in its language."""
        otherwise = hint or self._default
        letters = text[:_CHARACTERS_READ]
        if sum(len(each.encode()) for each in letters if each.isalpha()) < _BYTES_NEEDED:
            return otherwise
        language, certainty = self._load().classify(letters)
        told = certainty >= _CERTAINTY_NEEDED and language != otherwise.partition("-")[0]
        return str(language) if told else otherwise

    def _load(self) -> LanguageIdentifier:
        with self._reading:
            if self._identifier is None:
                # Reading the model takes a moment that `--help` must not pay for.
                from py3langid.langid import MODEL_FILE, LanguageIdentifier  # noqa: PLC0415

                self._identifier = LanguageIdentifier.from_model_file(MODEL_FILE, norm_probs=True)
            return self._identifier
