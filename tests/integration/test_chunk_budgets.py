"""The budget holds for the model that will read the chunks, not only for a stand-in."""

from pathlib import Path

from indexing.chunking import chunk
from indexing.embedders.embedder import Embedder
from indexing.models import Audience, Document

ARTICLES = Path(__file__).parent.parent / "data" / "articles"


def test_no_chunk_is_longer_than_the_real_model_reads(embedder: Embedder) -> None:
    article = (ARTICLES / "zendesk.html").read_text(encoding="utf-8")
    prose = "".join(
        f"<p>Ship no. {n}, e.g. to 東京都。 Naïve café {n * 7919}!</p>" for n in range(200)
    )
    found = Document(
        id="1",
        source="s",
        title="Returns and refunds",
        body=f"{article}<h2>Long</h2>{prose}<pre>{'x' * 5000}</pre>",
        audience=Audience.public(),
    )
    made = chunk(found, count_tokens=embedder.count_tokens, budget=embedder.max_tokens)
    assert len(made) > 10
    assert all(each.tokens == embedder.count_tokens(each.embedded_text) for each in made)
    assert max(each.tokens for each in made) <= embedder.max_tokens
    assert max(each.tokens for each in made) > embedder.max_tokens * 0.7
