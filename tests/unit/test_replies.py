"""What customers and agents read: whatever models, articles and people wrote, nothing happens."""

from __future__ import annotations

import re
import unicodedata
from html import unescape
from html.parser import HTMLParser
from uuid import uuid4

import pytest
from hypothesis import example, given, settings
from hypothesis import strategies as st

from bot.inert import as_html, inert, safe_url
from bot.models import Citation, Outcome, OutcomeKind, Statement
from bot.phrases.asks_for_person import asks_for_person
from bot.zendesk.replies import (
    LARGEST_COMMENT,
    FeedbackLinks,
    Voice,
    draft_note,
    public_reply,
    takeover,
)
from bot.zendesk.texts import TEXTS, texts_for
from indexing.models import Passage, Reader
from tests.factories import passage

OURS = frozenset({"p", "br", "a", "ol", "ul", "li", "strong", "hr"})
FEEDBACK = FeedbackLinks(yes="https://bot.example/y?t=1&s=2", no="https://bot.example/n?t=1")
VOICE = Voice(brand="Larkmoor")
RETURNS = passage("returns", anchor="how-long", score=0.91)
COST = passage("cost", title="What a return costs", text="The return label costs $6.")


def stated(text: str, *carried_by: Passage, quote: str = "") -> Statement:
    return Statement(
        text=text,
        citations=tuple(
            Citation(
                document_id=each.document_id,
                chunk_id=each.chunk_id,
                title=each.title,
                url=each.link,
                quote=quote or each.text,
            )
            for each in carried_by or (RETURNS,)
        ),
    )


def answered(*statements: Statement, passages: tuple[Passage, ...] = (RETURNS, COST)) -> Outcome:
    return Outcome(
        question_id=uuid4(),
        kind=OutcomeKind.ANSWERED,
        statements=statements,
        passages=passages,
        evidence=0.87,
    )


def reply_to(outcome: Outcome, *, locale: str = "en", name: str = "", voice: Voice = VOICE) -> str:
    return public_reply(
        outcome,
        reader=Reader.customer(),
        locale=locale,
        voice=voice,
        name=name,
        feedback=FEEDBACK,
    )


class Reading(HTMLParser):
    """Holds HTML to our tags, each closed in its turn, and collects links and text."""

    def __init__(self, html: str) -> None:
        super().__init__(convert_charrefs=True)
        self.links: list[str] = []
        self.text = ""
        self.open: list[str] = []
        self.feed(html)
        self.close()
        assert self.open == []

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        assert tag in OURS
        assert [name for name, _ in attrs] == (["href"] if tag == "a" else [])
        self.links += [str(value) for _, value in attrs]
        self.text += " "
        if tag not in {"br", "hr"}:
            self.open.append(tag)

    def handle_endtag(self, tag: str) -> None:
        assert self.open.pop() == tag
        self.text += " "

    def handle_data(self, data: str) -> None:
        self.text += data

    def handle_comment(self, data: str) -> None:
        raise AssertionError(data)

    def handle_decl(self, decl: str) -> None:
        raise AssertionError(decl)

    def handle_pi(self, data: str) -> None:
        raise AssertionError(data)


def harmless(html: str, *, links: set[str]) -> str:
    """The text of HTML in which nothing happens."""
    read = Reading(html)
    assert set(read.links) <= links
    for form in (html, read.text, re.sub(r"<[^>]*>", "", html)):
        plain = unicodedata.normalize("NFKC", unescape(unescape(form)))
        squeezed = re.sub(r"\s+", "", plain)
        assert "{{" not in plain + squeezed
        assert "{%" not in plain + squeezed
    told = read.text
    for link in links:  # an article without a title is shown by its address
        told = told.replace(link, "")
    assert not re.search(r"\w://|@\w", told), told
    assert not re.search(r"[a-z0-9-]\.(?:com|example|net|zip|xn--\w)", told, re.IGNORECASE), told
    assert not re.search("[\u200b\u202a-\u202e\u2060-\u2069\ufeff\U000e0000-\U000e007f]", told)
    return told


ATOMS = st.sampled_from(
    [
        *(
            "{",
            "{{",
            "}}",
            "{%",
            "%}",
            "\uff5b",
            "\uff05",
            "\ufe37",
            "&#123;",
            "&amp;#123;",
            "&lbrace;",
            "&#x7b;",
        ),
        *("<b>", "</b>", "<script>", "<!--", "-->", "<img src=x onerror=alert(1)>", "</p>", "<"),
        *(
            "ticket.requester.email",
            "https://",
            "www.",
            "evil.com",
            "evil\uff0ecom",
            "evil\u2024com",
            "hthttps://tps://",
        ),
        *("[here](https://evil.com)", "![x](//evil.com/p.png)", "**", "`", "~~", "# ", "\n", " "),
        *("@all", "a@evil.com", "\uff20", "javascript:alert(1)", "\u200b", "\u202e", "\ufeff", "&"),
        *("\x00", '"', "'", "\U000e0041", "evil.zip", "evil.xn--p1ai", "\\", "_", "-", "|"),
    ]
)
NASTY = st.lists(ATOMS | st.text(max_size=4), max_size=14).map("".join)


@settings(max_examples=300, deadline=None)
@given(texts=st.lists(NASTY, min_size=1, max_size=3), title=NASTY, name=NASTY)
@example(texts=["a {", "{ticket.id}}"], title="{", name="{")
@example(texts=["<{{ticket.id}}>", "<{% if %}>"], title="<{{x}}>", name="")
@example(texts=["{<a<b<b>>>{ticket.id}}"], title="x", name="")
@example(texts=["{&amp;#123;ticket.id}}", "&#123;&#37; if"], title="x", name="")
@example(texts=["&amp;amp;amp;amp;amp;amp;amp;amp;#123;{"], title="x", name="")
def test_whatever_was_written_a_comment_only_shows_it(
    texts: list[str], title: str, name: str
) -> None:
    article = passage("returns", title=title, anchor="a", text="\n".join(texts))
    outcome = answered(*(stated(each, article, quote=each) for each in texts), passages=(article,))
    links = {article.link, FEEDBACK.yes, FEEDBACK.no}
    voice = Voice(brand="Larkmoor", greeting={"fr": "Salut {name} !"})
    harmless(reply_to(outcome, name=name), links=links)
    draft = draft_note(outcome, reader=Reader.customer(), locale="de", voice=VOICE, name=name)
    harmless(draft, links=links)
    harmless(takeover(locale="fr", voice=voice, name=name), links=set())


@pytest.mark.parametrize(
    ("written", "shown"),
    [
        ("Use {{ticket.id}} here", "Use [[ticket[.]id]] here"),
        ('Send {"a": {"b": 1}} as JSON', 'Send {"a": {"b": 1}} as JSON'),
        ("Not {<x<y>>{ticket}} or {*{", "Not [<x<y>>[ticket]] or [*["),
        ("See https://www.evil.example/x?y=1 now", "See www[.]evil[.]example/x?y=1 now"),
        ("[Click](https://evil.example) **bold** and `code`", "Click bold and code"),
        ("To help@shop.example or @all", "To help (at) shop[.]example or (at) all"),
        ("<b>Bold</b><script>x</script> but press <Enter>", "Boldx but press <Enter>"),
        ("1.299,00 €, e.g. in v2.10.4 or file.txt", "1.299,00 €, e.g. in v2.10.4 or file.txt"),
        ("It was returned.The label is free.", "It was returned. The label is free."),
        ("2 * 3 * 4 and file_name__x stay", "2 * 3 * 4 and file_name__x stay"),
        ("z.B. am 3.Mai, d.h. bald", "z.B. am 3. Mai, d.h. bald"),
        ("pay\u200bload \u202eevil", "payload evil"),
        ("1. Open it\n2. Close it", "1. Open it\n2. Close it"),
    ],
)  # fmt: skip
def test_words_stay_readable_and_do_nothing(written: str, shown: str) -> None:
    assert inert(written) == shown


@pytest.mark.parametrize(
    ("url", "safe"),
    [
        ("https://a.example/hc/en-us/articles/1#x", "https://a.example/hc/en-us/articles/1#x"),
        ('https://a.example/"onclick={{x}}', "https://a.example/%22onclick=%7B%7Bx%7D%7D"),
        ("javascript:alert(1)", ""),
        ("https://user:pw@a.example/", ""),
        ("//a.example/x", ""),
        ("https:///x", ""),
        ("https://a.example]x/", ""),
        ("", ""),
    ],
)
def test_links_lead_to_web_pages_only(url: str, safe: str) -> None:
    assert safe_url(url) == safe


def test_a_reply_cites_by_number_says_who_wrote_it_and_how_to_reach_a_person() -> None:
    html = reply_to(
        answered(
            stated("Unworn items can be returned.", RETURNS),
            stated("The label costs $6.", COST, RETURNS),
        ),
        name="Anna Schmidt",
    )
    read = Reading(html)
    assert read.text.split("\n")[0].strip() == "Hello Anna Schmidt,"
    assert "Unworn items can be returned.  [1]" in read.text
    assert "The label costs $6.  [1]   [2]" in read.text
    assert read.links == [
        *(RETURNS.link, RETURNS.link, COST.link),
        *(RETURNS.link, COST.link, FEEDBACK.yes, FEEDBACK.no),
    ]
    for words in (TEXTS["en"].written_by_bot, "reply with “Talk to a person”", "Larkmoor"):
        assert words in read.text


@pytest.mark.parametrize("locale", sorted(TEXTS))
def test_every_language_has_its_own_words_and_its_way_to_a_person(locale: str) -> None:
    texts = texts_for(locale)
    html = reply_to(answered(stated("X.")), locale=f"{locale}-XX")
    for words in (texts.sources, texts.written_by_bot, texts.solved, texts.person_phrase):
        assert as_html(words).replace(" ", "") in html.replace(" ", "")
    assert asks_for_person(texts.person_phrase)
    if locale != "en":
        assert texts.written_by_bot != TEXTS["en"].written_by_bot
    assert "{" not in html


def test_an_unknown_language_falls_back_to_english() -> None:
    assert TEXTS["en"].sources in reply_to(answered(stated("X.")), locale="xx")
    assert texts_for("") is texts_for("en-GB") is TEXTS["en"]


def test_the_brand_speaks_in_its_own_templates() -> None:
    voice = Voice(
        brand="Larkmoor",
        greeting={"de": "Moin {name}!", "en": "Ahoy {{ticket.id}}"},
        sign_off={"de": "Dein Team von larkmoor.example"},
    )
    german = reply_to(answered(stated("X.")), locale="de-AT", name="Jo", voice=voice)
    assert german.startswith("<p>Moin Jo!</p>")
    assert "<p>Dein Team von larkmoor.example</p>" in german
    nameless = reply_to(answered(stated("X.")), locale="de", voice=voice)
    assert nameless.startswith("<p>Guten Tag,</p>")
    assert "{{" not in reply_to(answered(stated("X.")), voice=voice)


@pytest.mark.parametrize(
    "name", ["Win 1000 now", "evil.com", "user", "x" * 60, "{{name}}", "a@b.c"]
)
def test_names_that_are_none_are_not_repeated(name: str) -> None:
    assert reply_to(answered(stated("X.")), name=name).startswith("<p>Hello,</p>")


@pytest.mark.parametrize("name", ["Anna", "José María O\u2019Neill-Núñez", "J. R. Smith", "田中"])
def test_names_are_greeted(name: str) -> None:
    assert reply_to(answered(stated("X.")), name=name).startswith(f"<p>Hello {name},</p>")


@pytest.mark.parametrize(
    "hidden",
    [
        passage("x", kind="macro"),
        passage("x", kind="ticket"),
        passage("x", audience=("agents",)),
        passage("x", audience=("segment:7",)),
        passage("x", audience=()),
    ],
    ids=["macro", "ticket", "agents", "segment", "nobody"],
)
def test_what_rests_on_what_the_requester_may_not_read_is_not_told(hidden: Passage) -> None:
    outcome = answered(
        stated("Told.", RETURNS),
        stated("Secret.", hidden),
        stated("Half secret.", RETURNS, hidden),
        passages=(RETURNS, hidden),
    )
    note = draft_note(outcome, reader=Reader.customer(), locale="en", voice=VOICE)
    for html in (reply_to(outcome), note):
        assert "Told." in html
        assert "ecret." not in html
    assert reply_to(answered(stated("Secret.", hidden), passages=(hidden,))) == ""


def test_a_segments_reader_may_be_told() -> None:
    article = passage("x", audience=("segment:7",))
    outcome = answered(stated("Told.", article), passages=(article,))
    reader = Reader.signed_in_customer(7)
    assert "Told." in public_reply(outcome, reader=reader, locale="en", voice=VOICE)


@pytest.mark.parametrize("url", ["", "javascript:alert(1)", "ftp://x.example/"])
def test_without_an_address_to_open_nothing_is_told(url: str) -> None:
    article = passage("x", url=url)
    assert reply_to(answered(stated("Told.", article), passages=(article,))) == ""
    assert reply_to(answered(stated("Told.", passage("elsewhere")))) == ""


def test_a_long_answer_is_cut_between_statements() -> None:
    outcome = answered(*(stated(f"{n}: " + '漢"' * 1_900) for n in range(30)))
    html = reply_to(outcome)
    assert LARGEST_COMMENT * 0.7 < len(html.encode()) <= LARGEST_COMMENT
    read = Reading(html)
    assert texts_for("en").more in read.text
    assert re.findall(r"(\d+): ", read.text) == [str(n) for n in range(html.count("[1]"))]
    draft = draft_note(outcome, reader=Reader.customer(), locale="en", voice=VOICE)
    assert len(draft.encode()) <= LARGEST_COMMENT
    assert Reading(draft).text.rstrip().endswith("”")


def test_a_draft_is_ready_to_send_and_says_how_sure_it_is() -> None:
    html = draft_note(
        answered(stated("Ja.", RETURNS)), reader=Reader.customer(), locale="de", voice=VOICE
    )
    _, reply, evidence = html.split("<hr>")
    assert "87%" in html
    assert "Guten Tag," in reply
    assert texts_for("de").written_by_bot not in reply
    assert RETURNS.text in evidence
    assert "0.91" in evidence


def test_the_takeover_names_working_hours_only_where_they_are_known() -> None:
    silent = takeover(locale="de", voice=VOICE, name="Anna")
    assert texts_for("de").takeover in silent
    assert not re.search(r"\d", silent)
    told = takeover(locale="de", voice=Voice(hours={"": "Mo bis Fr, 9 bis 17 Uhr"}))
    assert "Unsere Arbeitszeiten: Mo bis Fr, 9 bis 17 Uhr" in told
