"""Markdown and plain text end in the same sections as HTML."""

from indexing.models import Block, Section
from indexing.sections import sections_of

MARKDOWN = """---
title: Reset
description: not part of the text
---

# Reset your password

Open **Settings** and
press <kbd>Reset</kbd>. See [the guide](https://example.com/guide){.button}.

> [!WARNING]
> This signs you out.

> Plain quote

## What you need {#need}

| Plan | Days |
|:-----|-----:|
| Free | 7    |

1. One
   - inner
2. Two

```sh
echo  hi
```

## Über uns & more!
a
## Über uns & more!
b<script>alert(1)</script>
"""


def outline(sections: tuple[Section, ...]) -> list[tuple[tuple[str, ...], str]]:
    return [(section.heading_path, section.anchor) for section in sections]


def test_markdown_has_github_anchors_and_no_front_matter() -> None:
    assert outline(sections_of(MARKDOWN, "text/markdown")) == [
        (("Reset your password",), "reset-your-password"),
        (("Reset your password", "What you need"), "need"),
        (("Reset your password", "Über uns & more!"), "%C3%BCber-uns--more"),
        (("Reset your password", "Über uns & more!"), "%C3%BCber-uns--more-1"),
    ]


def test_markdown_blocks() -> None:
    first, second, third, fourth = sections_of(MARKDOWN, "text/markdown")
    assert first.blocks == (
        Block(kind="paragraph", text="Open Settings and press Reset. See the guide."),
        Block(kind="note", text="Warning: This signs you out."),
        Block(kind="quote", text="Plain quote"),
    )
    assert second.blocks == (
        Block(kind="table", text="Plan: Free; Days: 7"),
        Block(kind="steps", text="1. One\n   - inner\n2. Two"),
        Block(kind="code", text="echo  hi"),
    )
    assert (third.blocks[0].text, fourth.blocks[0].text) == ("a", "b")


def test_a_rule_at_the_top_is_not_front_matter() -> None:
    (section,) = sections_of("---\n\nText with a: colon\n\n---\n\nmore\n", "text/markdown")
    assert [block.text for block in section.blocks] == ["Text with a: colon", "more"]


def test_plain_text_with_lines_in_capitals_and_underlines_for_headings() -> None:
    text = (
        "FLASH (ALERT)\n\nABSTRACT\n Jobs fail on restart.\n Nothing helps.\n\n"
        "    CAUSE: none\n\nWhat to do\n----------\n * Stop\n * Start\n   again\n *\n\n"
        "NOTE THAT THIS IS A SENTENCE.\n"
    )
    assert sections_of(text, "text/plain") == (
        Section(heading_path=("FLASH (ALERT)",), anchor="", blocks=()),
        Section(
            heading_path=("ABSTRACT",),
            anchor="",
            blocks=(
                Block(kind="paragraph", text="Jobs fail on restart.\nNothing helps."),
                Block(kind="paragraph", text="CAUSE: none"),
            ),
        ),
        Section(
            heading_path=("What to do",),
            anchor="",
            blocks=(
                Block(kind="list", text="* Stop\n* Start\n  again"),
                Block(kind="paragraph", text="NOTE THAT THIS IS A SENTENCE."),
            ),
        ),
    )


def test_plain_text_is_not_read_as_markup() -> None:
    (section,) = sections_of("a <b>tag</b> & # no heading\n\n日本語\u200b。", "text/plain")
    assert [block.text for block in section.blocks] == ["a <b>tag</b> & # no heading", "日本語。"]


def test_an_indented_letter_is_prose_not_code() -> None:
    (section,) = sections_of(" Dear all,\n\n     your order left.\n", "text/plain")
    assert {block.kind for block in section.blocks} == {"paragraph"}


def test_nothing_but_space_gives_nothing() -> None:
    assert sections_of(" \n\n\u200b\t\n", "text/plain") == ()
    assert sections_of("---\ntitle: x\n---\n", "text/markdown") == ()
