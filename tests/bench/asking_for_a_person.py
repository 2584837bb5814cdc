"""How often questions are taken for requests for a person: on the list in tests/data, and on every
set of real questions, where nearly nobody asks for one. Prints what was found, to be read.

    python -m tests.bench.asking_for_a_person
"""

from __future__ import annotations

import json
from collections.abc import Iterator
from pathlib import Path

from bot.phrases.asks_for_person import asks_for_person

TESTS = Path(__file__).parents[1]
LIST = TESTS / "data" / "asking_for_a_person.jsonl"
QUESTIONS = TESTS.parents[1] / "shared" / "data"


def main() -> None:
    rows = list(_rows(LIST))
    missed = [each for each in rows if each["asks"] and not asks_for_person(each["text"])]
    false = [each for each in rows if not each["asks"] and asks_for_person(each["text"])]
    print(f"list: {len(rows)} texts, {len(missed)} missed, {len(false)} false")
    total = 0
    found: list[str] = []
    for path in sorted(QUESTIONS.glob("*/*.jsonl")):
        if path.name != "articles.jsonl":
            texts = [str(row.get("question") or row.get("text") or "") for row in _rows(path)]
            asked = [text for text in texts if asks_for_person(text)]
            total, found = total + len(texts), found + asked
            print(f"{path.parent.name}/{path.name}: {len(asked)} of {len(texts)}")
    print(f"all: {len(found)} of {total} ({len(found) / max(total, 1):.3%})")
    for text in dict.fromkeys(" ".join(each.split()) for each in found):
        print(f"  {text[:200]}")


def _rows(path: Path) -> Iterator[dict[str, str]]:
    return map(json.loads, path.read_text(encoding="utf-8").splitlines())


if __name__ == "__main__":
    main()
