"""Editors of a help center, on a busy day, and what must be true of the index in the end: it holds
what the help center shows, for those who may read it."""

from __future__ import annotations

import re
from collections.abc import Callable
from random import Random
from typing import TYPE_CHECKING, Literal

from tests.agreement import bad_passages, differences, indexed
from tests.fakes.zendesk import Article, shown

if TYPE_CHECKING:
    from indexing.embedders.embedder import Embedder
    from tests.fakes.zendesk import FakeZendesk
    from tests.faults.deployment import Deployment

WORDS = (
    "return", "parcel", "refund", "jacket", "invoice", "tent", "delivery", "voucher", "repair",
    "warranty", "address", "payment", "colour", "order", "cancel", "exchange", "courier", "deposit",
    "receipt", "stock", "season", "member", "locker", "label", "refill", "button", "zip", "strap",
)  # fmt: skip

PRIVATE = "INTERNAL"
"""Stands in every text that customers may not read while it is in it."""

_PRIVATE_WORDS = re.compile(rf" ?{PRIVATE}-\d+")


class Editors:
    """Whatever they do is drawn from the `chance` that they are given. `told` hears what Zendesk
    sends webhooks of."""

    def __init__(
        self,
        zendesk: FakeZendesk,
        *,
        articles: int,
        chance: Random,
        told: Callable[[Article, Literal["published", "unpublished"]], None] = lambda *_: None,
    ) -> None:
        self._account, self._lock = zendesk.account, zendesk.lock
        self._told = told
        self._account.main.locales = ("en-us", "de")
        orders = self._account.category(en_us="Orders", de="Bestellungen")
        self._sections = [self._account.section(orders, en_us=name) for name in ("One", "Two")]
        self._staff = self._account.segment("Staff", user_type="staff")
        self._segments = [self._account.segment("Signed-in users"), self._staff]
        self._kept: dict[int, str] = {}
        self._fewest = articles // 2
        self._private = 0
        for _ in range(articles):
            self._publish(chance)

    def add(self, title: str, body: str, *, for_staff: bool = False, draft: bool = False) -> None:
        """An article whose text stays, whatever is added to it later."""
        segments = [self._staff] if for_staff else []
        with self._lock:
            made = self._account.publish(
                self._sections[0], title, body, draft=draft, segments=segments
            )
            self._kept[made.id] = body
            self._mark(made)

    def change_something(self, chance: Random) -> None:
        self._change(chance.choice(list(self._account.articles.values())), chance)

    def _change(self, article: Article, chance: Random) -> None:
        account = self._account
        match chance.randrange(10):
            case 0:
                self._publish(chance)
            case 1:
                with self._lock:
                    account.archive(article)
            case 2:
                with self._lock:
                    account.restore(article)
            case 3:
                (segment,) = chance.sample(self._segments, 1)
                self._move(article, lambda: account.restrict(article, segment))
            case 4:
                draft = chance.random() < 0.5
                self._move(article, lambda: account.set_draft(article, draft))
                self._told(article, "unpublished" if draft else "published")
            case 5:
                with self._lock:
                    self._write(article, "de", self._words(3, chance), self._text(chance))
            case 6 if len(account.articles) > self._fewest and article.id not in self._kept:
                with self._lock:
                    account.delete(article)
                self._told(article, "unpublished")
            case 7:
                self._move(article, lambda: account.restrict(article))
            case _:
                with self._lock:
                    own = article.translations[article.source_locale]
                    kept = self._kept.get(article.id, "")
                    self._write(article, own.locale, own.title, kept + self._text(chance))

    def _publish(self, chance: Random) -> None:
        with self._lock:
            article = self._account.publish(
                chance.choice(self._sections), self._words(3, chance), self._text(chance)
            )
            if chance.random() < 0.5:
                self._write(article, "de", self._words(3, chance), self._text(chance))
        self._told(article, "published")

    # --- What customers may not read

    def _move(self, article: Article, move: Callable[[], None]) -> None:
        """Changes who may read it. Private words go before, and come after."""
        with self._lock:
            for text in list(article.translations.values()):
                if _PRIVATE_WORDS.search(text.body):
                    plain = _PRIVATE_WORDS.sub("", text.body)
                    self._account.translate(
                        article, text.locale, text.title, plain, draft=text.draft
                    )
        with self._lock:
            move()
        with self._lock:
            self._mark(article)

    def _mark(self, article: Article) -> None:
        for text in list(article.translations.values()):
            if self._is_private(article, text.locale):
                self._write(article, text.locale, text.title, text.body)

    def _write(self, article: Article, locale: str, title: str, body: str) -> None:
        known = article.translations.get(locale)
        draft = known is not None and known.draft
        if self._is_private(article, locale):
            self._private += 1
            body = body.replace("</p>", f" {PRIVATE}-{self._private}</p>")
        self._account.translate(article, locale, title, body, draft=draft)

    def _is_private(self, article: Article, locale: str) -> bool:
        text = article.translations.get(locale)
        return self._staff.id in article.segment_ids or (text is not None and text.draft)

    # --- What the index says

    def faults(self, deployment: Deployment, source: str, embedder: Embedder) -> list[str]:
        """What is not as the help center shows it, one line each."""
        found = deployment.ask(lambda each: indexed(each, source))
        wrong = differences(found, shown(self._account))
        return wrong + deployment.ask(lambda each: bad_passages(each, source, embedder))

    @staticmethod
    def _words(count: int, chance: Random) -> str:
        return " ".join(chance.choices(WORDS, k=count))

    def _text(self, chance: Random) -> str:
        return "".join(
            f"<h2>{self._words(2, chance)}</h2><p>{self._words(60, chance)}</p>"
            for _ in range(chance.randrange(1, 8))
        )
