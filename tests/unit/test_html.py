"""Article HTML becomes what a reader sees: sections, anchors, blocks, and nothing hidden."""

from pathlib import Path

import pytest

from indexing.html import sections
from indexing.models import Block, Section

STACKED_HEADERS = (
    "<table><caption>C</caption><thead><tr><th rowspan=2>A<th colspan=2>B<tr><th>x<th>y</thead>"
    "<tr><td>1<td>2<td>3</table>"
)
ARTICLES = Path(__file__).parent.parent / "data" / "articles"


def read(name: str) -> tuple[Section, ...]:
    return sections((ARTICLES / name).read_text(encoding="utf-8"))


def blocks(html: str) -> list[tuple[str, str]]:
    return [(block.kind, block.text) for section in sections(html) for block in section.blocks]


def texts(html: str) -> list[str]:
    return [text for _, text in blocks(html)]


def test_an_exported_article_keeps_its_outline_and_anchors() -> None:
    assert [(section.heading_path, section.anchor) for section in read("zendesk.html")] == [
        ((), ""),
        (("Return window",), "h_01"),
        (("Print a label",), "labels"),
        (("Questions", "Can I return a gift?"), "faq"),
        (("Questions", "Can I return a gift?", "Without a receipt"), "faq"),
        (("Questions",), "faq"),
        (("Questions", "Video"), "faq"),
        (("API",), "faq"),
    ]


def test_an_exported_article_keeps_its_blocks() -> None:
    found = {section.heading_path[-1:]: section.blocks for section in read("zendesk.html")}
    assert found[()] == (
        Block(kind="paragraph", text="You can send most things back. Here is how."),
    )
    assert found[("Return window",)] == (
        Block(kind="paragraph", text="Return a jacket within 30 days.\nGift cards are final."),
        Block(kind="paragraph", text="Sale items: 14 days."),
        Block(
            kind="table",
            text="Membership: Gold; Return window: 365 days; Fee: none\n"
            "Membership: Silver; Return window: 90 days; Fee: none\n"
            "Membership: Guest; Return window: 30 days, $5",
        ),
        Block(kind="note", text="Careful\nWorn shoes come back to you."),
    )
    assert found[("Print a label",)] == (
        Block(
            kind="steps",
            text="1. Open Orders > Returns.\n2. Choose the order.\n   - One label per parcel\n"
            "   - Press Ctrl + P\n   Labels expire after 7 days.",
        ),
        Block(kind="paragraph", text="[image: The printed label]"),
        Block(kind="steps", text="3. Drop the parcel at a shop."),
    )
    assert found[("Video",)] == (Block(kind="paragraph", text="[video: How to pack a parcel]"),)
    assert found[("API",)] == (
        Block(kind="code", text='{\n  "return": true\n}'),
        Block(kind="list", text="RMA: Return number\nSKU: Article number"),
        Block(kind="quote", text="“Fast refund!” said a customer."),
    )


def test_a_wiki_article_keeps_conditional_wording_and_drops_its_table_of_contents() -> None:
    found = read("wiki.html")
    assert [(section.heading_path, section.anchor) for section in found] == [
        ((), ""),
        (("Sign in",), "w_sign-in"),
        (("Sign in", "Skipped a level"), "w_skipped-a-level"),
        (("Sign in", "Back up"), "w_back-up"),
        (("See also",), "w_see-also"),
    ]
    assert found[1].blocks == (
        Block(
            kind="steps",
            text="1. Open the menu bar. Click the menu button.\n"
            "2. Tick Require macOS / Windows authentication.\n   [image: Where the box is]\n"
            "   1. An inner list without its item",
        ),
        Block(kind="paragraph", text="Set both of these:"),
        Block(kind="note", text="Warning: experts only."),
        Block(kind="paragraph", text="mail.one\nmail.two"),
    )
    assert found[2].blocks == (Block(kind="paragraph", text="Press Ctrl + F."),)
    assert found[4].blocks == ()


def test_no_hidden_text_is_read() -> None:
    found = read("hidden.html")
    assert "SECRET" not in repr(found)
    assert [block.text for block in found[0].blocks] == [
        "Shown text.",
        "code stays",
        "Key: Value",
        "- Item",
        "Opacity half stays.",
    ]


@pytest.mark.parametrize(
    ("html", "anchor"),
    [
        ('<h2 id="own">T</h2>x', "own"),
        ('<h2><a name="inside"></a>T</h2>x', "inside"),
        ('<h2><span id="inside">T</span></h2>x', "inside"),
        ('<a id="before"></a><h2>T</h2>x', "before"),
        ('<p><a name="before"></a></p>\n<h2>T</h2>x', "before"),
        ('<section id="around"><div><h2>T</h2>x</div></section>', "around"),
        ('<div id="far"><p>text between</p><h2>T</h2>x</div>', ""),
        ('<h2 id="a b&quot;ü">T</h2>x', "a%20b%22%C3%BC"),
    ],
)
def test_the_anchor_is_found_where_editors_put_it(html: str, anchor: str) -> None:
    assert sections(html)[-1].anchor == anchor


def test_headings_nest_by_level_and_empty_ones_go() -> None:
    html = "<h1>A</h1>a<h3>B</h3>b<h2>C</h2>c<h2> <br></h2>d<h1>E</h1><h2>F</h2>f"
    assert [(s.heading_path, [b.text for b in s.blocks]) for s in sections(html)] == [
        (("A",), ["a"]),
        (("A", "B"), ["b"]),
        (("A", "C"), ["c", "d"]),
        (("E", "F"), ["f"]),
    ]


def test_a_heading_inside_a_cell_or_a_callout_is_text_there() -> None:
    html = (
        "<h2>Plans</h2><table><tr><td><h3>Free</h3>0</td><td>one</td></tr><tr><td>Pro</td>"
        '<td>two</td></tr></table><div class="tip"><h4>Tip</h4>Ask.</div><p>after</p>'
    )
    assert [section.heading_path for section in sections(html)] == [("Plans",)]
    assert blocks(html) == [
        ("table", "Free / 0: one\nPro: two"),
        ("note", "Tip\nAsk."),
        ("paragraph", "after"),
    ]


def test_a_wrapper_that_is_named_like_a_callout_keeps_its_sections() -> None:
    html = '<div class="info"><h2>A</h2><p>a</p><h2>B</h2><p>b</p></div>'
    assert [section.heading_path for section in sections(html)] == [("A",), ("B",)]


@pytest.mark.parametrize(
    ("html", "expected"),
    [
        ("<table><tr><td><p>a</p><p>b</p></td></tr></table>", ["a", "b"]),
        ("<table role='presentation'><tr><td>a</td><td>b</td></tr></table>", ["a", "b"]),
        ("<table><tr><th>K</th><th>V</th></tr></table>", ["K: V"]),
        (
            STACKED_HEADERS,
            ["C\nA: 1; B x: 2; B y: 3"],
        ),
        ("<table><tr><td>a<td>b<td>c<tr><td>d<td>e<td>f</table>", ["a | b | c\nd | e | f"]),
        ("<table><tr><td rowspan=99999 colspan=99999>a<td>b<tr><td>c</table>", ["a | b\na | c"]),
        ("<table><tr><td><ul><li>a<li>b</ul><td>c<tr><td>d<td>e</table>", ["- a / - b: c\nd: e"]),
    ],
)
def test_tables_read_row_by_row(html: str, expected: list[str]) -> None:
    assert texts(html) == expected


@pytest.mark.parametrize(
    ("html", "expected"),
    [
        ("a\u200bb\u00adc\u202ed\u2066e\x00f\ufeffg", ["abcdefg"]),
        ("&#8203;a&zwnj;b&#x202E;c", ["abc"]),
        ("pay\U000e0061\U000e0062load", ["payload"]),
        ("cafe\u0301", ["café"]),
        ("👩\u200d💻 שלום 日本語", ["👩\u200d💻 שלום 日本語"]),
        (
            "\u0645\u06cc\u200c\u062e\u0648\u0627\u0647",
            ["\u0645\u06cc\u200c\u062e\u0648\u0627\u0647"],
        ),
        ("a &amp; b &lt;c&gt;\u00a0 d\t\n e", ["a & b <c> d e"]),
        ("broken \ud800 pair", ["broken pair"]),
    ],
)
def test_invisible_characters_go_and_writing_stays(html: str, expected: list[str]) -> None:
    assert texts(f"<p>{html}</p>") == expected


def test_a_long_cell_keeps_its_lines_below_its_row() -> None:
    steps = "".join(f"<li>Open the device manager and look at line {n}.</li>" for n in range(4))
    (found,) = texts(f"<table><tr><td>Windows</td><td><ol>{steps}</ol></td></tr></table>")
    assert found.splitlines()[:2] == [
        "Windows:",
        "  1. Open the device manager and look at line 0.",
    ]


def test_links_keep_their_text_but_not_their_address_nor_a_way_back_up() -> None:
    html = '<p>See <a href="https://a.example/x">the guide</a>.</p><p><a href="#top">Up</a></p>'
    assert texts(html) == ["See the guide."]


def test_code_keeps_its_white_space() -> None:
    html = "<pre>def f():\n    return  1<br>\n\n# end  \n</pre>"
    assert blocks(html) == [("code", "def f():\n    return  1\n\n\n# end")]


@pytest.mark.parametrize(
    "html",
    ["", " \n", "<!-- only -->", "<p></p><br><hr><img src=a.png>", "<script>x</script>", "\x00"],
)
def test_markup_without_text_gives_nothing(html: str) -> None:
    assert sections(html) == ()


@pytest.mark.parametrize(
    "html",
    [
        '<?xml version="1.0" encoding="latin-1"?><p>ü',
        '<meta charset="utf-16"><p>ü</div></table>',
        "<p>ü" + "<details><summary>s</summary>" * 900,
        "<p>ü" + "<ul><li>" * 900,
        "<p>ü" + "<blockquote>" * 5000,
        "ü</body></html>",
    ],
)
def test_broken_markup_keeps_its_text(html: str) -> None:
    assert texts(html)[0] == "ü"
    assert sections(html)[0].heading_path == ()


def test_text_below_any_sensible_depth_is_kept() -> None:
    assert texts("<div><span>" * 150 + "deep<script>x</script>" + "</span></div>after") == [
        "deepafter"
    ]
