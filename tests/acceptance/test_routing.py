"""`supportbot routing` and `supportbot eval routing` as people meet them."""

import json
from pathlib import Path

import pytest

from tests.acceptance.commands import CommandLine
from tests.fakes.zendesk import FakeZendesk


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


def test_the_accounts_tags_are_listed_then_chosen_and_never_overwritten(
    line: CommandLine,
) -> None:
    with FakeZendesk() as zendesk:
        ticketing = zendesk.account.ticketing
        ann, group = ticketing.person("Ann"), ticketing.group("Returns desk")
        for tags in (("refund", "web"), ("refund",), ("refund",), ("warranty",)):
            ticketing.ticket(ann, "A", "B", tags=tags, group_id=group.id)
        connected = CommandLine(
            folder=line.folder,
            settings={
                **line.settings,
                "ZENDESK_SUBDOMAIN": "acme",
                "ZENDESK_BASE_URL": zendesk.base_url,
                "ZENDESK_CLIENT_ID": "supportbot",
                "ZENDESK_CLIENT_SECRET": "the-client-secret",
            },
        )
        ran(line, "routing", "add", "warranty", "--priority", "low")

        looked = connected.run("routing", "import", "--account")
        nothing = json.loads(ran(line, "routing", "list", "--json"))
        taken = ran(connected, "routing", "import", "--account", "--at-least", "3", "--tag",
                    "warranty")  # fmt: skip
        again = ran(connected, "routing", "import", "--account", "--at-least", "3")
        unknown = connected.run("routing", "import", "--account", "--tag", "none")
        listed = json.loads(ran(line, "routing", "list", "--json"))
        audited = ran(line, "audit", "--target", "refund")

    assert looked.stdout.decode().splitlines()[1].split() == ["refund", "3", "Returns", "desk",
                                                              "no"]  # fmt: skip
    assert b"Nothing is taken yet" in looked.stderr
    assert [each["name"] for each in nothing["tags"]] == ["warranty"]
    assert taken.startswith("1 tags added: refund.")
    assert again == "0 tags added.\n"
    assert (unknown.returncode, b"no tag 'none'" in unknown.stderr) == (2, True)
    refund, warranty = listed["tags"]
    assert (refund["group_id"], refund["group_name"]) == (group.id, "Returns desk")
    assert (warranty["priority"], warranty["group_id"]) == ("low", None)
    assert "routing_tags added" in audited


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
        (("import", "--account"), "ZENDESK_CLIENT_ID"),
        (("import", "--sample", "--tag", "a"), "--account"),
    ],
)
def test_bad_use_is_one_line_and_status_2(
    line: CommandLine, arguments: tuple[str, ...], said: str
) -> None:
    (line.folder / "broken.csv").write_text("text,label\nonly a text\n")

    done = line.run("routing", *arguments)

    assert done.returncode == (1 if "--account" in arguments else 2)
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
