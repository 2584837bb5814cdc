"""The short summary of a refund case: order, amount, date, policy, eligible or not and why. Pure.

Only as far as the customer's words and the policy's words say it. Whether somebody is inside a
return period is a sum of two dates, and is told only where every reading of them agrees.
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from typing import TYPE_CHECKING, Final, Literal

from bot.handoff.dates import days_in
from bot.handoff.facts import FactKind
from indexing.sentences import sentences

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Sequence
    from datetime import date

    from bot.handoff.case import Case
    from bot.handoff.dates import DayNamed
    from bot.handoff.facts import Fact
    from indexing.models import Passage

NOT_STATED: Final = "not stated"
Eligible = Literal["within the return period", "past the return period", "not stated"]
_Basis = Literal["delivery", "purchase", ""]

_REFUND = re.compile(
    r"\brefund|\bmoney back\b|\breimburs|\b(?:rück)?erstatt|\bgeld zurück|\brembours|\breembols"
    r"|\brimbors|\bterugbetal|\bgeld terug|\bzwrot(?:u)? (?:pieniędzy|kosztów|środków)"
    r"|\båterbetal"
    r"|\bpengarna tillbaka|\btilbagebetal|\bpengene tilbage|\u8fd4\u91d1",
    re.IGNORECASE,
)
_RETURN = re.compile(
    r"\breturn|\bsend (?:it |them )?back\b|\brefund|\bwithdraw|\brückgabe|\bzurück|\bwiderruf"
    r"|\berstatt|\bretour|\brembours|\brétract|\bdevol|\breembols|\bdesist|\breso\b|\bresi\b"
    r"|\brimbors"
    r"|\brecesso|\bterugstur|\bterugbetal|\bzwrot|\bzwróc|\bretur|\båterbetal|\bångr|\bfortryd"
    r"|\btilbage|\u8fd4\u54c1|\u8fd4\u91d1",
    re.IGNORECASE,
)
# How long the team or a bank takes is no return period.
_PROCESSING = re.compile(
    r"\b(?:business|working|bank(?:ing)?) days?\b|\barriv|\bappear|\bprocess|\bcredit(?:ed)?\b"
    r"|\bissue"
    r"|\bwerktag|\bgutgeschrieben|\bbearbeit|\bouvrés?\b|\bhábiles\b|\blavorativi\b|\bwerkdag"
    r"|\búteis\b"
    r"|\brobocz|\barbetsdag|\bhverdag|\u55b6\u696d\u65e5",
    re.IGNORECASE,
)
_UNITS = {
    1: r"days?|tagen?|tage|jours?|días?|dias?|giorni|dagen|dagar|dage|dni|\u65e5",
    7: r"weeks?|wochen?|semaines?|semanas?|settimane|weken|veckor|uger|tygodni",
}
_PERIOD = re.compile(
    rf"(?<![\w.,])(?P<n>\d{{1,3}})[ \u00a0-]?(?:(?P<days>{_UNITS[1]})"
    rf"|(?P<weeks>{_UNITS[7]}))(?!\w)",
    re.IGNORECASE,
)
_DELIVERY = re.compile(
    r"\bdeliver|\breceiv|\breceipt|\barriv|\bgot (?:it|them|the)\b|\berhalt|\bgeliefert"
    r"|\blieferung"
    r"|\bzustell|\bangekommen|\bempfang|\blivr|\breçu|\bréception|\bentreg|\brecib|\bconsegn"
    r"|\bricev"
    r"|\bontvang|\bgeleverd|\bbezorg|\breceb|\bdostar|\botrzym|\bleverer|\blevere|\bmottag"
    r"|\bmodtag"
    r"|\u5c4a|\u53d7\u3051\u53d6",
    re.IGNORECASE,
)
_PURCHASE = re.compile(
    r"\border(?:ed)?\b|\bbought\b|\bpurchas|\bpaid\b|\bkauf|\bbestellt|\bbestellung|\bgekauft"
    r"|\bachet"
    r"|\bachat|\bcommand|\bcompr|\bpedid|\bpedí|\bacquist|\bordinat|\bgekocht|\bbesteld|\baankoop"
    r"|\bkupi|\bzamówi|\bzakup|\bköpt|\bköp\b|\bbeställ|\bkøbt|\bkøb\b|\bbestilt|\u8cfc\u5165"
    r"|\u6ce8\u6587",
    re.IGNORECASE,
)
_EXCLUDED = re.compile(
    r"\b(?:cannot|can't|can not|not) be (?:returned|refunded)|\bno refunds?\b"
    r"|\bnon-?(?:refundable"
    r"|returnable)|\bfinal sale\b|\bexcluded\b|\bausgeschlossen"
    r"|\bnicht (?:\w+ ){0,2}(?:zurückgegeben"
    r"|erstattet|zurückgeben)|\bexclus?\b|\bne (?:peut|peuvent) (?:pas )?être (?:retourné"
    r"|remboursé)"
    r"|\bno (?:se )?(?:admite|pueden? devolver)|\bnon (?:è|sono) rimborsabil|\bniet (?:\w+ )?"
    r"(?:geretourneerd|terugbetaald)",
    re.IGNORECASE,
)
# Words of every policy name nothing that somebody bought.
_NAME = re.compile(
    r"\b(?!(?:within|cannot|orders?|ordered|items?|articles?|products?|after|their|these|which|would"
    r"|about|please|customers?|werden|können|dieser?|artikel|produkte?|nicht|pedidos?|productos?"
    r"|artículos?|produits?|cette|prodott[io]|articol[io]|worden)\b)[^\W\d_]{5,}",
    re.IGNORECASE,
)
_POLICY_KINDS = frozenset({"article", "page", "file"})


@dataclass(frozen=True, kw_only=True, slots=True)
class RefundSummary:
    """What is known; `NOT_STATED` where it is not. `policy` is the passage that `why` is about."""

    order: str
    amount: str
    date: str
    policy: Passage | None
    eligible: Eligible
    why: str


@dataclass(frozen=True, kw_only=True, slots=True)
class _Rule:
    """A return period of a policy, in days, in the sentence that gives it."""

    passage: Passage
    sentence: str
    days: int
    basis: _Basis


def is_refund_case(case: Case) -> bool:
    """What routing says, or else whether the customer speaks of a refund."""
    if case.refund is not None:
        return case.refund
    return _REFUND.search(case.customers_words()) is not None


def refund_summary(case: Case, facts: Sequence[Fact]) -> RefundSummary:
    """The summary, from the facts in the customer's words and the passages of the outcome."""
    words = case.customers_words()
    policies = [each for each in case.outcome.passages if _is_policy(each)]
    rule = next(_rules(policies), None)
    eligible, why = _judged(words, rule, case.asked_on)
    if excluded := next(_exclusions(policies, words), ""):
        said = f"The policy names an exception that may apply: “{excluded}”"
        eligible, why = NOT_STATED, said if why == NOT_STATED else f"{why} {said}"
    return RefundSummary(
        order=_first(facts, FactKind.ORDER),
        amount=_first(facts, FactKind.AMOUNT),
        date=_first(facts, FactKind.DATE),
        policy=rule.passage if rule else next(iter(policies), None),
        eligible=eligible,
        why=why,
    )


def _first(facts: Iterable[Fact], kind: FactKind) -> str:
    return ", ".join(each.value for each in facts if each.kind is kind) or NOT_STATED


def _is_policy(passage: Passage) -> bool:
    return passage.kind in _POLICY_KINDS and bool(
        _RETURN.search(" ".join((passage.title, *passage.heading_path, passage.text)))
    )


def _rules(policies: Iterable[Passage]) -> Iterator[_Rule]:
    for passage in policies:
        for sentence in _sentences(passage):
            period = _PERIOD.search(sentence)
            if (
                period
                and _RETURN.search(sentence)
                and not _PROCESSING.search(_DELIVERY.sub("", sentence))
            ):
                yield _Rule(
                    passage=passage,
                    sentence=sentence,
                    days=int(period["n"]) * (1 if period["days"] else 7),
                    basis=_basis(sentence),
                )


def _sentences(passage: Passage) -> Iterator[str]:
    return (" ".join(each.split()) for each in sentences(passage.text))


def _basis(sentence: str) -> _Basis:
    if _DELIVERY.search(sentence):
        return "delivery"
    return "purchase" if _PURCHASE.search(sentence) else ""


def _judged(words: str, rule: _Rule | None, today: date) -> tuple[Eligible, str]:
    if rule is None:
        return NOT_STATED, NOT_STATED
    quoted = f"The policy says: “{rule.sentence}”"
    for sentence in sentences(words):
        for day in days_in(sentence, before=today):
            passed = sorted({(today - each).days for each in day.meant})
            eligible = _compared(passed, _basis_of(day, sentence), rule)
            if eligible != NOT_STATED:
                ago = " or ".join(map(str, passed))
                return eligible, f"{day.text} was {ago} days before the request. {quoted}"
    return NOT_STATED, quoted


def _compared(passed: Sequence[int], basis: _Basis, rule: _Rule) -> Eligible:
    """`passed` are the days since then, by every reading. Nothing is delivered before it is
    bought: bought within the period means delivered within it, and delivered before the period
    means bought before it. Nothing else follows."""
    if passed[0] < 0 or not basis:
        return NOT_STATED
    if passed[-1] <= rule.days and basis in {"purchase", rule.basis}:
        return "within the return period"
    if passed[0] > rule.days and rule.basis and basis in {"delivery", rule.basis}:
        return "past the return period"
    return NOT_STATED


def _basis_of(day: DayNamed, sentence: str) -> _Basis:
    """What happened on the day: the last word before it that tells, or else the next after it."""
    places: list[tuple[int, _Basis]] = [
        (e.start(), "delivery") for e in _DELIVERY.finditer(sentence)
    ]
    places += [(each.start(), "purchase") for each in _PURCHASE.finditer(sentence)]
    before = [each for each in places if each[0] < day.start]
    if before:
        return max(before)[1]
    return min(places)[1] if places else ""


def _exclusions(policies: Iterable[Passage], words: str) -> Iterator[str]:
    """Sentences that exclude something the customer names."""
    named = {each.casefold() for each in _NAME.findall(_RETURN.sub("", words))}
    for passage in policies:
        for sentence in _sentences(passage):
            if match := _EXCLUDED.search(sentence):
                rest = f"{sentence[: match.start()]} {sentence[match.end() :]}"
                about = {each.casefold() for each in _NAME.findall(_RETURN.sub("", rest))}
                if match[0].casefold() in words.casefold() or about & named:
                    yield sentence
