"""A Zendesk account on loopback: real HTTP, its own state, and the faults that real ones have.

It answers as the reference pages and the published OpenAPI document say; what they leave open
(error bodies, the incremental export) is named where it is decided.
"""

from tests.fakes.zendesk.account import Account, Article, Brand, Category, Section, Segment
from tests.fakes.zendesk.server import FakeZendesk
from tests.fakes.zendesk.truth import Shown, shown
from tests.fakes.zendesk.webhooks import article_event, deliver, sign, signed

__all__ = [
    "Account",
    "Article",
    "Brand",
    "Category",
    "FakeZendesk",
    "Section",
    "Segment",
    "Shown",
    "article_event",
    "deliver",
    "shown",
    "sign",
    "signed",
]
