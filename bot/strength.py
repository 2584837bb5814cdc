"""Which secrets could be guessed: placeholders, words, what is short, and what is used twice.

Judged by zxcvbn, which knows what people choose and what attackers try first. Nothing here shows
or keeps a value.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterator, Mapping
from urllib.parse import unquote, urlsplit

# Tens of guesses: a thousand machines with a million guesses a second each take years.
GUESSES_LOG10 = 12
_READ = 72  # zxcvbn takes no more characters, and needs none

_OWN_WORDS = ("supportbot", "support", "zendesk", "slack", "anthropic", "claude", "postgres")


def weaknesses(secrets: Mapping[str, str]) -> Iterator[str]:
    """One line for each setting (by its name) whose secret is weak. Of a URL its password counts;
    without one it is left alone, for then another way to sign in is used."""
    from zxcvbn import zxcvbn  # noqa: PLC0415 - brings long lists of words

    known = {name: _password(value) for name, value in secrets.items()}
    by_value: defaultdict[str, list[str]] = defaultdict(list)
    for name, value in known.items():
        if not value:
            continue
        by_value[value].append(name)
        found = zxcvbn(value[:_READ], user_inputs=[*_OWN_WORDS, *name.lower().split("_")])
        if float(found["guesses_log10"]) < GUESSES_LOG10:
            yield f"{name} can be guessed."
    for names in by_value.values():
        if len(names) > 1:
            yield f"{' and '.join(names)} are the same."


def _password(value: str) -> str:
    return unquote(urlsplit(value).password or "") if "://" in value else value
