"""Fine-tunes the bundled encoder on labelled texts, through low-rank adapters that are merged
afterwards: what comes out has the shape of what went in, and is served without torch.

Imports torch, peft and transformers: the extra `tuning` brings them.
"""

from __future__ import annotations

import random
from typing import TYPE_CHECKING, Any

import torch
from peft import LoraConfig
from tokenizers import Tokenizer
from transformers import BertModel

from bot.tuning.adapters import adapted, quiet
from indexing.embedders.minilm_files import checked_weights, model_dir

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping, Sequence

    from indexing.embedders.minilm_graph import Array

    OnProgress = Callable[[str, int, int], None]

_LONGEST = 128  # tokens: what a ticket is about is said early, and training costs by the token
_BATCH = 32
_RATE = 1e-3
_SCALE = 20.0  # of cosines, as logits
_RANK = 16
_LAYERS = ["query", "key", "value", "dense"]


def fine_tuned(
    texts: Sequence[str],
    labels: Sequence[str],
    *,
    epochs: int,
    seed: int,
    on_progress: OnProgress,
) -> Mapping[str, Array]:
    """The encoder's weights, by the names of the bundled file, after so many passes over the texts.
    Uses a GPU where there is one. Raises EmbeddingModelMissing."""
    torch.manual_seed(seed)
    quiet()
    device = "cuda" if torch.cuda.is_available() else "cpu"
    folder = model_dir()
    checked_weights(folder)
    base = BertModel.from_pretrained(
        folder, local_files_only=True, add_pooling_layer=False, attn_implementation="sdpa"
    )
    known = {name: str(name) for name in base.state_dict()}
    config = LoraConfig(
        r=_RANK, lora_alpha=2 * _RANK, lora_dropout=0.05, target_modules=_LAYERS, bias="none"
    )
    model = adapted(base, config).to(device).train()
    names = sorted(set(labels))
    sizes = torch.tensor([float(sum(one == name for one in labels)) for name in names])
    loss = torch.nn.CrossEntropyLoss(weight=(sizes.mean() / sizes).sqrt().to(device))
    rows = _ids(texts, folder)
    numbers = {name: number for number, name in enumerate(names)}
    truth = [numbers[label] for label in labels]
    head = _centres(model, rows, truth, len(names))
    _train(model, head, loss, rows, truth, epochs=epochs, seed=seed, on_progress=on_progress)
    merged = model.merge_and_unload().eval().cpu()
    return {
        known[name]: value.detach().float().numpy() for name, value in merged.state_dict().items()
    }


def _centres(model: Any, rows: list[list[int]], truth: list[int], classes: int) -> Any:
    """A direction for each class to learn from there on: where its texts lie before training."""
    sums = torch.zeros(classes, model.config.hidden_size, device=next(model.parameters()).device)
    by_length = sorted(range(len(rows)), key=lambda each: len(rows[each]))
    with torch.inference_mode():
        model.eval()
        for start in range(0, len(rows), _BATCH):
            batch = by_length[start : start + _BATCH]
            of = torch.tensor([truth[each] for each in batch], device=sums.device)
            sums.index_add_(0, of, _embedded(model, [rows[each] for each in batch]))
    model.train()
    return torch.nn.Parameter(torch.nn.functional.normalize(sums, dim=1).clone())


def _train(
    model: Any,
    head: Any,
    loss: Any,
    rows: list[list[int]],
    truth: list[int],
    *,
    epochs: int,
    seed: int,
    on_progress: OnProgress,
) -> None:
    """Batches of like length, in an order that is shuffled anew for each pass."""
    learned = [*(each for each in model.parameters() if each.requires_grad), head]
    batches_each = -(-len(rows) // _BATCH)
    total, done = batches_each * epochs, 0
    optimizer = torch.optim.AdamW(learned, lr=_RATE, weight_decay=0.01)
    schedule = torch.optim.lr_scheduler.OneCycleLR(
        optimizer, max_lr=_RATE, total_steps=total, pct_start=0.1
    )
    order = random.Random(seed)  # noqa: S311 - an order, no secret
    for _ in range(epochs):
        for batch in _batches(rows, order):
            optimizer.zero_grad()
            found = _embedded(model, [rows[each] for each in batch])
            logits = found @ torch.nn.functional.normalize(head, dim=1).T * _SCALE
            wanted = torch.tensor([truth[each] for each in batch], device=logits.device)
            loss(logits, wanted).backward()
            torch.nn.utils.clip_grad_norm_(learned, 1.0)
            optimizer.step()
            schedule.step()
            done += 1
            on_progress("Training", done, total)


def _batches(rows: list[list[int]], order: random.Random) -> list[list[int]]:
    shuffled = list(range(len(rows)))
    order.shuffle(shuffled)
    shuffled.sort(key=lambda each: len(rows[each]) // 8)  # stable: like lengths stay shuffled
    batches = [shuffled[start : start + _BATCH] for start in range(0, len(rows), _BATCH)]
    order.shuffle(batches)
    return batches


def _embedded(model: Any, batch: list[list[int]]) -> Any:
    """Unit rows: the mean over a text's tokens, as the bundled model is read."""
    longest = max(map(len, batch))
    device = next(model.parameters()).device
    ids = torch.tensor([row + [0] * (longest - len(row)) for row in batch], device=device)
    mask = torch.tensor(
        [[1] * len(row) + [0] * (longest - len(row)) for row in batch], device=device
    )
    hidden = model(input_ids=ids, attention_mask=mask).last_hidden_state
    weights = mask.unsqueeze(-1).to(hidden.dtype)
    return torch.nn.functional.normalize((hidden * weights).sum(1) / weights.sum(1), dim=1)


def _ids(texts: Sequence[str], folder: Any) -> list[list[int]]:
    tokenizer = Tokenizer.from_file(str(folder / "tokenizer.json"))
    tokenizer.enable_truncation(_LONGEST)
    tokenizer.no_padding()
    return [list(each.ids) for each in tokenizer.encode_batch(list(texts))]
