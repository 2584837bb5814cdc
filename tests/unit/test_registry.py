"""What can be set up as a source, and what is said when its settings are wrong."""

from __future__ import annotations

from pathlib import Path

import pytest

from connectors.base import Upsert
from connectors.errors import SourceMisconfigured
from connectors.registry import KINDS, FilesConfig, SampleConfig, kind_of
from indexing.models import Audience


def test_files_are_built_from_settings_as_a_form_or_command_gives_them(tmp_path: Path) -> None:
    (tmp_path / "a.md").write_text("# Tents\n\nPitch it.")
    (tmp_path / "b.txt").write_text("left out")
    connector = kind_of("files").build(
        {
            "path": str(tmp_path),
            "audience": "agents, segment:7",
            "locale": "de_AT",
            "url_base": "https://docs.example/kb/",
            "include": ["*.md"],
        },
        source="notes",
    )
    found = [each.document for each in connector.changes("") if isinstance(each, Upsert)]
    assert [(each.id, each.source, each.locale) for each in found] == [("a.md", "notes", "de-at")]
    assert found[0].audience == Audience(labels=frozenset({"agents", "segment:7"}))
    assert found[0].url == "https://docs.example/kb/a.md"


def test_the_sample_needs_no_settings() -> None:
    changes = KINDS["sample"].build(SampleConfig(), source="sample").changes("")
    assert any(isinstance(each, Upsert) for each in changes)


def test_settings_survive_being_stored(tmp_path: Path) -> None:
    config = kind_of("files").parse({"path": tmp_path, "exclude": ["x/*"], "audience": "agents"})
    assert isinstance(config, FilesConfig)
    assert kind_of("files").parse(config.model_dump(mode="json")) == config


def test_a_relative_path_means_the_same_from_everywhere(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(tmp_path)
    assert kind_of("files").parse({"path": "kb"}).path == tmp_path / "kb"


@pytest.mark.parametrize(
    ("settings", "named"),
    [
        ({}, "path"),
        ({"path": "/srv/kb", "audience": "everyone"}, "audience"),
        ({"path": "/srv/kb", "audience": ""}, "audience"),
        ({"path": "/srv/kb", "url_base": "javascript:alert(1)"}, "url_base"),
        ({"path": "/srv/kb", "locale": " "}, "locale"),
        ({"path": "/srv/kb", "include": 5}, "include"),
        ({"path": "/srv/kb", "folder": "x"}, "folder"),
        ({"path": "a\0b"}, "path"),
    ],
)
def test_wrong_settings_name_the_field(settings: dict[str, object], named: str) -> None:
    with pytest.raises(SourceMisconfigured, match=rf"kind files: {named}"):
        kind_of("files").build(settings, source="x")


def test_an_unknown_kind_says_which_there_are() -> None:
    with pytest.raises(SourceMisconfigured, match=r"kind: .*'wiki'.* files, sample, zendesk"):
        kind_of("wiki")


def test_settings_of_another_kind_are_refused() -> None:
    with pytest.raises(SourceMisconfigured, match="FilesConfig"):
        KINDS["files"].build(SampleConfig(), source="x")


@pytest.mark.parametrize("kind", KINDS.values(), ids=KINDS.keys())
def test_every_field_can_be_drawn_as_a_form(kind) -> None:  # type: ignore[no-untyped-def]  # any kind
    assert kind.title
    assert kind.description
    for name, each in kind.config.model_json_schema().get("properties", {}).items():
        field = kind.config.model_fields[name]
        assert field.title, name
        assert field.description, name
        assert each["title"] == field.title
