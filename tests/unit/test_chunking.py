"""What a chunk is made of, where long ones are cut, and which changes keep its id."""

import re

import pytest

from indexing.chunking import chunk
from indexing.errors import DocumentRejected
from indexing.models import Audience, Chunk, Document, MediaType
from indexing.sentences import sentences


def words(text: str) -> int:
    return len(re.findall(r"\w+|[^\w\s]", text))


def document(body: str, *, title: str = "Returns", media_type: MediaType = "text/html") -> Document:
    return Document(
        id="1",
        source="help",
        title=title,
        body=body,
        media_type=media_type,
        audience=Audience.public(),
    )


def chunks(
    body: str, *, budget: int = 60, merge_below: int = 0, title: str = "Returns"
) -> list[Chunk]:
    made = chunk(
        document(body, title=title), count_tokens=words, budget=budget, merge_below=merge_below
    )
    return list(made)


def test_a_chunk_carries_title_and_headings_in_what_is_embedded_only() -> None:
    (found,) = chunks("<h2 id=w>Window</h2><h3>Jackets</h3><p>30 days.</p><p>No fee.</p>")
    assert found.text == "30 days.\n\nNo fee."
    assert found.embedded_text == "Returns\nWindow > Jackets\n\n30 days.\n\nNo fee."
    assert (found.heading_path, found.anchor) == (("Window", "Jackets"), "w")
    assert (found.ordinal, found.tokens) == (0, words(found.embedded_text))
    assert re.fullmatch(r"[0-9a-f]{32}", found.id)


def test_a_first_heading_that_repeats_the_title_is_not_embedded_twice() -> None:
    (found,) = chunks("<h1>Returns</h1><h2>Fees</h2>None.")
    assert found.embedded_text == "Returns\nFees\n\nNone."
    assert found.heading_path == ("Returns", "Fees")


def test_chunks_never_cross_a_heading_by_default() -> None:
    assert [found.text for found in chunks("a<h2>B</h2>b<h2>C</h2>c")] == ["a", "b", "c"]


def test_small_siblings_can_be_merged_with_their_headings_kept() -> None:
    made = chunks("a<h2 id=b>B</h2>b<h2>C</h2>c<h3>D</h3>d", merge_below=5)
    assert [(found.text, found.heading_path, found.anchor) for found in made] == [
        ("a", (), ""),
        ("B\n\nb\n\nC\n\nc", (), "b"),
        ("d", ("C", "D"), "b"),
    ]


def test_a_long_paragraph_is_cut_between_sentences_into_even_parts() -> None:
    sentence = "We ship e.g. jackets within 3.5 days to Dr. Miller."
    made = chunks("<p>" + " ".join([sentence] * 9) + "</p>", budget=60)
    assert [found.text.count("We ship") for found in made] == [3, 3, 3]
    assert all(found.text.endswith("Miller.") for found in made)


def test_a_long_list_is_cut_between_items_and_a_table_between_rows() -> None:
    items = "".join(f"<li>Item {n}<ul><li>inner {n} of this item</li></ul></li>" for n in range(12))
    for found in chunks(f"<ol>{items}</ol>", budget=40):
        assert re.match(r"\d+\. Item", found.text)
        assert found.text.count("Item") == found.text.count("inner")
    rows = "".join(f"<tr><td>plan {n}</td><td>{n} days</td></tr>" for n in range(12))
    made = chunks(f"<table><tr><th>Plan</th><th>Window</th></tr>{rows}</table>", budget=40)
    assert len(made) > 1
    assert all(re.match(r"Plan: plan \d+; Window: \d+ days", found.text) for found in made)


def test_code_is_cut_between_lines_and_keeps_its_indent() -> None:
    code = "\n".join(f"    run({n}, 'x')" for n in range(20))
    made = chunks(f"<pre>start:\n{code}</pre>", budget=50)
    assert "\n".join(found.text for found in made) == f"start:\n{code}"


def test_text_without_spaces_is_cut_at_its_own_full_stops_else_anywhere() -> None:
    def characters(text: str) -> int:
        return len(text)

    made = chunk(
        document("<p>" + "返品は三十日以内です。" * 9 + "</p>", title=""),
        count_tokens=characters,
        budget=50,
    )
    assert all(found.text.endswith("。") for found in made)
    made = chunk(document("x" * 500, title=""), count_tokens=characters, budget=50)
    assert "".join(found.text for found in made) == "x" * 500


def test_one_token_for_a_monstrous_word_is_not_believed() -> None:
    made = chunk(document("x" * 100_000), count_tokens=lambda text: len(text.split()), budget=100)
    assert max(len(found.text) for found in made) <= 100 * 20


def test_headings_without_text_stay_findable() -> None:
    made = chunks("<h2 id=f>FAQ</h2><h2>Fees?</h2>None.<h2>Videos</h2><h2>Old</h2>")
    assert [(found.heading_path, found.text) for found in made] == [
        (("FAQ", "Fees?"), "None."),
        ((), "Videos\nOld"),
    ]
    assert made[0].anchor == "f"


def test_a_long_title_and_path_leave_half_of_the_budget_to_the_text() -> None:
    body = "<h2>" + "outer " * 60 + "</h2><h3>" + "inner " * 60 + "</h3>" + "text " * 60
    made = chunks(body, title="title " * 60, budget=40)
    assert len(made) <= 4
    assert all(words(found.embedded_text) <= 40 for found in made)
    assert all(found.embedded_text.startswith("title title") for found in made)
    assert all("inner" in found.embedded_text for found in made)


def test_the_same_text_keeps_its_id_and_equal_texts_differ() -> None:
    before = chunks("<h2>A</h2>same<h2>B</h2>twice<h2>B</h2>twice")
    after = chunks("new<h2>Z</h2>more<h2>A</h2>same<h2>B</h2>twice<h2>B</h2>twice<p>end</p>")
    assert len({found.id for found in before}) == 3
    assert {found.id for found in before[:2]} <= {found.id for found in after}
    assert chunks("same", title="A")[0].id != chunks("same", title="B")[0].id


@pytest.mark.parametrize(
    ("title", "body", "reason"),
    [
        ("Returns", "", "Document 1 of help has a title but no text: its body holds nothing"),
        ("Returns", "<p> </p>", "has a title but no text: its body holds only markup"),
        (" ", "", "Document 1 of help is empty"),
    ],
)
def test_a_document_without_text_is_rejected_with_its_reason(
    title: str, body: str, reason: str
) -> None:
    with pytest.raises(DocumentRejected, match=reason):
        chunk(document(body, title=title), count_tokens=words, budget=60)


def test_a_budget_that_holds_nothing_is_refused() -> None:
    with pytest.raises(ValueError, match="at least 16 tokens"):
        chunk(document("text"), count_tokens=words, budget=15)


@pytest.mark.parametrize(
    ("text", "parts"),
    [
        ("One. Two! Three?", ["One. ", "Two! ", "Three?"]),
        ("See Fig. 3, e.g. this one. Mr. Fox left at 3.5 p.m. on time.", None),
        ('He said "No." Then he left.', ['He said "No." ', "Then he left."]),
        ("Version 2.1 is out. it works.", ["Version 2.1 is out. it works."]),
        (
            "A. Smith of the U.S. Army came. All left.",
            ["A. Smith of the U.S. Army came. ", "All left."],
        ),
        (
            "返品可。送料無料\uff01本当\uff1f「はい。」次",
            ["返品可。", "送料無料\uff01", "本当\uff1f", "「はい。」", "次"],
        ),
        ("هل تريد؟ نعم.", ["هل تريد؟ ", "نعم."]),
        ("यह है। वह है।", ["यह है। ", "वह है।"]),
        ("1. Open it. 2. Close it.", ["1. Open it. ", "2. Close it."]),
        ("line one\nline two", ["line one\n", "line two"]),
        ("", []),
    ],
)
def test_sentences(text: str, parts: list[str] | None) -> None:
    if parts is None:
        parts = ["See Fig. 3, e.g. this one. ", "Mr. Fox left at 3.5 p.m. on time."]
    assert list(sentences(text)) == parts
