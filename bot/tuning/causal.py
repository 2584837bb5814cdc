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
from peft import LoraConfig, get_peft_model
from transformers import AutoModelForCausalLM, AutoTokenizer
from transformers.utils import logging as chatter

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence
    from pathlib import Path

    OnProgress = Callable[[str, int, int], None]
    Conversation = Sequence[dict[str, str]]

_RANK = 16
_NOT_JUDGED = -100  # what torch leaves out of the loss

# For models that bring no template of their own.
_TEMPLATE = (
    "{% for message in messages %}<|{{ message.role }}|>\n{{ message.content }}{{ eos_token }}\n"
    "{% endfor %}{% if add_generation_prompt %}<|assistant|>\n{% endif %}"
)


@dataclass(frozen=True, kw_only=True, slots=True)
class Learned:
    """What became of the conversations: those that were too long are never cut, for a passage that
    is missing teaches to invent. `losses` is the mean loss of each pass."""

    learned: int
    too_long: int
    losses: tuple[float, ...]


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
    the folder `to`. `base` is a folder of a model in Hugging Face's form, or a GGUF file; nothing
    is downloaded. Uses a GPU where there is one."""
    torch.manual_seed(seed)
    chatter.set_verbosity_error()
    chatter.disable_progress_bar()
    device = "cuda" if torch.cuda.is_available() else "cpu"
    where = _location(base)
    tokenizer = AutoTokenizer.from_pretrained(**where)
    if tokenizer.chat_template is None:
        tokenizer.chat_template = _TEMPLATE
    model = AutoModelForCausalLM.from_pretrained(**where, dtype=torch.float32)
    config = LoraConfig(
        r=_RANK, lora_alpha=2 * _RANK, target_modules="all-linear", task_type="CAUSAL_LM"
    )
    adapted = get_peft_model(model, config).to(device).train()
    rows = [row for each in conversations if (row := _row(tokenizer, each, longest)) is not None]
    losses = _train(adapted, rows, epochs=epochs, rate=rate, seed=seed, on_progress=on_progress)
    merged = adapted.merge_and_unload().eval().cpu()
    to.mkdir(parents=True, exist_ok=True)
    merged.save_pretrained(to)
    tokenizer.save_pretrained(to)
    return Learned(learned=len(rows), too_long=len(conversations) - len(rows), losses=tuple(losses))


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
        for number, (ids, labels) in enumerate(rows):
            optimizer.zero_grad()
            loss = model(
                input_ids=torch.tensor([ids], device=device),
                labels=torch.tensor([labels], device=device),
            ).loss
            loss.backward()
            torch.nn.utils.clip_grad_norm_(learned, 1.0)
            optimizer.step()
            total += float(loss.detach())
            on_progress("Training", epoch * len(rows) + number + 1, epochs * len(rows))
        losses.append(total / max(len(rows), 1))
    return losses


def _row(
    tokenizer: Any, conversation: Conversation, longest: int
) -> tuple[list[int], list[int]] | None:
    """Token ids and what is judged of them: the reply and its end; None where it is too long."""
    asked = tokenizer.apply_chat_template(
        list(conversation[:-1]), tokenize=False, add_generation_prompt=True
    )
    before = tokenizer(asked, add_special_tokens=False).input_ids
    reply = conversation[-1]["content"] + tokenizer.eos_token
    said = tokenizer(reply, add_special_tokens=False).input_ids
    if len(before) + len(said) > longest:
        return None
    return before + said, [_NOT_JUDGED] * len(before) + said


def _location(base: Path) -> dict[str, Any]:
    if base.suffix == ".gguf":
        return {
            "pretrained_model_name_or_path": base.parent,
            "gguf_file": base.name,
            "local_files_only": True,
        }
    return {"pretrained_model_name_or_path": base, "local_files_only": True}
