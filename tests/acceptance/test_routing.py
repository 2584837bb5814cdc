"""`supportbot routing` and `supportbot eval routing` as people meet them."""

import json
from pathlib import Path

import pytest

from tests.acceptance.commands import CommandLine


@pytest.fixture
def line(tmp_path: Path, database_url: str) -> CommandLine:
    settings = {"DATABASE_URL": database_url, "SUPPORTBOT_DATA_DIR": str(tmp_path / "data")}
    return CommandLine(folder=tmp_path, settings=settings)


def ran(line: CommandLine, *arguments: str) -> str:
    done = line.run(*arguments)
    assert done.returncode == 0, done.stderr.decode()
    return done.stdout.decode()


def test_from_the_sample_to_a_routed_text(line: CommandLine) -> None:
    nothing = line.run("routing", "list")
    ran(line, "routing", "import", "--sample")
    tried = json.loads(ran(line, "routing", "try", "My parcel never arrived", "--json"))
    ran(line, "routing", "rule", "wholesale", "--phrase", "resell*", "--locale", "en")
    by_rule = ran(line, "routing", "try", "Can we be a reseller?")
    listed = json.loads(ran(line, "routing", "list", "--json"))

    assert b"no routing tag yet" in nothing.stderr
    assert tried["tag"] in {"lost_parcel", "order_tracking"}
    assert (tried["decided_by"], tried["group"]) == ("examples", "Shipping")
    assert by_rule.startswith("wholesale (100% sure, decided by rule)")
    assert "Partners" in by_rule
    assert len(listed["tags"]) == 15


def test_tags_and_examples_by_hand_then_out_and_in_again(line: CommandLine) -> None:
    ran(line, "routing", "add", "VIP", "--priority", "high", "--group", "A", "--field", "36=x",
        "--example", "I am a gold customer")  # fmt: skip
    ran(line, "routing", "example", "vip", "I spend a lot here")
    ran(line, "routing", "example", "vip", "I am a gold customer", "--remove")
    ran(line, "routing", "export", "tags.jsonl")
    ran(line, "routing", "remove", "vip")
    ran(line, "routing", "import", "tags.jsonl")

    exported = [json.loads(each) for each in ran(line, "routing", "export").splitlines()]

    assert exported == [
        {
            "tag": "vip",
            "description": "",
            "group_id": None,
            "group_name": "A",
            "priority": "high",
            "custom_fields": {"36": "x"},
            "enabled": True,
            "examples": ["I spend a lot here"],
        }
    ]


@pytest.mark.parametrize(
    ("arguments", "said"),
    [
        (("add", "two words"), "cannot be a tag"),
        (("add", "a", "--priority", "huge"), "is no priority"),
        (("add", "a", "--field", "x"), "ID=VALUE"),
        (("remove", "none"), "no routing tag 'none'"),
        (("rule", "none", "--phrase", "x"), "no routing tag 'none'"),
        (("rule",), "--remove ID"),
        (("import", "broken.csv"), "broken.csv:2: label"),
        (("import",), "--sample"),
    ],
)
def test_bad_use_is_one_line_and_status_2(
    line: CommandLine, arguments: tuple[str, ...], said: str
) -> None:
    (line.folder / "broken.csv").write_text("text,label\nonly a text\n")

    done = line.run("routing", *arguments)

    assert done.returncode == 2
    assert said in done.stderr.decode()
    assert len(done.stderr.decode().strip().splitlines()) == 1


def test_eval_routing_writes_the_figures_that_scripts_read(line: CommandLine) -> None:
    rows = [("Where is my parcel?", "a"), ("Track it", "a"), ("Password reset", "b"), ("Hm", "oos")]
    lines = "\n".join(json.dumps({"text": text, "label": label}) for text, label in rows)
    (line.folder / "rows.jsonl").write_text(lines)

    shown = ran(line, "eval", "routing", "--train", "rows.jsonl", "--test", "rows.jsonl",
                "--json", "out.json")  # fmt: skip

    figures = json.loads((line.folder / "out.json").read_text())
    assert {"accuracy", "in_scope_accuracy", "oos_recall", "macro_f1", "ece"} <= set(figures)
    assert set(figures["latency_ms"]) == {"p50", "p95"}
    assert "macro F1" in shown
