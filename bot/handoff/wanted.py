"""What a customer wants and what was tried, in one paragraph, without a model. Pure.

The customer's own sentences, chosen and in order: nothing is put into other words, so nothing is
put into wrong ones.
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from typing import TYPE_CHECKING

from bot.inert import shortened
from indexing.sentences import sentences

if TYPE_CHECKING:
    from collections.abc import Sequence

    from bot.handoff.case import Case

LONGEST = 700
"""Characters of a summary."""
_WANTED, _TRIED, _SENTENCE = 400, 200, 180

_ASKS = re.compile(r"[?\uff1f]\s*$|(?:\u3067\u3059\u304b|\u307e\u3059\u304b)\u3002?\s*$")
_WISHES = re.compile(
    r"\b(?:i|we) (?:want|need|would like|wish|have to)\b|\bi'd like\b|\bplease\b|\b(?:can"
    r"|could|would)"
    r" you\b|\bhow (?:do|can|long|much)\b|\bwhy\b|\b(?:möchte|will|brauche|bitte|können sie"
    r"|wie kann"
    r"|warum|wann)\b|\bje (?:voudrais|souhaite|veux)\b|j'aimerais|\b(?:pouvez-vous|comment"
    r"|pourquoi"
    r"|merci de)\b|\b(?:quiero|quisiera|necesito|pueden?|podrían?|cómo)\b|\b(?:vorrei|voglio"
    r"|potete"
    r"|può|come posso)\b|\b(?:ik wil|graag|kunt u|kunnen jullie|hoe kan|waarom)\b|\b(?:quero"
    r"|gostaria"
    r"|preciso|podem?|poderiam?)\b|\b(?:chcę|chciał\w+|proszę|czy mo\w+)\b|\b(?:jag vill"
    r"|kan ni|snälla"
    r"|hur)\b|\b(?:jeg vil|kan i|venligst|hvordan)\b|\u305f\u3044|\u304f\u3060\u3055\u3044"
    r"|\u304a\u9858\u3044",
    re.IGNORECASE,
)
_PROBLEMS = re.compile(
    r"\b(?:not|never|no longer|cannot|broken|wrong|missing|late|lost|fail\w*|errors?|damaged"
    r"|refund\w*"
    r"|cancel\w*|nicht|kein\w*|kaputt|falsch\w*|fehl\w*|defekt\w*|beschädigt|erstatt\w*"
    r"|storn\w*|pas"
    r"|jamais|cassée?|erreur|manque\w*|rembours\w*|annul\w*|roto|falta|reembols\w*|cancelar|rotto"
    r"|manca\w*|rimbors\w*|annull\w*|niet|kapot|terugbetal\w*|annuler\w*|não|quebrad\w*|nie"
    r"|zepsut\w*"
    r"|błąd|zwrot\w*|inte|trasig\w*|fel|återbetal\w*|ikke|ødelagt|fejl|tilbagebetal\w*)\b|n't\b"
    r"|\bno (?:funciona|llega|ha|puedo)\b|\bnon (?:funziona|arriva|è|riesco)\b|\u307e\u305b\u3093"
    r"|\u306a\u3044|\u58ca\u308c|\u8fd4\u91d1|\u30a8\u30e9\u30fc",
    re.IGNORECASE,
)
_TRIED_WORDS = re.compile(
    r"\b(?:i|we)(?:'ve| have)?(?: already| also)? (?:tried|restarted|reinstalled|checked"
    r"|contacted"
    r"|called|phoned|reset|updated|followed|cleared|rebooted)\b|\balready (?:tried|called|written"
    r"|contacted)\b|\bhabe?(?: \w+){0,6} (?:versucht|probiert|gestartet|installiert|angerufen"
    r"|geschrieben|geprüft|zurückgesetzt)\b|\bj'ai (?:déjà )?(?:essayé|tenté|vérifié|appelé|écrit"
    r"|redémarré|réinstallé)\b|\b(?:he|hemos) (?:intentado|probado|llamado|escrito|reiniciado)\b"
    r"|\bya (?:intenté|probé|llamé)\b|\b(?:ho|abbiamo) (?:già )?(?:provato|chiamato|scritto"
    r"|controllato"
    r"|riavviato)\b|\b(?:heb|hebben)(?: \w+){0,6} (?:geprobeerd|gebeld|geschreven|herstart)\b"
    r"|\b(?:tentei|liguei|escrevi|reiniciei)\b|\b(?:próbował|dzwonił|pisał)\w+\b"
    r"|\bhar(?: \w+){0,4}"
    r" (?:försökt|provat|ringt|prøvet|forsøgt|ringet|skrevet|skrivit|startat om|genstartet)\b"
    r"|\u8a66\u3057|\u8a66\u307f|\u518d\u8d77\u52d5",
    re.IGNORECASE,
)


@dataclass(frozen=True, kw_only=True, slots=True)
class _Said:
    place: int
    text: str
    weight: int


def summary(case: Case) -> str:
    """One paragraph of at most LONGEST characters: what is wanted, what was tried, and whether
    the bot or an agent answered before. "" where nobody said anything."""
    lines = [" ".join(each.split()) for each in sentences(case.customers_words())]
    said = list(dict.fromkeys(each for each in lines if any(map(str.isalnum, each))))
    tried = [each for each in said if _TRIED_WORDS.search(each)]
    wanted = [each for each in said if each not in tried] or said
    parts = [
        _quoted("The customer wrote", _chosen(wanted, _WANTED)),
        _quoted("Already tried", _chosen(tried, _TRIED)),
        _answered_before(case),
    ]
    return shortened(" ".join(each for each in parts if each), LONGEST)


def _chosen(said: Sequence[str], room: int) -> list[str]:
    """The sentences that say most, as many as there is room for, in the order they were said."""
    weighed = [
        _Said(place=n, text=shortened(each, _SENTENCE), weight=_weight(each))
        for n, each in enumerate(said)
    ]
    telling = [each for each in weighed if each.weight] or weighed
    kept: list[_Said] = []
    for each in sorted(telling, key=lambda one: (-one.weight, one.place)):
        if sum(len(one.text) for one in kept) + len(each.text) <= room:
            kept.append(each)
    return [each.text for each in sorted(kept, key=lambda one: one.place)]


def _weight(sentence: str) -> int:
    return (
        3 * bool(_ASKS.search(sentence))
        + 2 * bool(_WISHES.search(sentence))
        + 2 * bool(_PROBLEMS.search(sentence))
    )


def _quoted(label: str, said: Sequence[str]) -> str:
    return f"{label}: “{' … '.join(said)}”" if said else ""


def _answered_before(case: Case) -> str:
    spoke = [each.speaker for each in case.history]
    told = [
        f"the bot answered {_times(spoke.count('bot'))}" if "bot" in spoke else "",
        f"agents wrote {_times(spoke.count('agent'))}" if "agent" in spoke else "",
    ]
    before = " and ".join(each for each in told if each)
    return f"Before that, {before}." if before else ""


def _times(count: int) -> str:
    return "once" if count == 1 else f"{count} times"
