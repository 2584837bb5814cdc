"""A really small model learns to write: trained, merged, served over real HTTP, and held to its
passages by the `markers` engine. Needs the extra `tuning`."""

from __future__ import annotations

import json
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pytest

from bot.answering.base import AnswerRequest, Draft
from bot.answering.markers import MarkersEngine
from bot.errors import InputRejected
from bot.llm import MessagesApi
from bot.tuning.cases import ReplyCase
from bot.tuning.replies import messages
from bot.tuning.writing import measure_replies, train_replies
from tests.factories import passage
from tests.fakes.anthropic import MessagesFake
from tests.fakes.replies import Content, plain

if TYPE_CHECKING:
    from tests.fakes.replies import Body, Reply

ASKED = AnswerRequest(question="Can I return it?", passages=(passage(),), locale="en")
SAID = "You can return an unworn item within 45 days of delivery [1]."


def case(request: AnswerRequest = ASKED) -> ReplyCase:
    return ReplyCase(request=request, reply=SAID, asked_at=None, customer="", origin="draft")


@pytest.fixture(scope="module")
def base(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A causal model of two layers that knows nothing, with a tokenizer of these words."""
    pytest.importorskip("torch", reason="reply models need the extra `tuning`")
    pytest.importorskip("peft", reason="reply models need the extra `tuning`")
    pytest.importorskip("gguf", reason="reply models need the extra `tuning`")
    import torch
    from tokenizers import Tokenizer, decoders, pre_tokenizers
    from tokenizers import models as kinds
    from tokenizers.trainers import BpeTrainer
    from transformers import LlamaConfig, LlamaForCausalLM, PreTrainedTokenizerFast

    folder = tmp_path_factory.mktemp("base")
    raw = Tokenizer(kinds.BPE())
    raw.pre_tokenizer = pre_tokenizers.ByteLevel(add_prefix_space=False)
    raw.decoder = decoders.ByteLevel()
    alphabet = pre_tokenizers.ByteLevel.alphabet()
    texts = [each["content"] for each in messages(ASKED, SAID)]
    raw.train_from_iterator(
        texts, BpeTrainer(vocab_size=900, special_tokens=["</s>"], initial_alphabet=alphabet)
    )
    tokenizer = PreTrainedTokenizerFast(tokenizer_object=raw, eos_token="</s>")
    torch.manual_seed(7)
    model = LlamaForCausalLM(
        LlamaConfig(
            vocab_size=len(tokenizer), hidden_size=64, intermediate_size=128, num_hidden_layers=2,
            num_attention_heads=4, num_key_value_heads=4, max_position_embeddings=2048,
        )
    )  # fmt: skip
    model.save_pretrained(folder)
    tokenizer.save_pretrained(folder)
    return folder


def dataset(folder: Path, count: int) -> Path:
    line = json.dumps({"messages": messages(ASKED, SAID)})
    (folder / "replies.train.jsonl").write_text(f"{line}\n" * count)
    return folder


class Served:
    """What a server does with the folder: its template, greedy words, its end."""

    def __init__(self, folder: Path) -> None:
        from transformers import AutoModelForCausalLM, AutoTokenizer

        self.tokenizer = AutoTokenizer.from_pretrained(folder, local_files_only=True)
        self.model = AutoModelForCausalLM.from_pretrained(folder, local_files_only=True).eval()

    def __call__(self, body: Body) -> Reply:
        import torch

        said = [{"role": "system", "content": body["system"]}, *body["messages"]]
        asked: Any = self.tokenizer.apply_chat_template(
            said, tokenize=False, add_generation_prompt=True
        )
        ids = self.tokenizer(asked, add_special_tokens=False, return_tensors="pt").input_ids
        with torch.inference_mode():
            found = self.model.generate(
                ids, attention_mask=torch.ones_like(ids), max_new_tokens=40, do_sample=False,
                pad_token_id=self.tokenizer.eos_token_id, eos_token_id=self.tokenizer.eos_token_id,
            )  # fmt: skip
        text = self.tokenizer.decode(found[0][ids.shape[1] :], skip_special_tokens=True)
        return Content(blocks=[plain(text)])


def answered_by(folder: Path) -> Any:
    with MessagesFake(default=Served(folder)) as fake:
        api = MessagesApi(api_key=None, base_url=fake.url, model="tuned", retries=0)
        try:
            engine = MarkersEngine(api=api, extra_body={"temperature": 0})
            return engine.answer(ASKED), measure_replies(engine, [case()])
        finally:
            api.close()


@pytest.mark.filterwarnings("ignore::FutureWarning")  # peft asks transformers in an old way
def test_a_small_model_is_trained_merged_served_and_answers(base: Path, tmp_path: Path) -> None:
    before, unlearned = answered_by_plain(base)
    learned = train_replies(
        dataset(tmp_path, 30), base, tmp_path / "merged",
        epochs=4, rate=1e-2, on_progress=lambda *_: None,
    )  # fmt: skip
    after, measured = answered_by(tmp_path / "merged")

    assert (learned.learned, learned.too_long) == (30, 0)
    assert learned.losses[-1] < learned.losses[0]
    assert not isinstance(before, Draft)
    assert unlearned.figures["answered"] == 0
    assert isinstance(after, Draft)
    assert after.statements[0].text == "You can return an unworn item within 45 days of delivery."
    assert after.statements[0].citations[0].quote in ASKED.passages[0].text
    assert measured.figures == {"accuracy": 1.0, "answered": 1.0, "likeness": pytest.approx(1.0)}
    assert not any("adapter" in each.name for each in (tmp_path / "merged").iterdir())


def answered_by_plain(base: Path) -> Any:
    """The same of the model before it learned anything, with the template it will be given."""
    from transformers import AutoTokenizer

    from bot.tuning.causal import _TEMPLATE

    tokenizer = AutoTokenizer.from_pretrained(base, local_files_only=True)
    tokenizer.chat_template = _TEMPLATE
    tokenizer.save_pretrained(base)
    return answered_by(base)


def test_without_replies_there_is_nothing_to_learn(tmp_path: Path) -> None:
    with pytest.raises(InputRejected, match=r"replies\.train\.jsonl"):
        train_replies(tmp_path, tmp_path, tmp_path / "to", epochs=1, on_progress=lambda *_: None)
    (tmp_path / "replies.train.jsonl").write_text("")
    with pytest.raises(InputRejected, match="is empty"):
        train_replies(tmp_path, tmp_path, tmp_path / "to", epochs=1, on_progress=lambda *_: None)
