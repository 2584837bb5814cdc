"""Training on an exported dataset, the gate on real rows, and running processes that follow."""

from __future__ import annotations

import json
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pytest

from bot.audit import Actor, Audit
from bot.errors import InputRejected
from bot.triage.examples import ExampleClassifier
from bot.triage.head import unpacked
from bot.triage.models import Example, RoutingTag, Taxonomy
from bot.triage.router import Router
from bot.triage.taxonomy import TaxonomyStore
from bot.tuning.held_out import Measured
from bot.tuning.models import NewModel, TunedModels
from bot.tuning.routing import Parts, read_parts, train
from bot.tuning.serving import routing_classifier
from bot.tuning.shadows import ShadowDecisions

if TYPE_CHECKING:
    from psycopg import Connection
    from psycopg_pool import ConnectionPool

    from bot.triage.base import Classifier
    from indexing.embedders.embedder import Embedder

ANNA = Actor(surface="cli", name="anna")

ABOUT = {
    "refund": ("money back", "a refund", "the return", "my reimbursement"),
    "parcel": ("my parcel", "the delivery", "the shipment", "my package"),
    "login": ("my password", "signing in", "my account login", "the reset mail"),
}
ASKED = (
    "Where is {}?", "What about {}?", "I have waited for {} for {n} days", "Help me with {} please",
    "There is a problem with {}, number {n}", "Please look into {} of order {n}",
)  # fmt: skip


def lines(start: int, count: int) -> list[tuple[str, str]]:
    return [
        (ASKED[n % len(ASKED)].format(words[n % len(words)], n=n), tag)
        for n in range(start, start + count)
        for tag, words in ABOUT.items()
    ]


@pytest.fixture(scope="module")
def data(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("dataset")
    for number, (part, count) in enumerate({"train": 20, "calibration": 8, "test": 8}.items()):
        rows = [
            json.dumps({"text": text, "label": tag}) for text, tag in lines(100 * number, count)
        ]
        (folder / f"routing.{part}.jsonl").write_text("\n".join(rows))
    return folder


@pytest.fixture(scope="module")
def parts(data: Path) -> Parts:
    return read_parts(data)


def measured(right: int, of: int = 100, **figures: float) -> Measured:
    scores = {f"c{n:03}": {"accuracy": float(n < right)} for n in range(of)}
    return Measured(scores=scores, figures={"accuracy": right / of, **figures}, undecided=0)


def kept(models: TunedModels, *, candidate: Measured, live: Measured) -> int:
    return models.add(
        NewModel(
            task="routing",
            method="head",
            dataset="d",
            artifact=b"x",
            measured={"candidate": candidate, "live": live},
        ),
        actor=ANNA,
    )


def trained_model(parts: Parts, embedder: Embedder) -> NewModel:
    trained = train(
        parts, method="head", embedder=embedder, live=None, prompt=None, on_progress=lambda *_: None
    )
    return NewModel(
        task="routing",
        method="head",
        dataset=trained.dataset,
        artifact=trained.head.packed(),
        measured=trained.measured,
    )


def test_only_what_is_better_by_more_than_chance_takes_over(
    pool: ConnectionPool[Connection[Any]],
) -> None:
    models = TunedModels(pool=pool)
    good = kept(models, candidate=measured(90), live=measured(70))
    level = kept(models, candidate=measured(71), live=measured(70))
    worse = kept(models, candidate=measured(90, **{"macro-F1": 0.5}),
                 live=measured(70, **{"macro-F1": 0.6}))  # fmt: skip

    with pytest.raises(InputRejected, match="which may be chance"):
        models.promote(level, actor=ANNA)
    with pytest.raises(InputRejected, match=r"macro-F1 goes from 0\.600 to 0\.500"):
        models.promote(worse, actor=ANNA)
    models.promote(good, actor=ANNA)

    assert [each.state for each in models.all()] == ["candidate", "candidate", "live"]
    with pytest.raises(InputRejected, match=r"beside no tuned model, but now model \d+ is live"):
        models.promote(worse, actor=ANNA)


def test_a_forced_promotion_and_the_way_back_are_on_record(
    pool: ConnectionPool[Connection[Any]],
) -> None:
    models = TunedModels(pool=pool)
    first = kept(models, candidate=measured(90), live=measured(70))
    models.promote(first, actor=ANNA)
    second = kept(models, candidate=measured(10), live=measured(90))
    models.promote(second, actor=ANNA, force=True)

    assert models.rollback("routing", actor=ANNA) == first
    assert models.rollback("routing", actor=ANNA) is None
    with pytest.raises(InputRejected, match="nothing to take back"):
        models.rollback("routing", actor=ANNA)

    noted = [e for e in Audit(pool=pool).latest() if e.action.startswith("tuned model ")]
    assert [(e.action, e.target, e.actor.name) for e in noted] == [
        ("tuned model rolled back", str(first), "anna"),
        ("tuned model rolled back", str(second), "anna"),
        ("tuned model promoted", str(second), "anna"),
        ("tuned model promoted", str(first), "anna"),
    ]
    assert noted[2].after is not None
    assert "accuracy goes from 0.900 to 0.100" in noted[2].after["against"][0]
    changes = [e for e in Audit(pool=pool).latest() if e.action == "tuned_models changed"]
    assert all("artifact" not in (e.after or {}) for e in changes)


def test_a_head_is_trained_measured_and_holds_no_words_of_a_customer(
    pool: ConnectionPool[Connection[Any]], parts: Parts, embedder: Embedder
) -> None:
    model = trained_model(parts, embedder)

    assert set(model.measured) == {"candidate", "examples", "live"}
    assert model.measured["candidate"].figures["accuracy"] > 0.8
    assert len(model.measured["candidate"].scores) == len(parts.test)
    assert model.artifact is not None
    assert set(unpacked(model.artifact).names) == set(ABOUT)
    assert b"package" not in model.artifact
    number = TunedModels(pool=pool).add(model, actor=ANNA)
    with pool.connection() as connection:
        row = connection.execute(
            "SELECT results::text FROM tuned_models WHERE id = %s", (number,)
        ).fetchone()
    assert row is not None
    assert "parcel number" not in row[0]


def test_running_processes_follow_a_promotion_a_shadow_and_the_way_back(
    pool: ConnectionPool[Connection[Any]], parts: Parts, embedder: Embedder
) -> None:
    store, models, shadows = (
        TaxonomyStore(pool=pool), TunedModels(pool=pool), ShadowDecisions(pool=pool),
    )  # fmt: skip
    store.save(
        [RoutingTag(name=name) for name in ABOUT],
        [Example(text=each.text, tag=each.tag) for each in parts.train],
    )

    def examples(taxonomy: Taxonomy) -> Classifier:
        alone = ExampleClassifier(
            taxonomy=taxonomy, embed=embedder.embed, embed_one=embedder.embed_query
        )
        return routing_classifier(
            models, shadows, taxonomy=taxonomy, embedder=embedder, examples=alone
        )

    router = Router(store=store, model=lambda: embedder.name, examples=examples, claude=None)

    def decides() -> str:
        return router.route("There is a problem with my package, number 7", locale="en").decided_by

    assert decides() == "examples"
    number = models.add(trained_model(parts, embedder), actor=ANNA)
    models.shadow(number, task="routing", actor=ANNA)
    assert decides() == "examples"
    (seen,) = shadows.agreement(number)
    assert (seen.live, seen.shadow, seen.decisions) == ("parcel", "parcel", 1)
    models.promote(number, actor=ANNA, force=True)
    assert decides() == "tuned"
    models.rollback("routing", actor=ANNA)
    assert decides() == "examples"
    broken = kept(models, candidate=measured(1), live=measured(0))
    models.promote(broken, actor=ANNA, force=True)
    assert decides() == "examples"  # what cannot be read does not stop routing


def test_too_little_to_learn_from_is_said(tmp_path: Path) -> None:
    for part in ("train", "calibration", "test"):
        (tmp_path / f"routing.{part}.jsonl").write_text('{"text": "x", "label": "y"}\n')

    with pytest.raises(InputRejected, match="Too few routing cases"):
        read_parts(tmp_path)


@pytest.mark.filterwarnings("ignore::FutureWarning")  # peft asks transformers in an old way
def test_an_encoder_is_fine_tuned_merged_and_served_without_torch(
    parts: Parts, embedder: Embedder
) -> None:
    pytest.importorskip("torch", reason="fine-tuning needs the extra `tuning`")
    pytest.importorskip("peft", reason="fine-tuning needs the extra `tuning`")
    steps: list[int] = []

    trained = train(
        parts,
        method="lora",
        embedder=embedder,
        live=None,
        prompt=None,
        epochs=2,
        on_progress=lambda what, done, total: steps.append(done) if what == "Training" else None,
    )

    assert steps == [1, 2, 3, 4]
    assert trained.measured["candidate"].figures["accuracy"] > 0.8
    head = unpacked(trained.head.packed())
    assert len(head.encoder) > 10_000_000
    assert head.base != embedder.name
