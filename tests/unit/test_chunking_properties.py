"""Nothing is lost or doubled, budgets hold, ids are unique and stable, and no text is too odd."""

from hypothesis import given, settings
from hypothesis import strategies as st

from indexing.chunking import chunk
from indexing.errors import DocumentRejected
from indexing.merging import settled
from indexing.models import Audience, Chunk, Document, MediaType
from indexing.sections import sections_of
from indexing.sentences import sentences

quick = settings(max_examples=60, derandomize=True, deadline=None, database=None)

WORDS = st.sampled_from(
    [
        *("return", "a", "jacket", "30", "days.", "e.g.", "送料無料。", "naïve", "x" * 70, "שלום"),
        *("👩\u200d💻", "&lt;"),
    ]
)
PROSE = st.lists(WORDS, min_size=1, max_size=60).map(" ".join)
INNER = PROSE | st.lists(PROSE, min_size=1, max_size=6).map(
    lambda items: "<ul>" + "".join(f"<li>{item}</li>" for item in items) + "</ul>"
)
BLOCKS = st.one_of(
    PROSE.map(lambda text: f"<p>{text}</p>"),
    PROSE.map(lambda text: f"<pre>{text}\n  {text}</pre>"),
    PROSE.map(
        lambda text: "<h{0} id=i{1}>{2}</h{0}>".format(len(text) % 5 + 2, len(text), text[:40])
    ),
    st.just("<h2>Empty</h2>"),
    INNER.map(lambda inner: f"<blockquote>{inner}</blockquote>"),
    INNER.map(lambda inner: f"<div class=note>{inner}</div>"),
    st.lists(INNER, min_size=1, max_size=5).map(
        lambda items: "<ol>" + "".join(f"<li>{item}</li>" for item in items) + "</ol>"
    ),
    st.lists(st.tuples(PROSE, PROSE), min_size=1, max_size=5).map(
        lambda rows: "<table>" + "".join(f"<tr><td>{a}<td>{b}</tr>" for a, b in rows) + "</table>"
    ),
)
ARTICLES = st.lists(BLOCKS, min_size=1, max_size=8).map("\n".join)
ODD = [
    *("<p>", "</p>", "<ul>", "<li>", "<table>", "<tr>", "<td>", "<td colspan=9 rowspan=9>"),
    *("<h2>", "</h2>", "<h3>", "<details>", "<summary>", "</details>", "<dl><dd>", "<pre>"),
    *("</pre>", "<!--", "-->", "<a id='", "'>", "<b hidden>", "<br>", "&#0;", "&#xD800;", "# "),
    *("\n", "    ", "---\n", "| a |\n|--|\n", "> [!NOTE]", "```", "=====\n", "CAPITALS\n"),
    *("- ", "1. ", "\x00", "\ud800", "\u202e", "text", "\u3002"),
]
MARKUP = st.lists(st.sampled_from(ODD) | st.text(max_size=8), max_size=40).map("".join)


def pieces(text: str) -> int:
    """A stand-in for a tokenizer: a token for every four characters of each word."""
    return sum(-(-len(word) // 4) for word in text.split())


def characters(text: str) -> int:
    """A tokenizer whose counts do not add up: white space counts too."""
    return len(text) // 3 + 1


def document(body: str, *, title: str, media_type: MediaType = "text/html") -> Document:
    return Document(
        id="1",
        source="s",
        title=title,
        body=body,
        media_type=media_type,
        audience=Audience.public(),
    )


def letters(text: str) -> str:
    return "".join(text.split())


def check(found: Document, *, budget: int) -> tuple[Chunk, ...]:
    sections = tuple(settled(sections_of(found.body, found.media_type)))
    for count in (pieces, characters):
        try:
            made = chunk(found, count_tokens=count, budget=budget)
        except DocumentRejected:
            assert sections == ()
            return ()
        text = "".join(block.text for section in sections for block in section.blocks)
        assert letters("".join(each.text for each in made)) == letters(text)
        assert all(count(each.embedded_text) == each.tokens <= budget for each in made)
        assert all(each.text.strip() and each.embedded_text.endswith(each.text) for each in made)
        assert [each.ordinal for each in made] == list(range(len(made)))
        assert len({each.id for each in made}) == len(made)
    return made


@quick
@given(body=ARTICLES, title=PROSE, budget=st.integers(min_value=16, max_value=200))
def test_no_text_is_lost_or_doubled_and_budgets_hold(body: str, title: str, budget: int) -> None:
    check(document(body, title=title), budget=budget)


@quick
@given(before=ARTICLES, kept=ARTICLES, after=ARTICLES)
def test_a_section_keeps_its_ids_whatever_happens_around_it(
    before: str, kept: str, after: str
) -> None:
    own = f"<h1>Kept section</h1><p>first</p>{kept}"
    around = f"{before}<h1>Other</h1>x{own}<h1>Last</h1>{after}"
    alone = check(document(own, title="T"), budget=60)
    among = check(document(around, title="T"), budget=60)
    kept_ids = [each.id for each in alone]
    assert kept_ids == [each.id for each in among if each.id in set(kept_ids)]


@quick
@given(
    body=MARKUP | st.text(),
    media_type=st.sampled_from(["text/html", "text/markdown", "text/plain"]),
)
def test_any_string_gives_chunks_or_a_rejection(body: str, media_type: MediaType) -> None:
    for each in check(document(body, title="T", media_type=media_type), budget=40):
        assert not set(each.embedded_text) & set("\x00\u202e\u200b\ufeff")
        each.embedded_text.encode()


@quick
@given(text=st.text() | st.lists(WORDS | st.sampled_from([". ", "\n", "! ", "? "])).map("".join))
def test_sentences_joined_are_the_text(text: str) -> None:
    assert "".join(sentences(text)) == text
