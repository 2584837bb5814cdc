"""How fast the bundled model embeds, and what each of our choices is worth.

    python -m tests.bench.embedding [--passages 96] [--rounds 3] [--articles FILE.jsonl]

Rounds of the variants are interleaved, so that a busy machine slows all of them alike: read the
ratios, not the rates.
"""

from __future__ import annotations

import argparse
import json
import re
import resource
import statistics
import tempfile
import time
from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np

from indexing.embedders.embedder import Embedder
from indexing.embedders.minilm_encoder import MiniLMEncoder

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

ARTICLES = Path(__file__).parents[3] / "shared" / "data" / "sumo_tb" / "articles.jsonl"
WORDS = 160  # about 205 tokens of help-center English
QUESTION = "How do I change the password of my account in the mobile app?"


def passages(path: Path, count: int) -> list[str]:
    """Real passages of WORDS words (shorter at the end of an article), in a fixed random order."""
    found = []
    for line in path.read_text(encoding="utf-8").splitlines():
        article = json.loads(line)
        body = article.get("body_html") or article.get("text") or ""
        words = re.sub(r"<[^>]+>", " ", body).split()
        found += [" ".join(words[at : at + WORDS]) for at in range(0, len(words), WORDS)]
    order = np.random.default_rng(0).permutation(len(found))[:count]
    return [found[index] for index in order]


def stock(embedder: Embedder, size: int) -> Callable[[Sequence[str]], object]:
    """Batches of a fixed size in the order the texts come, padded to their longest."""
    encoder = embedder._encoder
    assert isinstance(encoder, MiniLMEncoder)

    def run(texts: Sequence[str]) -> object:
        ids = [encoder._ids(text) for text in texts]
        starts = range(0, len(ids), size)
        return [encoder._run(ids[at : at + size], threads=encoder._threads) for at in starts]

    return run


def measure(
    variants: dict[str, Callable[[Sequence[str]], object]], texts: list[str], rounds: int
) -> dict[str, float]:
    """The best rate of each variant in passages per second."""
    best = dict.fromkeys(variants, 0.0)
    for run in variants.values():
        run(texts[:4])
    for _ in range(rounds):
        for name, run in variants.items():
            start = time.perf_counter()
            run(texts)
            best[name] = max(best[name], len(texts) / (time.perf_counter() - start))
    return best


def main() -> None:
    """Prints the tables."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--passages", type=int, default=96)
    parser.add_argument("--rounds", type=int, default=3)
    parser.add_argument("--articles", type=Path, default=ARTICLES)
    arguments = parser.parse_args()
    texts = passages(arguments.articles, arguments.passages)
    with tempfile.TemporaryDirectory() as folder:
        embedders: dict[str, Embedder] = {}
        for precision in ("float32", "int8"):
            for state in ("build", "load"):
                start = time.perf_counter()
                encoder = MiniLMEncoder.open(cache_dir=Path(folder), precision=precision)
                print(f"{state} {precision}: {time.perf_counter() - start:.2f} s")
            embedders[precision] = Embedder(name=precision, encoder=encoder)
        for path in sorted(Path(folder).iterdir()):
            print(f"{path.name.split('.')[0]}: {path.stat().st_size / 1e6:.1f} MB")
    report(embedders, texts, arguments.rounds)


def report(embedders: dict[str, Embedder], texts: list[str], rounds: int) -> None:
    """Fidelity, rates and query times."""
    small, whole = embedders["int8"], embedders["float32"]
    tokens = [min(small.count_tokens(text), small.max_tokens) for text in texts]
    print(f"{len(texts)} passages, {statistics.mean(tokens):.0f} tokens on average")
    together, reference = small.embed(texts), whole.embed(texts)
    alone = np.stack([small.embed_query(text) for text in texts])
    cosines = (together * reference).sum(axis=1)
    print(f"cosine int8/float32: min {cosines.min():.4f}, mean {cosines.mean():.4f}")
    print(f"cosine alone/in a batch: min {(together * alone).sum(axis=1).min():.6f}")
    rates = measure(
        {
            "float32, in order, batches of 32": stock(whole, 32),
            "float32": whole.embed,
            "int8, in order, batches of 32": stock(small, 32),
            "int8, in order, batches of 8": stock(small, 8),
            "int8": small.embed,
        },
        texts,
        rounds,
    )
    slowest = next(iter(rates.values()))
    print(f"{'passages':36}{'per s':>8}{'ratio':>8}")
    for name, rate in rates.items():
        print(f"{name:36}{rate:8.1f}{rate / slowest:8.2f}")
    for name, embedder in embedders.items():
        times = []
        for _ in range(100):
            start = time.perf_counter()
            embedder.embed_query(QUESTION)
            times.append((time.perf_counter() - start) * 1000)
        p50, p95 = np.percentile(times, [50, 95])
        print(f"query {name}: p50 {p50:.1f} ms, p95 {p95:.1f} ms")
    print(f"peak memory: {resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024:.0f} MiB")


if __name__ == "__main__":
    main()
