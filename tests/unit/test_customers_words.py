"""What customers say in a few words: that they want a person, that an answer helped, nothing."""

from __future__ import annotations

import json
from collections import Counter
from pathlib import Path

import pytest

from bot.phrases.asks_for_person import asks_for_person
from bot.phrases.courtesies import asks_something
from bot.phrases.feedback_words import feedback_in
from bot.zendesk.texts import TEXTS

PHRASES = [
    json.loads(line)
    for line in (Path(__file__).parents[1] / "data" / "asking_for_a_person.jsonl")
    .read_text(encoding="utf-8")
    .splitlines()
]
QUESTIONS = Path(__file__).parents[2].parent / "shared" / "data" / "sumo_routing"


@pytest.mark.parametrize("phrase", PHRASES, ids=lambda each: f"{each['locale']}-{each['text']}")
def test_a_request_for_a_person_is_told_from_other_words(phrase: dict[str, object]) -> None:
    assert asks_for_person(str(phrase["text"])) is phrase["asks"]


def test_the_list_covers_every_language_of_the_texts() -> None:
    counts = Counter((each["locale"], each["asks"]) for each in PHRASES)
    assert min(counts[locale, asks] for locale in TEXTS for asks in (True, False)) >= 15


def test_a_request_within_a_long_message_counts_and_a_word_in_a_log_does_not() -> None:
    story = "My parcel has not come and I have waited for three weeks. " * 5
    assert asks_for_person(f"{story}\nCan I please talk to somebody?")
    assert not asks_for_person(f"{story}\nagent\noperator\n")
    assert not asks_for_person("x " * 50_000)


@pytest.mark.skipif(not QUESTIONS.exists(), reason="the measuring data is not here")
def test_real_questions_are_seldom_taken_for_requests() -> None:
    lines = (QUESTIONS / "queues_test.jsonl").read_text(encoding="utf-8").splitlines()
    asked = sum(asks_for_person(json.loads(line)["text"]) for line in lines)
    assert asked / len(lines) < 0.001


YES = """
Yes! | Yes, it did.
yes thanks that solved it | That worked, thank you! | it works again | \U0001f44d
No problem, it works now | This answered my question, thanks
Ja, danke | Das hat geholfen, vielen Dank | Problem gelöst | Es funktioniert jetzt
Oui merci | C'est résolu, merci | Ça marche maintenant | Sí, gracias | Ya funciona, gracias
Sì grazie | Ora funziona | Ja, bedankt | Het werkt weer | Opgelost, dank u | Sim, obrigada
Já funciona | Tak, dziękuję | Teraz działa | Ja tack | Det löste problemet | Det fungerar nu
Ja tak | Det virker nu | Det hjalp | はい | 解決しました。ありがとうございます
"""
NO = """
No. | no, still not working | That did not help | It doesn't work | Still the same error | useless
No, that is not what I asked | Nein, leider nicht | Das hat nicht geholfen | Hilft mir nicht
Es funktioniert immer noch nicht | Ça ne marche toujours pas | Cela ne m'a pas aidé
No, no funciona | Sigue sin funcionar | Non funziona | No, non ha risolto | Nee
Het werkt nog steeds niet | Não resolveu | Ainda não funciona | Nadal nie działa | To nie pomogło
Nej | Det fungerar fortfarande inte | Det hjälpte inte | Det virker ikke | いいえ | まだ動きません
"""
NEITHER = """
Thanks | ok | Danke | Merci | Gracias | Hello | ありがとうございます | No thanks | Nein danke
Yes, but how long does it take? | Yes but it still does not work | Oui mais ça ne marche pas
How do I return it? | Can you help me? | I need the invoice | My order number is 12345
No I want to know about Canada | It worked yesterday but not today | Does it work in Norway
Ich habe noch eine Frage | Ich habe ein Problem mit der Bestellung | Kann man das lösen?
si no llega mañana lo devuelvo | The login page fails after I fixed the password
"""


def listed(text: str) -> list[str]:
    return [each.strip() for line in text.strip().split("\n") for each in line.split(" | ")]


@pytest.mark.parametrize(
    ("text", "said"),
    [
        *((each, "yes") for each in listed(YES)),
        *((each, "no") for each in listed(NO)),
        *((each, None) for each in listed(NEITHER)),
    ],
)
def test_feedback_is_taken_only_where_it_is_given(text: str, said: str | None) -> None:
    assert feedback_in(text) == said


def test_thanks_in_danish_is_no_yes_in_polish() -> None:
    assert feedback_in("Tak", locale="pl") == "yes"
    assert feedback_in("Tak!", locale="da") is None
    assert feedback_in("Ja tak", locale="da") == "yes"


@pytest.mark.parametrize(
    "text",
    [
        *("", "Best regards,\nAnna Schmidt\nACME GmbH\nTel. 030 1234567", "Hello,\n\nAnna"),
        *("Mit freundlichen Grüßen\nAnna", "see attached", "Please see the attached screenshot."),
        *("Siehe Anhang", "Cordialement,\nAnna", "Hola\nAdjunto archivo\nUn saludo", "\U0001f44d"),
        *("Thanks!", "よろしくお願いします", "添付します"),
    ],
)
def test_courtesies_and_signatures_ask_nothing(text: str) -> None:
    assert not asks_something(text, name="Anna Schmidt")


@pytest.mark.parametrize(
    "text",
    [
        *("No", "Hi, where is my order?", "Thanks, and how do I return it?", "returns"),
        *("The attached label does not scan", "Kind regards\nAnna\nP.S. where is my order?"),
        *("返品したい", "Wie lange noch?"),
    ],
)
def test_words_ask_something(text: str) -> None:
    assert asks_something(text, name="Anna Schmidt")
