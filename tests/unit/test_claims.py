"""What may be said in public: true statements pass, false ones are put right or left out."""

import pytest

from bot.answering.checking import Checked, Fault, check
from bot.answering.citations import citation
from bot.models import Statement
from indexing.models import Passage
from tests.factories import passage

RETURNS = passage(
    text="You can return an unworn item within 45 days of delivery. Gift cards cannot be "
    "returned. Refunds usually take 5 business days after we receive the item. Shipping to "
    "Canada costs $15. You can cancel an order until it is packed. Write to help@shop.example. "
    "We will refund you within 14 days of receiving the item."
)
SENTENCES = [
    each if each.endswith(".") else f"{each}."
    for each in RETURNS.text.removesuffix(".").split(". ")
]
WINDOW, GIFTS, REFUNDS, CANADA, CANCEL, CONTACT, RULE = SENTENCES

RATES = passage(
    "rates",
    title="Shipping",
    text="Region: Germany; Standard: 2 to 4 days; Express: 1 day\n"
    "Region: Canada; Standard: 5 to 8 days; Express: 3 days",
)
LISTED = passage(
    "listed",
    text="The following cannot be returned:\n\n- Gift cards\n- Opened water filters",
)


def judged(text: str, *, source: Passage = RETURNS, quote: str = "", locale: str = "en") -> Checked:
    cited = citation(source, quote or source.text)
    return check([Statement(text=text, citations=(cited,))], [source], "returns?", locale)


def fault(claim: str, *, source: str = "", locale: str = "en") -> Fault | None:
    found = passage(text=source, locale=locale) if source else RETURNS
    (verdict,) = judged(claim, source=found, locale=locale).verdicts
    return verdict.finding.fault if verdict.finding else None


@pytest.mark.parametrize("sentence", [*SENTENCES, RETURNS.text])
def test_the_sources_own_sentences_pass(sentence: str) -> None:
    assert fault(sentence) is None


@pytest.mark.parametrize(
    "text",
    [
        "Gift cards can't be returned.",
        "You have 45 days from delivery to send an unworn item back.",
        "Refunds usually take five business days after the item is received.",
        "An order can be cancelled until it is packed.",
        "Shipping to Canada is 15 USD.",
        "Once your refund has been issued, it usually takes 5 business days.",
        "1. Write to help@shop.example.",
    ],
)
def test_a_faithful_paraphrase_passes(text: str) -> None:
    assert fault(text) is None


@pytest.mark.parametrize(
    ("text", "expected", "instead"),
    [
        ("You can return an unworn item within 30 days of delivery.", Fault.FIGURE, WINDOW),
        ("You can return an unworn item within 45 weeks of delivery.", Fault.FIGURE, WINDOW),
        ("You can return an unworn item after 45 days.", Fault.LIMIT, WINDOW),
        ("You can return an item.", Fault.CONDITION, WINDOW),
        ("You cannot return an unworn item within 45 days of delivery.", Fault.NEGATION, WINDOW),
        ("You must return an unworn item within 45 days of delivery.", Fault.OVERSTATED, WINDOW),
        ("You can return worn boots within 45 days of delivery.", Fault.WORDING, WINDOW),
        ("Gift cards can be returned.", Fault.NEGATION, GIFTS),
        ("Refunds take 5 days.", Fault.FIGURE, REFUNDS),
        ("Refunds take 5 business days after we receive it.", Fault.OVERSTATED, REFUNDS),
        ("Shipping to Canada costs €15.", Fault.FIGURE, CANADA),
        ("Shipping to Mexico costs $15.", Fault.NAME, CANADA),
        ("You can cancel an order.", Fault.CONDITION, CANCEL),
        ("You can always cancel an order until it is packed.", Fault.OVERSTATED, CANCEL),
    ],
)
def test_a_claim_that_the_source_does_not_carry_is_told_in_its_words(
    text: str, expected: Fault, instead: str
) -> None:
    (verdict,) = judged(text, quote=instead).verdicts
    assert verdict.finding is not None
    assert verdict.finding.fault == expected
    assert verdict.result == "repaired"
    assert verdict.sent is not None
    assert verdict.sent.text == instead
    assert verdict.sent.citations[0].quote == instead
    assert verdict.given.text in verdict.detail


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("Write to refunds@shop.example.", Fault.CONTACT),
        ("Open www.shop-help.example.", Fault.CONTACT),
        ("Call +44 20 7946 0000.", Fault.CONTACT),
        ("Use the form RF-2044.", Fault.FIGURE),
    ],
)
def test_links_addresses_and_codes_come_from_the_source(text: str, expected: Fault) -> None:
    assert fault(text) == expected


def test_a_figure_belongs_to_its_row_and_its_column() -> None:
    held = judged("Express shipping to Canada takes 3 days.", source=RATES)
    swapped = judged("Express shipping to Germany takes 3 days.", source=RATES)
    assert held.verdicts[0].result == "ok"
    assert swapped.verdicts[0].result == "rejected"


def test_the_line_above_a_list_decides_what_its_items_say() -> None:
    denied = judged("Gift cards cannot be returned.", source=LISTED, quote="Gift cards")
    said = judged("Gift cards can be returned.", source=LISTED, quote="Gift cards")
    assert [denied.verdicts[0].result, said.verdicts[0].result] == ["ok", "rejected"]


def test_a_quote_cut_out_of_its_sentence_brings_the_condition_back() -> None:
    result = judged("You can cancel an order", quote="You can cancel an order")
    assert [each.text for each in result.statements] == [CANCEL]


def test_a_condition_may_stand_in_another_statement_of_the_answer() -> None:
    source = passage(text="You have 60 days to return a jacket. It must be unused.")
    first = source.text.split(" It must")[0]
    cited = (citation(source, source.text),)
    both = [
        Statement(text=f"{first}", citations=cited),
        Statement(text="It must be unused.", citations=cited),
    ]
    assert check(both, [source], "jacket", "en").statements == tuple(both)
    assert check(both[:1], [source], "jacket", "en").statements != tuple(both[:1])


@pytest.mark.parametrize(
    ("text", "source", "locale", "passes"),
    [
        ("Artikel können innerhalb von 45 Tagen zurückgegeben werden.", WINDOW, "de", True),
        ("Artikel können innerhalb von 30 Tagen zurückgegeben werden.", WINDOW, "de", False),
        ("Les cartes cadeaux ne peuvent pas être retournées.", GIFTS, "fr", True),
        ("Las tarjetas regalo se pueden devolver.", GIFTS, "es", False),
        ("La spedizione in Canada costa 15 $.", CANADA, "it", True),
        ("Verzending naar Duitsland kost 15 $.", CANADA, "nl", False),
        ("O envio para o Canadá custa 20 $.", CANADA, "pt", False),
        ("Wir liefern für 15 $ nach Kanada.", "We ship to Canada for $15.", "de", True),
        ("Wir haben für 15 $ nach Kanada geliefert.", "We ship to Canada for $15.", "de", False),
        ("カナダへの送料は20ドルです。", CANADA, "ja", False),
    ],
)
def test_an_answer_in_another_language_is_held_to_the_same_facts(
    text: str, source: str, locale: str, *, passes: bool
) -> None:
    (verdict,) = judged(text, source=passage(text=source), locale=locale).verdicts
    assert (verdict.result == "ok") is passes


@pytest.mark.parametrize(
    ("text", "source", "locale"),
    [
        (
            "Geschenkkarten können zurückgegeben werden.",
            "Geschenkkarten können nicht zurückgegeben werden.",
            "de",
        ),
        (
            "Vous pouvez retourner un article sous 30 jours.",
            "Vous pouvez retourner un article sous 14 jours.",
            "fr",
        ),
        ("Puede cancelar el pedido.", "Puede cancelar el pedido si no ha sido enviado.", "es"),
        ("Il reso è gratuito.", "Il reso non è gratuito.", "it"),
        ("U kunt na 30 dagen retourneren.", "U kunt binnen 30 dagen retourneren.", "nl"),
        ("O reembolso demora 5 dias.", "O reembolso demora 5 dias úteis.", "pt"),
    ],
)
def test_each_language_has_its_own_small_words(text: str, source: str, locale: str) -> None:
    assert fault(text, source=source, locale=locale) is not None
    assert fault(source, source=source, locale=locale) is None


@pytest.mark.parametrize(
    ("text", "locale"),
    [
        ("We will refund you.", "en"),
        ("I have cancelled your order.", "en"),
        ("A colleague will call you tomorrow.", "en"),
        ("Your refund is on its way.", "en"),
        ("Please note that your account has been suspended.", "en"),
        ("I just sent you a new label.", "en"),
        ("One of our agents is going to phone you shortly.", "en"),
        ("Ich habe Ihre Bestellung storniert.", "de"),
        ("Ein Kollege ruft Sie morgen an.", "de"),
        ("Nous vous rembourserons demain.", "fr"),
        ("Su reembolso está en camino.", "es"),
        ("Ho annullato il suo ordine.", "it"),
        ("Een collega belt u morgen.", "nl"),
        ("Enviaremos uma substituição.", "pt"),
    ],
)
def test_what_only_people_may_say_is_never_sent_even_if_an_article_says_it(
    text: str, locale: str
) -> None:
    result = judged(text, source=passage(text=text, locale=locale), locale=locale)
    assert result.statements == ()
    assert not result.still_answers
    assert fault(text, source=text, locale=locale) in (Fault.PROMISE, Fault.OWN_CASE)


def test_what_the_company_says_of_itself_needs_a_source_that_says_it() -> None:
    source = "We repair watches within 10 days. Straps are not repaired."
    assert fault("We repair watches within 10 days.", source=source) is None
    assert fault("We lengthened the strap of the watch.", source=source) is Fault.PROMISE


def test_a_general_rule_may_be_repeated_but_not_turned_into_a_promise() -> None:
    assert fault(RULE) is None
    assert fault("We will refund you within 14 days of receiving the item.", source=GIFTS) is (
        Fault.PROMISE
    )


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("We will refund you within 45 days.", Fault.PROMISE),
        ("You will be refunded within 45 days.", Fault.PROMISE),
        ("Your refund will be issued within 45 days.", Fault.NOT_IN_SOURCE),
        ("You can return it unworn within 45 days.", None),
    ],
)
def test_a_time_in_common_does_not_make_a_refund_of_a_return(
    text: str, expected: Fault | None
) -> None:
    assert fault(text, source=WINDOW) is expected


def test_a_statement_without_a_quote_that_holds_is_removed() -> None:
    made_up = citation(RETURNS, "Everything can be returned.")
    result = check([Statement(text="Yes.", citations=(made_up,))], [RETURNS], "returns?", "en")
    (verdict,) = result.verdicts
    assert (verdict.result, verdict.finding and verdict.finding.fault) == (
        "rejected",
        Fault.UNCITED,
    )


def test_what_is_left_must_still_answer() -> None:
    window = Statement(text=WINDOW, citations=(citation(RETURNS, WINDOW),))
    gifts = Statement(text=GIFTS, citations=(citation(RETURNS, GIFTS),))
    called = Statement(text="I'll call you today.", citations=(citation(RETURNS, GIFTS),))
    promised = Statement(
        text="Delivery to Canada: I have refunded your $15.",
        citations=(citation(RATES, RATES.text),),
    )
    sources = [RETURNS, RATES]
    assert check([window, called], sources, "return an item?", "en").still_answers
    assert not check([promised, gifts], sources, "delivery to Canada?", "en").still_answers


def test_a_repair_is_not_said_twice() -> None:
    cited = (citation(RETURNS, WINDOW),)
    given = [
        Statement(text=WINDOW, citations=cited),
        Statement(text="Return it in 9 days.", citations=cited),
    ]
    result = check(given, [RETURNS], "return?", "en")
    assert [each.text for each in result.statements] == [WINDOW]
