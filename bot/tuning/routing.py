"""Trains a model for routing and measures it beside what there is already, on the same cases.

Two steps up from examples alone: a linear head on the bundled embeddings, which takes seconds, and
the encoder itself fine-tuned, which takes minutes and the extra `tuning`. Either is served by
onnxruntime and numpy, as everything else is.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from hashlib import sha256
from typing import TYPE_CHECKING, Literal

from bot.errors import InputRejected
from bot.triage import files
from bot.triage.examples import ExampleClassifier
from bot.triage.head import calibrated, fit, unpacked
from bot.triage.models import NONE, RoutingTag, Taxonomy
from bot.triage.tuned import TunedClassifier
from bot.tuning.held_out import Measured, measure
from indexing.embedders import adapted

if TYPE_CHECKING:
    from pathlib import Path

    from bot.triage.base import Classifier
    from bot.triage.head import Head
    from bot.triage.models import Example
    from indexing.embedders.adapted import Array
    from indexing.embedders.embedder import Embedder

Method = Literal["head", "lora"]
OnProgress = Callable[[str, int, int], None]

_FEWEST = 20
_EPOCHS = 4
_SEED = 7


@dataclass(frozen=True, kw_only=True, slots=True)
class Parts:
    """The examples of an exported dataset, and the hash of its files."""

    train: tuple[Example, ...]
    calibration: tuple[Example, ...]
    test: tuple[Example, ...]
    fingerprint: str

    @property
    def taxonomy(self) -> Taxonomy:
        """What one would know who knew everything but the cases that are held out."""
        known = (*self.train, *self.calibration)
        names = dict.fromkeys(each.tag for each in known if each.tag is not None)
        tags = tuple(RoutingTag(name=name) for name in names)
        return Taxonomy(tags=tags, examples=known, rules=(), version=0)


@dataclass(frozen=True, kw_only=True, slots=True)
class Trained:
    """A head with its encoder, and what each classifier made of the held-out cases: "candidate",
    "live", "examples", and "prompt" where a model was asked."""

    head: Head
    method: Method
    dataset: str
    measured: Mapping[str, Measured]


def read_parts(folder: Path) -> Parts:
    """What `tune export` wrote. Raises InputRejected where a part is missing or too small."""
    digest, found = sha256(), {}
    for name in ("train", "calibration", "test"):
        path = folder / f"routing.{name}.jsonl"
        found[name] = files.read(path).examples
        digest.update(path.read_bytes())
    few = [name for name, examples in found.items() if len(examples) < _FEWEST]
    if few:
        counts = ", ".join(f"{name} {len(examples)}" for name, examples in found.items())
        raise InputRejected(
            f"Too few routing cases in {folder} ({counts}): each part needs {_FEWEST}."
        )
    return Parts(**found, fingerprint=digest.hexdigest()[:16])


def train(
    parts: Parts,
    *,
    method: Method,
    embedder: Embedder,
    live: bytes | None,
    prompt: Callable[[Taxonomy], Classifier] | None,
    on_progress: OnProgress,
    epochs: int = _EPOCHS,
) -> Trained:
    """Trains, calibrates and measures. `live` is the file of the tuned model that is live, if any;
    `prompt` makes the classifier that asks a model, where one is to be asked. Raises InputRejected
    where the extra is not installed, and EmbeddingFailed."""
    head = _trained(parts, method, embedder, epochs, on_progress)
    taxonomy = parts.taxonomy
    examples = ExampleClassifier(
        taxonomy=taxonomy, embed=embedder.embed, embed_one=embedder.embed_query
    )
    classifiers: dict[str, Classifier] = {
        "examples": examples,
        "candidate": classifier(head, taxonomy, embedder, examples),
    }
    if live is not None:
        classifiers["live"] = classifier(unpacked(live), taxonomy, embedder, examples)
    if prompt is not None:
        classifiers["prompt"] = prompt(taxonomy)
    measured = {}
    for number, (name, each) in enumerate(classifiers.items()):
        on_progress("Measuring", number, len(classifiers))
        measured[name] = measure(each, parts.test)
    on_progress("Measuring", len(classifiers), len(classifiers))
    measured.setdefault("live", measured["examples"])
    return Trained(head=head, method=method, dataset=parts.fingerprint, measured=measured)


def classifier(
    head: Head, taxonomy: Taxonomy, embedder: Embedder, examples: Classifier
) -> TunedClassifier:
    """What decides by this head as it is served. Raises InputRejected where the head was trained
    on another embedding model than the one in use."""
    if head.encoder:
        reads = adapted.embedder(head.encoder, name=head.base)
    elif head.base == embedder.name:
        reads = embedder
    else:
        raise InputRejected(
            f"The tuned model reads embeddings of {head.base}, but {embedder.name} is in use: "
            "train it anew."
        )
    return TunedClassifier(
        head=head, taxonomy=taxonomy, embed_one=reads.embed_query, examples=examples
    )


def _trained(
    parts: Parts, method: Method, embedder: Embedder, epochs: int, on_progress: OnProgress
) -> Head:
    texts, labels = _rows(parts.train)
    reads, encoder = embedder, b""
    if method == "lora":
        encoder = adapted.graph(_fine_tuned(texts, labels, epochs, on_progress))
        reads = adapted.embedder(encoder, name=f"tuned {parts.fingerprint}")
    on_progress("Fitting", 0, 1)
    head = fit(reads.embed(texts), labels, base=reads.name, encoder=encoder)
    others, truth = _rows(parts.calibration)
    on_progress("Fitting", 1, 1)
    return calibrated(head, reads.embed(others), truth)


def _fine_tuned(
    texts: list[str], labels: list[str], epochs: int, on_progress: OnProgress
) -> Mapping[str, Array]:
    try:
        from bot.tuning.lora import fine_tuned  # noqa: PLC0415 - torch, an extra
    except ImportError as error:
        raise InputRejected(
            f"Fine-tuning needs {error.name}: pip install 'supportbot[tuning]', or use "
            "--method head."
        ) from error
    return fine_tuned(texts, labels, epochs=epochs, seed=_SEED, on_progress=on_progress)


def _rows(examples: tuple[Example, ...]) -> tuple[list[str], list[str]]:
    return [each.text for each in examples], [each.tag or NONE for each in examples]
