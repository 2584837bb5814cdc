"""Routing, wired to the parts of one process: the tags in the database, the embedding model that
answers, and Claude where it writes the answers too."""

from __future__ import annotations

from typing import TYPE_CHECKING

from bot.bootstrap.choices import engine_name, zendesk_account
from bot.bootstrap.ticket_checks import PROBE_SECONDS
from bot.triage.claude import ClaudeClassifier
from bot.triage.embeddings import KeptEmbeddings
from bot.triage.examples import ExampleClassifier
from bot.triage.router import Router
from bot.tuning.serving import routing_classifier
from bot.tuning.shadows import ShadowDecisions

if TYPE_CHECKING:
    from bot.bootstrap import Application
    from bot.triage.base import Classifier
    from bot.triage.models import Taxonomy
    from connectors.zendesk.tagging import AccountTags


def router(app: Application) -> Router:
    """What routes by the tags in the database. It embeds with the model of the live index, so that
    a process never loads two models for one ticket."""

    def by_examples(taxonomy: Taxonomy) -> Classifier:
        embedder = app.embedders.of(app.index).wide
        kept = KeptEmbeddings(pool=app.pool, embedder=embedder)
        examples = ExampleClassifier(
            taxonomy=taxonomy, embed=kept.embed, embed_one=embedder.embed_query
        )
        return routing_classifier(
            app.tuned_models,
            ShadowDecisions(pool=app.pool),
            taxonomy=taxonomy,
            embedder=embedder,
            examples=examples,
        )

    def by_claude(taxonomy: Taxonomy) -> ClaudeClassifier:
        return ClaudeClassifier(taxonomy=taxonomy, api=app.extras_api)

    return Router(
        store=app.routing_tags,
        model=lambda: app.index.model,
        examples=by_examples,
        # Compatible servers are not known to keep to a schema.
        claude=by_claude if engine_name(app.settings) == "claude" else None,
    )


def account_tags(app: Application) -> AccountTags:
    """What the connected account sorts its tickets by. Raises ConnectorError, which says what is
    missing where no account is connected."""
    from connectors.zendesk.tagging import tags_of  # noqa: PLC0415 - brings zenpy

    account = zendesk_account(
        app.settings.zendesk, timeout=PROBE_SECONDS, longest_wait=PROBE_SECONDS
    )
    with account.client() as client:
        return tags_of(client)
