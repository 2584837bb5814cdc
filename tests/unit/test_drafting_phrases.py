"""Whether a reply is asked for by who points to a ticket."""

import pytest

from bot.phrases.drafting import asks_for_draft


@pytest.mark.parametrize(
    "text",
    [
        "",
        "Hi, thanks!",
        "What would you answer?",
        "what would you answer here",
        "How should I reply to this?",
        "What could we tell the customer?",
        "draft a reply please",
        "Can you draft a response for",
        "suggest an answer",
        "answer this, please",
        "Thoughts?",
        "Was würdest du antworten?",
        "Wie sollten wir dem Kunden antworten?",
        "Entwirf bitte eine Antwort",
        "Que répondrais-tu ?",
        "Rédige une réponse",
        "¿Qué responderías?",
        "Cosa risponderesti?",
        "Wat zou je antwoorden?",
        "O que responderia você responderia?",
    ],
)
def test_a_reply_is_asked_for(text: str) -> None:
    assert asks_for_draft(text)


@pytest.mark.parametrize(
    "text",
    [
        "How long is the warranty on a tent?",
        "What does this customer want?",
        "Can I refund this?",
        "What do we say about refunds in our policy?",
        "Where do I write the order number?",
        "Wie lange gilt die Garantie?",
        "Was ist der Stand?",
        "Quel est le délai de retour ?",
    ],
)
def test_something_else_is_asked(text: str) -> None:
    assert not asks_for_draft(text)
