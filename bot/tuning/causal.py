"""Fine-tunes a small open causal model on replies, through low-rank adapters that are merged into
it: what comes out is a folder that any server of such models reads.

It learns how to write: tone, form, markers, when to say that the sources hold no answer. What to
write stands in the passages of each case, then as later. Imports torch, peft and transformers.
"""

from __future__ import annotations

import random
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import torch
from peft import LoraConfig
from transformers import AutoModelForCausalLM, AutoTokenizer, GgufConfig

from bot.tuning import ggufs
from bot.tuning.adapters import adapted, quiet

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence
    from pathlib import Path

    OnProgress = Callable[[str, int, int], None]
    Conversation = Sequence[dict[str, str]]

_RANK = 16
_GGUF = ".gguf"

# For models that bring no template of their own.
_TEMPLATE = (
    "{% for message in messages %}<|{{ message.role }}|>\n{{ message.content }}{{ eos_token }}\n"
    "{% endfor %}{% if add_generation_prompt %}<|assistant|>\n{% endif %}"
)


@dataclass(frozen=True, kw_only=True, slots=True)
class Learned:
    """What became of the conversations: those that were too long are never cut, for a passage that
    is missing teaches to invent. `losses` is the mean loss of each pass. `file` is the name of the
    model's GGUF file, "" without one."""

    learned: int
    too_long: int
    losses: tuple[float, ...]
    file: str


def fine_tuned(
    base: Path,
    conversations: Sequence[Conversation],
    to: Path,
    *,
    epochs: int,
    rate: float,
    longest: int,
    seed: int,
    on_progress: OnProgress,
) -> Learned:
    """Trains on the last message of each conversation, merges, and writes model and tokenizer into
    the folder `to`; with a GGUF file as base, such a file as well, where it is of the Llama kind.
    `base` is that, or a folder of a model in Hugging Face's form; nothing is downloaded. Uses a
    GPU where there is one."""
    torch.manual_seed(seed)
    quiet()
    device = "cuda" if torch.cuda.is_available() else "cpu"
    where = _location(base)
    tokenizer = AutoTokenizer.from_pretrained(**where)
    if tokenizer.chat_template is None:
        tokenizer.chat_template = _TEMPLATE
    # Weights that stay packed can be neither trained nor written.
    whole = {"quantization_config": GgufConfig(dequantize=True)} if "gguf_file" in where else {}
    model = AutoModelForCausalLM.from_pretrained(**where, **whole, dtype=torch.float32)
    config = LoraConfig(
        r=_RANK, lora_alpha=2 * _RANK, target_modules="all-linear", task_type="CAUSAL_LM"
    )
    learning = adapted(model, config).to(device).train()
    rows = [row for each in conversations if (row := _row(tokenizer, each, longest)) is not None]
    losses = _train(learning, rows, epochs=epochs, rate=rate, seed=seed, on_progress=on_progress)
    merged = learning.merge_and_unload().eval().cpu()
    to.mkdir(parents=True, exist_ok=True)
    merged.save_pretrained(to)
    tokenizer.save_pretrained(to)
    return Learned(
        learned=len(rows),
        too_long=len(conversations) - len(rows),
        losses=tuple(losses),
        file=_file(base, merged, to),
    )


def _file(base: Path, model: Any, to: Path) -> str:
    """The name of the model's GGUF file in the folder `to`; "" where there is none."""
    if base.suffix != _GGUF:
        return ""
    weights = {name: value.detach().numpy() for name, value in model.state_dict().items()}
    return ggufs.FILE if ggufs.write(base, weights, to) else ""


def _train(
    model: Any,
    rows: list[tuple[list[int], list[int]]],
    *,
    epochs: int,
    rate: float,
    seed: int,
    on_progress: OnProgress,
) -> list[float]:
    learned = [each for each in model.parameters() if each.requires_grad]
    optimizer = torch.optim.AdamW(learned, lr=rate)
    device = next(model.parameters()).device
    order = random.Random(seed)  # noqa: S311 - an order, no secret
    losses = []
    for epoch in range(epochs):
        order.shuffle(rows)
        total = 0.0
        for number, (asked, said) in enumerate(rows):
            optimizer.zero_grad()
            loss = _loss(model, asked, said, device)
            loss.backward()
            torch.nn.utils.clip_grad_norm_(learned, 1.0)
            optimizer.step()
            total += float(loss.detach())
            on_progress("Training", epoch * len(rows) + number + 1, epochs * len(rows))
        losses.append(total / max(len(rows), 1))
    return losses


def _loss(model: Any, asked: list[int], said: list[int], device: Any) -> Any:
    """How unlikely the reply is to the model. Of what was asked, no scores over the vocabulary are
    made: they would take most of the memory."""
    ids = torch.tensor([asked + said], device=device)
    scores = model(input_ids=ids, logits_to_keep=len(said) + 1).logits[0, :-1]
    return torch.nn.functional.cross_entropy(scores, ids[0, -len(said) :])


def _row(
    tokenizer: Any, conversation: Conversation, longest: int
) -> tuple[list[int], list[int]] | None:
    """Token ids of what was asked, and of the reply with its end; None where it is too long."""
    asked = tokenizer.apply_chat_template(
        list(conversation[:-1]), tokenize=False, add_generation_prompt=True
    )
    before = tokenizer(asked, add_special_tokens=False).input_ids
    reply = conversation[-1]["content"] + tokenizer.eos_token
    said = tokenizer(reply, add_special_tokens=False).input_ids
    if len(before) + len(said) > longest:
        return None
    return before, said


def _location(base: Path) -> dict[str, Any]:
    if base.suffix == _GGUF:
        return {
            "pretrained_model_name_or_path": base.parent,
            "gguf_file": base.name,
            "local_files_only": True,
        }
    return {"pretrained_model_name_or_path": base, "local_files_only": True}
