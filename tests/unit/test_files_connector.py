"""The files connector: what a folder of exports and pages becomes, and what is said of the rest."""

from __future__ import annotations

import io
import json
import os
import threading
from pathlib import Path
from typing import Any

import pypdf
import pytest
from hypothesis import HealthCheck, example, given, settings
from hypothesis import strategies as st
from pypdf.generic import DecodedStreamObject, DictionaryObject, NameObject

from connectors.base import Change, Checkpoint, Delete, Failed, Upsert
from connectors.errors import SourceMisconfigured, SourceUnavailable
from connectors.files import FilesConnector, articles
from connectors.files.connector import LARGEST_FILE
from connectors.help_center import SIDELOADS
from indexing.models import Audience, Document

ARTICLE = {
    "id": 7,
    "title": "Returns",
    "body": "<p>60 days.</p>",
    "locale": "en-us",
    "draft": False,
    "html_url": "https://help.example/hc/en-us/articles/7",
}
SEGMENT = {"id": 1, "user_type": "staff", "built_in": True, "tags": [], "group_ids": []}


def connector(path: Path, **options: Any) -> FilesConnector:
    return FilesConnector(path=path, source="kb", **options)


def changes(path: Path, cursor: str = "", **options: Any) -> list[Change]:
    return list(connector(path, **options).changes(cursor))


def documents(path: Path, **options: Any) -> dict[str, Document]:
    found = changes(path, **options)
    assert isinstance(found[-1], Checkpoint)
    return {each.document.id: each.document for each in found if isinstance(each, Upsert)}


def failures(path: Path, **options: Any) -> dict[str, str]:
    return {
        each.document_id: each.reason
        for each in changes(path, **options)
        if isinstance(each, Failed)
    }


def export(folder: Path, *objects: dict[str, object], **beside: object) -> Path:
    path = folder / "export.json"
    path.write_text(json.dumps({"articles": objects, **beside}))
    return path


def audience(folder: Path, *segments: dict[str, object], **fields: object) -> Audience:
    path = export(folder, {**ARTICLE, **fields}, user_segments=segments)
    return documents(path)["article:7:en-us"].audience


class TestZendesk:
    def test_an_article_keeps_what_the_help_center_knows_of_it(self, tmp_path: Path) -> None:
        path = export(
            tmp_path,
            {
                **ARTICLE,
                "section_id": 31,
                "label_names": ["it's", "b"],
                "promoted": True,
                "edited_at": "2026-03-01T09:00:00Z",
            },
            sections=[
                {"id": 30, "name": "Shop", "category_id": 20},
                {"id": 31, "name": "Money", "category_id": 20, "parent_section_id": 30},
            ],
            categories=[{"id": 20, "name": "Help"}],
        )
        found = documents(path)["article:7:en-us"]
        assert found.heading_path == ("Help", "Shop", "Money")
        assert found.labels == ("it's", "b")
        assert found.promoted
        assert found.edited_at is not None
        assert found.edited_at.isoformat() == "2026-03-01T09:00:00+00:00"
        assert (found.url, found.translation_group) == (ARTICLE["html_url"], "article:7")
        assert found.audience == Audience.public()

    @pytest.mark.parametrize(
        ("segment", "expected"),
        [
            ({"user_type": "staff"}, Audience.agents()),
            ({"user_type": "signed_in_users"}, Audience.signed_in()),
            ({"user_type": "signed_in_users", "tags": ["vip"]}, Audience.segments(1)),
            ({"user_type": "signed_in_users", "or_tags": ["vip"]}, Audience.segments(1)),
            ({"user_type": "signed_in_users", "organization_ids": [5]}, Audience.segments(1)),
            ({"user_type": "signed_in_users", "added_user_ids": [5]}, Audience.segments(1)),
            ({"user_type": "staff", "group_ids": [5]}, Audience.segments(1)),
            ({"user_type": "somebody new"}, Audience.segments(1)),
            ({"user_type": 5}, Audience.agents()),
        ],
    )
    def test_a_segment_is_never_read_wider_than_it_is(
        self, tmp_path: Path, segment: dict[str, object], expected: Audience
    ) -> None:
        assert audience(tmp_path, {"id": 1, **segment}, user_segment_id=1) == expected

    def test_several_segments_are_any_of_them(self, tmp_path: Path) -> None:
        vip = {"id": 2, "user_type": "signed_in_users", "tags": ["vip"]}
        found = audience(tmp_path, SEGMENT, vip, user_segment_id=1, user_segment_ids=[1, 2])
        assert found.labels == {"agents", "segment:2"}
        assert audience(tmp_path, SEGMENT, user_segment_ids=[]) == Audience.public()

    def test_an_unknown_segment_is_for_agents_and_says_so(self, tmp_path: Path) -> None:
        found = documents(export(tmp_path, {**ARTICLE, "user_segment_id": 99}))["article:7:en-us"]
        assert found.audience == Audience.agents()
        assert "99" in found.metadata["audience_note"]

    def test_segments_may_lie_in_a_file_of_their_own(self, tmp_path: Path) -> None:
        export(tmp_path, {**ARTICLE, "user_segment_id": 1})
        beside = {"user_segments": [{"id": 1, "user_type": "signed_in_users"}]}
        (tmp_path / "user_segments.json").write_text(json.dumps(beside))
        assert documents(tmp_path)["article:7:en-us"].audience == Audience.signed_in()
        assert not failures(tmp_path)

    def test_an_article_without_a_segment_gets_the_sources_audience(self, tmp_path: Path) -> None:
        found = documents(export(tmp_path, ARTICLE), audience=Audience.agents())
        assert found["article:7:en-us"].audience == Audience.agents()

    def test_translations_are_documents_and_their_drafts_are_not(self, tmp_path: Path) -> None:
        translations = [
            {"locale": "en-us", "title": "Returns", "body": "same", "draft": False},
            {"locale": "de", "title": "Rückgabe", "body": "<p>60 Tage.</p>", "draft": False},
            {"locale": "fr", "title": "Retours", "body": "brouillon", "draft": True},
            {"locale": "es", "title": "x", "body": "x", "hidden": True},
        ]
        segments = [SEGMENT]
        path = export(
            tmp_path,
            {**ARTICLE, "user_segment_id": 1, "translations": translations},
            user_segments=segments,
        )
        found = documents(path)
        assert set(found) == {"article:7:en-us", "article:7:de"}
        german = found["article:7:de"]
        assert german.url == "https://help.example/hc/de/articles/7"
        assert german.audience == Audience.agents()
        assert german.translation_group == found["article:7:en-us"].translation_group

    def test_translations_may_stand_beside_the_articles(self, tmp_path: Path) -> None:
        beside = [
            {"source_id": 7, "source_type": "Article", "locale": "de", "title": "R", "body": "b"},
            {"source_id": 3, "source_type": "Section", "locale": "de", "title": "Geld"},
        ]
        path = export(
            tmp_path,
            {**ARTICLE, "section_id": 3},
            sections=[{"id": 3, "name": "Money"}],
            translations=beside,
        )
        assert documents(path)["article:7:de"].heading_path == ("Geld",)

    def test_a_draft_and_its_undecided_translations_are_not_delivered(self, tmp_path: Path) -> None:
        beside = [{"locale": "de", "title": "R", "body": "b"}]
        path = export(
            tmp_path, {**ARTICLE, "draft": True, "translations": beside}, {**ARTICLE, "id": 8}
        )
        assert set(documents(path)) == {"article:8:en-us"}
        assert list(connector(path).live_ids()) == ["article:8:en-us"]
        first = changes(path)
        later = changes(path, first[-1].cursor)  # type: ignore[union-attr]  # the Checkpoint
        assert not any(isinstance(each, Delete) for each in first)
        assert Delete(document_id="article:7:en-us") in later

    def test_a_draft_flag_that_cannot_be_read_is_not_taken_for_published(
        self, tmp_path: Path
    ) -> None:
        path = export(tmp_path, {**ARTICLE, "draft": "perhaps"})
        assert not documents(path)
        assert "draft" in failures(path)["article:7:en-us"]

    @pytest.mark.parametrize("shape", ["list", "lines", "lines in .json", "pages", "one"])
    def test_exports_come_in_many_shapes(self, tmp_path: Path, shape: str) -> None:
        two = [ARTICLE, {**ARTICLE, "id": 8}]
        name, text = {
            "list": ("a.json", json.dumps(two)),
            "lines": ("a.jsonl", "\ufeff" + "\n\n".join(map(json.dumps, two)) + "\r\n"),
            "lines in .json": ("a.json", "\n".join(map(json.dumps, two))),
            "pages": ("a.ndjson", "\n".join(json.dumps({"articles": [each]}) for each in two)),
            "one": ("a.json", json.dumps({"article": two[1]})),
        }[shape]
        (tmp_path / name).write_text(text, encoding="utf-8")
        expected = ["article:8:en-us"] if shape == "one" else ["article:7:en-us", "article:8:en-us"]
        assert list(documents(tmp_path)) == expected
        assert not failures(tmp_path)


class TestEvalArticles:
    def write(self, folder: Path, *records: object) -> Path:
        path = folder / "articles.jsonl"
        path.write_text("\n".join(map(json.dumps, records)))
        return path

    def test_ids_and_fields_are_kept(self, tmp_path: Path) -> None:
        path = self.write(
            tmp_path,
            {"id": "a b/1", "title": "T", "body_html": "<p>x</p>", "url": "https://x.example/1"},
            {
                "id": 2,
                "title": "T",
                "text": "## Head\n\nx",
                "locale": "de-DE",
                "audience": "agents",
            },
            {"id": "3", "title": "T", "text": "x < y", "audience": ["signed_in", "segment:7"]},
        )
        one, two, three = documents(path).values()
        assert (one.id, one.media_type, one.url) == ("a b/1", "text/html", "https://x.example/1")
        assert (two.media_type, two.locale, two.audience) == (
            "text/markdown",
            "de-de",
            Audience.agents(),
        )
        assert (three.media_type, three.locale) == ("text/plain", "en-us")
        assert three.audience.labels == {"signed_in", "segment:7"}

    def test_wrong_fields_are_named_and_the_rest_goes_on(self, tmp_path: Path) -> None:
        path = self.write(
            tmp_path,
            {"id": "1", "title": 5, "text": "x"},
            {"id": "2", "title": "T", "text": "x", "audience": "everyone"},
            {"id": "3", "title": "T", "body_html": None, "text": None},
            ["no object"],
            {"id": "4", "title": "T", "text": "good"},
        )
        found = failures(path)
        assert "articles.jsonl line 1" in found["1"]
        assert "title" in found["1"]
        assert "audience" in found["2"]
        assert "body_html or text" in found["3"]
        assert list(documents(path)) == ["4"]

    def test_the_later_of_two_equal_ids_fails_and_names_the_first(self, tmp_path: Path) -> None:
        record = {"id": "1", "title": "T", "text": "first", "url": "https://x.example/same"}
        path = self.write(tmp_path, record, {**record, "id": "2"}, {**record, "text": "second"})
        (tmp_path / "b.jsonl").write_text(json.dumps(record))
        found = documents(tmp_path)
        assert found["1"].body == "first"
        assert found["1"].url == found["2"].url
        reasons = [each.reason for each in changes(tmp_path) if isinstance(each, Failed)]
        assert len(reasons) == 2
        assert reasons[0].startswith("articles.jsonl line 3 ")
        assert reasons[1].startswith("b.jsonl line 1 ")
        assert all("articles.jsonl line 1" in each for each in reasons)
        assert path.exists()

    def test_text_is_safe_to_store_and_links_are_web_addresses(self, tmp_path: Path) -> None:
        (tmp_path / "a.jsonl").write_text(
            r'{"id": "a\u0000", "title": "half \ud83d", "text": "n\u0000ul", '
            r'"url": "javascript:alert(1)"}'
        )
        (found,) = documents(tmp_path).values()
        assert (found.id, found.title, found.body) == ("a", "half \ufffd", "nul")
        assert found.url == ""


class TestPages:
    def test_html(self, tmp_path: Path) -> None:
        (tmp_path / "page.htm").write_text(
            '<html lang="en-GB"><head><title>Tent  care\n</title>'
            '<link rel="canonical" href="https://x.example/tents"></head>'
            "<body><nav>Menu</nav><main><h1>Care</h1><p>Dry it.</p></main></body></html>"
        )
        (found,) = documents(tmp_path).values()
        assert (found.id, found.title, found.locale) == ("page.htm", "Tent care", "en-gb")
        assert (found.url, found.kind) == ("https://x.example/tents", "file")
        assert "Dry it." in found.body
        assert "Menu" not in found.body

    def test_html_without_a_head(self, tmp_path: Path) -> None:
        (tmp_path / "b.html").write_text("<h1>Boots <em>and</em> wax</h1><p>unclosed <b>x")
        found = documents(tmp_path, url_base="https://x.example/kb")["b.html"]
        assert (found.title, found.locale) == ("Boots and wax", "en-us")
        assert found.url == "https://x.example/kb/b.html"

    def test_markdown_front_matter(self, tmp_path: Path) -> None:
        (tmp_path / "a.md").write_text(
            "---\ntitle: 404\nlocale: de_CH\naudience: [agents]\nurl: /p\nlabels: a, b\n"
            "edited_at: 2026-02-03\nlayout: {x: 1}\n---\n# Heading\n\ntext\n"
        )
        found = documents(tmp_path, url_base="https://x.example/kb/")["a.md"]
        assert (found.title, found.locale, found.labels) == ("404", "de-ch", ("a", "b"))
        assert (found.url, found.audience) == ("https://x.example/p", Audience.agents())
        assert found.edited_at is not None
        assert found.edited_at.isoformat() == "2026-02-03T00:00:00+00:00"
        assert found.body == "# Heading\n\ntext\n"
        assert found.media_type == "text/markdown"

    def test_markdown_without_front_matter(self, tmp_path: Path) -> None:
        (tmp_path / "a.md").write_text("---\nonly a rule\n---\n\n# The *title*\n")
        found = documents(tmp_path)["a.md"]
        assert found.title == "The *title*"
        assert "only a rule" in found.body

    @pytest.mark.parametrize("line", ["draft: true", "published: false"])
    def test_a_markdown_draft_is_not_delivered_nor_live(self, tmp_path: Path, line: str) -> None:
        (tmp_path / "a.md").write_text(f"---\n{line}\n---\nsecret")
        (tmp_path / "b.md").write_text("# open")
        assert list(documents(tmp_path)) == ["b.md"]
        assert list(connector(tmp_path).live_ids()) == ["b.md"]

    @pytest.mark.parametrize(
        ("front", "named"),
        [("title: [", "line"), ("audience: all", "audience"), ("draft: perhaps", "draft")],
    )
    def test_bad_front_matter_never_publishes(self, tmp_path: Path, front: str, named: str) -> None:
        (tmp_path / "a.md").write_text(f"---\n{front}\n---\ntext")
        assert named in failures(tmp_path)["a.md"]
        assert not documents(tmp_path)

    def test_plain_text(self, tmp_path: Path) -> None:
        (tmp_path / "sub").mkdir()
        (tmp_path / "sub" / "hours & more.txt").write_text("\n Opening hours \n\n9 to 5")
        found = documents(tmp_path, url_base="https://x.example")["sub/hours & more.txt"]
        assert (found.title, found.media_type) == ("Opening hours", "text/plain")
        assert found.url == "https://x.example/sub/hours%20%26%20more.txt"

    @pytest.mark.parametrize(
        ("content", "expected", "noted"),
        [
            ("Größe".encode("utf-8-sig"), "Größe", False),
            ("Größe".encode("utf-16"), "Größe", False),
            (b'<meta charset="windows-1252">' + "Größe".encode("cp1252"), "Größe", False),
            (b"Gr\xf6\xdfe und mehr: sch\xf6ne Gr\xfc\xdfe", "e und mehr", True),
            (b"<meta charset='utf-16'>\xff", "charset", True),
            (b"<meta charset='hex'>\xff", "charset", True),
        ],
    )
    def test_encodings(self, tmp_path: Path, content: bytes, expected: str, noted: bool) -> None:
        (tmp_path / "a.txt").write_bytes(content)
        found = documents(tmp_path)["a.txt"]
        assert expected in found.body
        assert not found.body.startswith("\ufeff")
        assert ("encoding_note" in found.metadata) is noted


def pdf(folder: Path, *pages: str, title: str = "", password: str = "") -> Path:
    writer = pypdf.PdfWriter()
    for text in pages:
        page = writer.add_blank_page(width=400, height=400)
        font = {"/Type": "/Font", "/Subtype": "/Type1", "/BaseFont": "/Helvetica"}
        named = DictionaryObject({NameObject(key): NameObject(of) for key, of in font.items()})
        fonts = DictionaryObject({NameObject("/F1"): named})
        page[NameObject("/Resources")] = DictionaryObject({NameObject("/Font"): fonts})
        stream = DecodedStreamObject()
        stream.set_data(f"BT /F1 12 Tf 20 200 Td ({text}) Tj ET".encode() if text else b"")
        page[NameObject("/Contents")] = writer._add_object(stream)
    if title:
        writer.add_metadata({"/Title": title})
    if password:
        writer.encrypt(password, algorithm="RC4-128")
    content = io.BytesIO()
    writer.write(content)
    path = folder / "guide.pdf"
    path.write_bytes(content.getvalue())
    return path


class TestPdf:
    def test_pages_become_paragraphs_in_order(self, tmp_path: Path) -> None:
        pdf(tmp_path, "Stove guide", "Light it outdoors.", title="Stoves")
        found = documents(tmp_path)["guide.pdf"]
        assert (found.title, found.media_type) == ("Stoves", "text/plain")
        assert found.body == "Stove guide\n\nLight it outdoors."

    def test_the_first_line_is_the_title_where_none_is_set(self, tmp_path: Path) -> None:
        assert documents(pdf(tmp_path, "Stove guide"))["guide.pdf"].title == "Stove guide"

    def test_protected_empty_and_broken_ones_say_what_to_do(self, tmp_path: Path) -> None:
        assert "password" in failures(pdf(tmp_path, "x", password="secret"))["guide.pdf"]
        assert "ocrmypdf" in failures(pdf(tmp_path, ""))["guide.pdf"]
        (tmp_path / "guide.pdf").write_bytes(b"%PDF-1.7\nnothing")
        assert "save it again" in failures(tmp_path)["guide.pdf"]


class TestFolder:
    def test_what_is_read_and_what_is_passed_over(self, tmp_path: Path) -> None:
        for name in ("b/two.md", "a.md", "logo.PNG", ".git/x.md", ".hidden.md", "old/c.md"):
            (tmp_path / name).parent.mkdir(exist_ok=True)
            (tmp_path / name).write_text("# x")
        (tmp_path / "sheet.xlsx").write_bytes(b"PK")
        (tmp_path / "package.json").write_text('{"name": "x"}')
        assert list(documents(tmp_path, exclude=["old/*"])) == ["a.md", "b/two.md"]
        assert list(documents(tmp_path, include=["**/*.md"], exclude=["old/*"])) == [
            "a.md",
            "b/two.md",
        ]
        found = failures(tmp_path)
        assert set(found) == {"sheet.xlsx", "package.json"}
        assert ".xlsx" in found["sheet.xlsx"]
        assert "articles" in found["package.json"]
        assert not failures(tmp_path, exclude=["*.xlsx", "package.json"])

    def test_links_never_loop_nor_leave_the_folder(self, tmp_path: Path) -> None:
        outside = tmp_path / "outside"
        inside = tmp_path / "kb"
        for each in (outside, inside, inside / "sub"):
            each.mkdir()
        (outside / "secret.md").write_text("# secret")
        (inside / "sub" / "a.md").write_text("# a")
        (inside / "sub" / "loop").symlink_to(inside)
        (inside / "self.md").symlink_to(inside / "self.md")
        (inside / "gone.md").symlink_to(inside / "nothing.md")
        (inside / "alias.md").symlink_to(inside / "sub" / "a.md")
        (inside / "leak.md").symlink_to(outside / "secret.md")
        (inside / "leaks").symlink_to(outside)
        assert set(documents(inside)) == {"sub/a.md", "alias.md"}
        found = failures(inside)
        assert set(found) == {"self.md", "gone.md", "leak.md", "leaks"}
        assert "leads out" in found["leak.md"]
        assert "leads out" in found["leaks"]

    def test_one_file_may_be_named_by_a_link(self, tmp_path: Path) -> None:
        (tmp_path / "kb").mkdir()
        (tmp_path / "real.md").write_text("# a")
        (tmp_path / "kb" / "link.md").symlink_to(tmp_path / "real.md")
        assert set(documents(tmp_path / "kb" / "link.md")) == {"link.md"}

    def test_a_pipe_does_not_stop_the_sync(self, tmp_path: Path) -> None:
        os.mkfifo(tmp_path / "pipe.md")
        done = threading.Thread(target=lambda: changes(tmp_path), daemon=True)
        done.start()
        done.join(timeout=20)
        assert not done.is_alive()
        assert "pipe.md" in failures(tmp_path)

    def test_names_that_are_not_utf8_become_ids_that_can_be_stored(self, tmp_path: Path) -> None:
        (tmp_path / os.fsdecode(b"caf\xe9.md")).write_text("# x")
        (found,) = documents(tmp_path)
        assert found == "caf\\xe9.md"

    def test_no_such_path(self, tmp_path: Path) -> None:
        with pytest.raises(SourceMisconfigured, match=r"path: .*nowhere"):
            connector(tmp_path / "nowhere").changes("")
        with pytest.raises(SourceMisconfigured):
            connector(tmp_path / "nowhere").live_ids()

    def test_a_file_that_vanishes_while_the_folder_is_read(self, tmp_path: Path) -> None:
        for name in ("a.md", "b.md", "c.md"):
            (tmp_path / name).write_text("# x")
        stream = connector(tmp_path).changes("")
        next(stream)
        (tmp_path / "b.md").unlink()
        rest = list(stream)
        assert [type(each) for each in rest] == [Failed, Upsert, Checkpoint]
        assert "tried again" in rest[0].reason  # type: ignore[union-attr]  # the Failed

    def test_everything_is_delivered_again(self, tmp_path: Path) -> None:
        (tmp_path / "a.md").write_text("# x")
        first = changes(tmp_path)
        assert changes(tmp_path, first[-1].cursor) == first  # type: ignore[union-attr]  # Checkpoint


class TestLiveIds:
    def test_they_are_the_delivered_ones_and_those_that_only_fail_now(self, tmp_path: Path) -> None:
        export(tmp_path, ARTICLE, {**ARTICLE, "id": 8, "title": 5})
        (tmp_path / "a.html").write_text("<p>x")
        (tmp_path / "guide.pdf").write_bytes(b"broken")
        assert set(connector(tmp_path).live_ids()) == {
            "article:7:en-us",
            "article:8:en-us",
            "a.html",
            "guide.pdf",
        }

    @pytest.mark.parametrize(
        ("name", "content"),
        [
            ("x.json", '{"articles": [{"id": 1}'),
            ("x.json", '{"articles": {}}'),
            ("x.jsonl", '{"id": "1", "title": "T", "text": "x"}\n{"id": '),
            ("x.jsonl", '{"title": "no id", "text": "x"}'),
        ],
    )
    def test_a_partial_list_is_refused(self, tmp_path: Path, name: str, content: str) -> None:
        (tmp_path / "a.md").write_text("# x")
        (tmp_path / name).write_text(content)
        with pytest.raises(SourceUnavailable, match=name):
            connector(tmp_path).live_ids()
        assert "a.md" in documents(tmp_path)

    def test_an_empty_folder_is_taken_for_one_that_is_not_mounted(self, tmp_path: Path) -> None:
        with pytest.raises(SourceUnavailable, match="mounted"):
            connector(tmp_path).live_ids()


class TestBadJson:
    def test_the_line_is_named(self, tmp_path: Path) -> None:
        (tmp_path / "a.json").write_text('{\n"articles": [\n{"id": 1,}\n]}')
        (reason,) = failures(tmp_path).values()
        assert "a.json" in reason
        assert "line 3" in reason

    def test_one_bad_line_does_not_stop_the_others(self, tmp_path: Path) -> None:
        good = json.dumps({"id": "1", "title": "T", "text": "x"})
        (tmp_path / "a.jsonl").write_text("{nope}\n" + good + "\n" + "[" * 100_000)
        assert list(documents(tmp_path)) == ["1"]
        assert [each[:14] for each in failures(tmp_path).values()] == [
            "a.jsonl line 1",
            "a.jsonl line 3",
        ]

    def test_files_too_large_to_hold_say_what_to_do(self, tmp_path: Path) -> None:
        with (tmp_path / "big.json").open("wb") as stream:  # holes: takes no room on the disk
            stream.truncate(articles.LARGEST_DOCUMENT + 1)
        with (tmp_path / "big.txt").open("wb") as stream:
            stream.truncate(LARGEST_FILE + 1)
        found = failures(tmp_path)
        assert "JSON Lines" in found["big.json"]
        assert "Split" in found["big.txt"]

    def test_a_line_too_long_to_hold_is_skipped(self, tmp_path: Path) -> None:
        good = json.dumps({"id": "1", "title": "T", "text": "x"}).encode()
        with (tmp_path / "a.jsonl").open("wb") as stream:
            stream.seek(articles.LONGEST_LINE + 1)
            stream.write(b"\n" + good)
        assert list(documents(tmp_path)) == ["1"]
        assert "longer than" in failures(tmp_path)["a.jsonl line 1"]

    def test_utf16_lines_say_what_to_do(self, tmp_path: Path) -> None:
        (tmp_path / "a.jsonl").write_text('{"id": "1"}', encoding="utf-16")
        assert "UTF-8" in failures(tmp_path)["a.jsonl"]


SUFFIXES = (".json", ".jsonl", ".html", ".md", ".txt", ".pdf")
JSON_VALUES = st.recursive(
    st.none() | st.booleans() | st.integers() | st.text(max_size=8),
    lambda inner: (
        st.lists(inner, max_size=3)
        | st.dictionaries(
            st.sampled_from(
                (
                    *ARTICLE,
                    *SIDELOADS,
                    "text",
                    "articles",
                    "article",
                    "user_segment_ids",
                    "audience",
                )
            ),
            inner,
            max_size=6,
        )
    ),
    max_leaves=12,
)


def read_anything(folder: Path, content: bytes) -> None:
    for suffix in SUFFIXES:
        (folder / f"x{suffix}").write_bytes(content)
    found = changes(folder)
    assert isinstance(found[-1], Checkpoint)
    for each in found:
        if isinstance(each, Upsert):
            for text in (each.document.id, each.document.title, each.document.body):
                text.encode()
                assert "\0" not in text
        if isinstance(each, Failed):
            assert each.document_id
            assert each.reason


@settings(max_examples=40, deadline=None, suppress_health_check=list(HealthCheck))
@given(content=st.binary(max_size=200))
@example(content=b"")
@example(content=b"<?xml version='1.0' encoding='utf-16'?><!DOCTYPE x [<!ENTITY a 'b'>]><x>&a;</x>")
@example(content=b"---\na: &a [*a]\n? [b]\n: c\n---\n")
@example(content=b"<![if x]><base href='http://[::1'><link rel=canonical href='http://[x'>")
@example(content=b"1" * 5000)
@example(content=b"<div>" * 50_000)
def test_arbitrary_bytes_never_stop_the_stream(content: bytes, tmp_path: Path) -> None:
    read_anything(tmp_path, content)


@settings(max_examples=60, deadline=None, suppress_health_check=list(HealthCheck))
@given(value=JSON_VALUES)
def test_arbitrary_json_never_stops_the_stream(value: object, tmp_path: Path) -> None:
    read_anything(tmp_path, json.dumps(value).encode())
