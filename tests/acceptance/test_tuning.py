"""`supportbot tune` as people meet it: from examples to a model that decides, and back."""

import json
from pathlib import Path

from tests.acceptance.commands import CommandLine

WORDS = {"shipping": ("parcel", "delivery", "shipment"), "password": ("password", "login", "code")}


def dataset(folder: Path) -> None:
    folder.mkdir()
    for number, part in enumerate(("train", "calibration", "test")):
        rows = [
            json.dumps({"text": f"Question {number}{n} about my {words[n % 3]}", "label": tag})
            for n in range(15)
            for tag, words in WORDS.items()
        ]
        (folder / f"routing.{part}.jsonl").write_text("\n".join(rows))


def test_a_model_is_trained_refused_forced_followed_and_taken_back(
    tmp_path: Path, database_url: str
) -> None:
    settings = {"DATABASE_URL": database_url, "SUPPORTBOT_DATA_DIR": str(tmp_path / "data")}
    line = CommandLine(folder=tmp_path, settings=settings)
    dataset(tmp_path / "set")
    tags = [json.dumps({"tag": tag, "examples": list(words)}) for tag, words in WORDS.items()]
    (tmp_path / "tags.jsonl").write_text("\n".join(tags))

    def ran(*arguments: str) -> str:
        done = line.run(*arguments)
        assert done.returncode == 0, done.stderr.decode()
        return done.stdout.decode()

    nothing = line.run("tune", "export", "--to", "out")
    ran("routing", "import", "tags.jsonl")
    exported = ran("tune", "export", "--to", "out")
    trained = ran("tune", "train", "routing", "--data", "set")
    refused = line.run("tune", "promote", "1")
    forced = ran("tune", "promote", "1", "--force")
    tried = json.loads(ran("routing", "try", "where is my shipment", "--json"))
    listed = ran("tune", "list")
    back = ran("tune", "rollback", "routing")

    assert nothing.returncode == 2
    assert b"nothing to learn from" in nothing.stderr
    assert "routing" in exported
    assert (tmp_path / "out" / "CARD.md").is_file()
    assert "candidate" in trained
    assert "which may be chance" in trained
    assert refused.returncode == 2
    assert b"Model 1 may not take over" in refused.stderr
    assert "Forced, although" in forced
    assert (tried["tag"], tried["decided_by"]) == ("shipping", "tuned")
    assert "live" in listed
    assert "without a tuned model" in back
