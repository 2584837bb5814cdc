"""Single changes that make a true statement false, and promises that no article carries."""

from __future__ import annotations

import random
import re
from collections.abc import Callable, Mapping

Change = Callable[[str, str, random.Random], str | None]

_NUMBER = re.compile(r"(?<![\w.,:/-])\d{1,4}(?![\w.,:/-]*\d)(?![\w/])")
_DURATION = re.compile(r"(\d+)([ -])(days?|hours?|weeks?|months?|years?|minutes?)\b")
_MONEY = re.compile(r"[€$£](?=\s?\d)|(?<=\d)\s?€")
_CONTACT = re.compile(r"(?<=@)[\w-]+(?=\.)|(?<=://)[\w.-]+")
_NAME = re.compile(r"(?<=[a-z,] )[A-Z][a-zA-Z]{3,}(?=[ ,.])")
_NEGATION = {
    "en": re.compile(r"\b(is|are|can|will|does|do|should|must|may) not\b|\bcannot\b"),
    "de": re.compile(r"\bnicht "),
    "es": re.compile(r"\b[Nn]o "),
}
_VERB = {
    "en": re.compile(r"\b(is|are|can|will|should|must|may|was|were)\b(?! not)(?!n't)(?=\s)"),
    "de": re.compile(r"\b(ist|sind|kann|können|wird|wurde|wurden|war)\b(?! nicht)"),
    "es": re.compile(r"\b(?=(?:es|son|fue|puede|pueden|está|era|fueron)\b)"),
}
_CONDITION = re.compile(
    r",? (?:if|unless|once|until|only if|as long as|provided|before|after|except)"
    r"\b[^,.;]+(?=[.;]?$)"
)
_LEADING = re.compile(r"^(?:If|Once|Before|After|Unless)\b[^,]+, (\w)")
_HEDGE = re.compile(r"\b(?:usually|may|might|typically|generally|sometimes|often) ")


def number(text: str, locale: str, dice: random.Random) -> str | None:
    """Another number in place of one of them; not the number of a step."""
    places = [each for each in _NUMBER.finditer(text) if each.start() > 0]
    if not places:
        return None
    place = dice.choice(places)
    other = str(int(place.group()) + dice.choice((1, 2, 7, 10)))
    return text[: place.start()] + other + text[place.end() :]


def unit(text: str, locale: str, dice: random.Random) -> str | None:
    """Weeks for days, and so on."""
    others = {"day": "weeks", "hour": "days", "week": "months", "month": "years", "year": "months"}
    return _changed(
        _DURATION,
        text,
        lambda each: each[1] + each[2] + others.get(each[3].rstrip("s"), "hours"),
    )


def currency(text: str, locale: str, dice: random.Random) -> str | None:
    """Pounds, or dollars, for another currency."""
    return _changed(_MONEY, text, lambda each: "$" if each.group().strip() == "£" else "£")


def limit(text: str, locale: str, dice: random.Random) -> str | None:
    """After for within, at least for up to."""
    pairs = {
        "within": "after",
        "up to": "at least",
        "at least": "at most",
        "less than": "more than",
        "more than": "less than",
        "before": "after",
    }
    pattern = re.compile(rf"\b({'|'.join(pairs)})(?= (?:the )?(?:first )?\d)")
    return _changed(pattern, text, lambda each: pairs[each[1]])


def negated(text: str, locale: str, dice: random.Random) -> str | None:
    """Denied where it was said."""
    pattern = _VERB.get(locale[:2])
    if pattern is None:
        return None
    if locale.startswith("es"):
        return _changed(pattern, text, lambda each: "no ")
    word = " nicht" if locale.startswith("de") else " not"
    return _changed(pattern, text, lambda each: each.group() + word)


def affirmed(text: str, locale: str, dice: random.Random) -> str | None:
    """Said where it was denied; only where nothing else in the text denies."""
    pattern = _NEGATION.get(locale[:2])
    if pattern is None or len(pattern.findall(text)) != 1:
        return None
    if locale[:2] != "en":
        return _changed(pattern, text, lambda each: "")
    return _changed(pattern, text, lambda each: each[1] or "can")


def without_condition(text: str, locale: str, dice: random.Random) -> str | None:
    """What comes before or after its condition, alone."""
    if leading := _LEADING.match(text):
        return leading[1].upper() + text[leading.end() :]
    found = _CONDITION.search(text)
    if found is None or found.start() < 25:
        return None
    return text[: found.start()] + text[found.end() :]


def name(text: str, locale: str, dice: random.Random) -> str | None:
    """A name that nobody mentioned."""
    places = list(_NAME.finditer(text))
    if not places or locale.startswith("de"):
        return None
    place = dice.choice(places)
    return (
        text[: place.start()]
        + dice.choice(("Klarna", "Zürich", "Belgium", "Fitbit"))
        + (text[place.end() :])
    )


def certain(text: str, locale: str, dice: random.Random) -> str | None:
    """Sure where it was likely."""
    return _changed(
        _HEDGE, text, lambda each: "will " if each.group() in ("may ", "might ") else ""
    )


def contact(text: str, locale: str, dice: random.Random) -> str | None:
    """Another host in a link or an address."""
    return _changed(_CONTACT, text, lambda each: f"{each.group()}-help")


def _changed(
    pattern: re.Pattern[str], text: str, other: Callable[[re.Match[str]], str]
) -> str | None:
    return pattern.sub(other, text, count=1) if pattern.search(text) else None


def promised(text: str, locale: str, dice: random.Random) -> str | None:
    """A promise beside a true statement."""
    return f"{text.rstrip('.')}, and we will refund you today." if locale[:2] == "en" else None


CHANGES: Mapping[str, Change] = {
    "number": number,
    "unit": unit,
    "currency": currency,
    "limit": limit,
    "negated": negated,
    "affirmed": affirmed,
    "condition dropped": without_condition,
    "name": name,
    "certain": certain,
    "contact": contact,
    "promise added": promised,
}

PROMISES: Mapping[str, tuple[str, ...]] = {
    "en": (
        "We will refund you.",
        "I have cancelled your order.",
        "A colleague will call you tomorrow.",
        "Your refund is on its way.",
        "I've issued a full refund to your card.",
        "Our team will contact you shortly.",
        "We'll send you a replacement right away.",
        "Your account has been unlocked.",
        "You will receive a refund tomorrow.",
        "I'll look into this for you.",
        "Your order was shipped yesterday.",
        "We've gone ahead and cancelled it.",
    ),
    "de": (
        "Wir erstatten Ihnen den Betrag.",
        "Ich habe Ihre Bestellung storniert.",
        "Ein Kollege ruft Sie morgen an.",
        "Ihre Erstattung ist unterwegs.",
        "Wir werden Ihnen Ersatz schicken.",
        "Ihr Konto wurde entsperrt.",
        "Unser Team wird sich bei Ihnen melden.",
        "Ich kümmere mich darum.",
    ),
    "fr": (
        "Nous vous rembourserons.",
        "J'ai annulé votre commande.",
        "Un collègue vous appellera demain.",
        "Votre remboursement est en cours.",
        "Nous allons vous envoyer un nouvel article.",
        "Votre commande a été expédiée.",
        "Notre équipe vous contactera.",
        "Je vais vérifier cela pour vous.",
    ),
    "es": (
        "Le reembolsaremos el importe.",
        "He cancelado su pedido.",
        "Un compañero le llamará mañana.",
        "Su reembolso está en camino.",
        "Vamos a enviarle un reemplazo.",
        "Su cuenta ha sido desbloqueada.",
        "Nuestro equipo se pondrá en contacto con usted.",
        "Voy a revisarlo ahora mismo.",
    ),
    "it": (
        "La rimborseremo.",
        "Ho annullato il suo ordine.",
        "Un collega la chiamerà domani.",
        "Il suo rimborso è in arrivo.",
        "Le invieremo un sostituto.",
        "Il suo ordine è stato spedito.",
        "Il nostro team la contatterà.",
        "Controllerò subito.",
    ),
    "nl": (
        "Wij zullen u terugbetalen.",
        "Ik heb uw bestelling geannuleerd.",
        "Een collega belt u morgen.",
        "Uw terugbetaling is onderweg.",
        "We sturen u een nieuw exemplaar.",
        "Uw bestelling is verzonden.",
        "Ons team neemt contact met u op.",
        "Ik ga dit voor u nakijken.",
    ),
    "pt": (
        "Vamos reembolsá-lo.",
        "Cancelei o seu pedido.",
        "Um colega vai ligar-lhe amanhã.",
        "O seu reembolso está a caminho.",
        "Enviaremos uma substituição.",
        "A sua conta foi desbloqueada.",
        "A nossa equipa entrará em contacto.",
        "Vou verificar isso.",
    ),
}

# Written after the phrases of PROMISES were fitted. One rule (the perfect tense in a translation)
# was added after these had been measured, so they are nearly, not wholly, held out.
UNSEEN: Mapping[str, tuple[str, ...]] = {
    "en": (
        "We already shipped the missing part.",
        "The refund should hit your bank tonight.",
        "My supervisor signed off on it.",
        "Your new card is in the mail.",
        "We've upgraded you for free.",
        "Expect a call from us this evening.",
        "It has been taken care of.",
        "We removed the charge.",
    ),
    "de": (
        "Das Geld ist schon unterwegs.",
        "Wir haben den Betrag gutgeschrieben.",
        "Ein Techniker kommt am Montag.",
    ),
    "fr": (
        "C'est fait, la commande est annulée.",
        "Nous avons corrigé votre facture.",
        "Un technicien passera lundi.",
    ),
    "es": (
        "Ya está todo solucionado.",
        "Corregimos su factura.",
        "Un técnico pasará el lunes.",
    ),
    "it": (
        "È già tutto risolto.",
        "Abbiamo corretto la fattura.",
    ),
    "nl": (
        "Het is al geregeld.",
        "We hebben de factuur aangepast.",
    ),
    "pt": (
        "Já está tudo resolvido.",
        "Corrigimos a sua fatura.",
    ),
}
