"""What the sources of a Zendesk account can be told: articles, macros, solved tickets.
The account's credentials are no part of it."""

from __future__ import annotations

from typing import TYPE_CHECKING, Annotated

from pydantic import AfterValidator, BaseModel, ConfigDict, Field

from connectors.validation import Identifier, audience_labels, audience_of, locale_of

if TYPE_CHECKING:
    from connectors.base import Connector
    from connectors.zendesk.account import ZendeskAccount

Identifiers = tuple[Identifier, ...]
Locales = tuple[Annotated[str, AfterValidator(locale_of)], ...]


def _locale(tag: str) -> str:
    if not tag.strip():
        raise ValueError("must name a language, such as en-us")
    return locale_of(tag)


class ZendeskConfig(BaseModel):
    """Settings of a source of help center articles."""

    model_config = ConfigDict(extra="forbid", frozen=True)

    brands: Identifiers = Field(
        default=(),
        title="Only these brands",
        description="Subdomains, names or ids of brands; none means all that have a help center.",
    )
    exclude_brands: Identifiers = Field(
        default=(), title="Not these brands", description="Subdomains, names or ids of brands."
    )
    categories: Identifiers = Field(
        default=(),
        title="Only these categories",
        description="Ids of categories: the number in a category's address. None means all.",
    )
    exclude_categories: Identifiers = Field(
        default=(), title="Not these categories", description="Ids of categories."
    )
    sections: Identifiers = Field(
        default=(),
        title="Only these sections",
        description="Ids of sections, each with the sections below it. None means all.",
    )
    exclude_sections: Identifiers = Field(
        default=(),
        title="Not these sections",
        description="Ids of sections, each with the sections below it.",
    )
    labels: Identifiers = Field(
        default=(),
        title="Only with these labels",
        description="An article needs one of them. None means all articles.",
    )
    exclude_labels: Identifiers = Field(
        default=(), title="Not with these labels", description="Articles with any of them stay out."
    )
    locales: Locales = Field(
        default=(),
        title="Only these languages",
        description="Such as en-us or de. None means all that the help center has.",
    )
    exclude_locales: Locales = Field(
        default=(), title="Not these languages", description="Such as en-us or de."
    )
    audience: Annotated[str, AfterValidator(audience_labels)] = Field(
        default="public",
        title="Who may read what is open to everybody",
        description="signed_in where the help center asks visitors to sign in, which Zendesk's "
        "API does not tell; else public. Articles restricted in Zendesk stay restricted.",
    )


class MacrosConfig(BaseModel):
    """Settings of a source of macros."""

    model_config = ConfigDict(extra="forbid", frozen=True)

    audience: Annotated[str, AfterValidator(audience_labels)] = Field(
        default="agents",
        title="Who may read the replies",
        description="agents, or public where customers may read what macros reply. Macros of a "
        "group or of one agent, and those that write internal notes, stay with agents.",
    )
    locale: Annotated[str, AfterValidator(_locale)] = Field(
        default="en-us",
        title="Language",
        description="The language that macros are written in, such as en-us or de.",
    )


def connect_macros(config: MacrosConfig, source: str, account: ZendeskAccount) -> Connector:
    """The connector that reads the account's macros."""
    from connectors.zendesk.macros import MacrosConnector  # noqa: PLC0415  # brings zenpy

    return MacrosConnector(
        account=account,
        source=source,
        audience=audience_of(config.audience),
        locale=config.locale,
    )


class TicketsConfig(BaseModel):
    """Settings of a source of solved tickets. They are for agents, whatever else is set."""

    model_config = ConfigDict(extra="forbid", frozen=True)

    days: int = Field(
        default=365,
        ge=1,
        le=3650,
        title="Not older than (days)",
        description="Tickets that were solved longer ago are left out.",
    )
    locale: Annotated[str, AfterValidator(_locale)] = Field(
        default="en-us",
        title="Language",
        description="For tickets of people whose language Zendesk does not know, such as de.",
    )


def connect_tickets(config: TicketsConfig, source: str, account: ZendeskAccount) -> Connector:
    """The connector that reads the account's solved tickets."""
    from connectors.zendesk.tickets import TicketsConnector  # noqa: PLC0415  # brings zenpy

    return TicketsConnector(account=account, source=source, days=config.days, locale=config.locale)


def connect(config: ZendeskConfig, source: str, account: ZendeskAccount) -> Connector:
    """The connector that reads the account as the source's settings say."""
    from connectors.zendesk.articles import ArticlesConnector  # noqa: PLC0415  # brings zenpy
    from connectors.zendesk.scope import Scope, choice, locale_choice  # noqa: PLC0415  # as above

    scope = Scope(
        brands=choice(config.brands, config.exclude_brands),
        categories=choice(config.categories, config.exclude_categories),
        sections=choice(config.sections, config.exclude_sections),
        labels=choice(config.labels, config.exclude_labels),
        locales=locale_choice(config.locales, config.exclude_locales),
    )
    return ArticlesConnector(
        account=account, source=source, scope=scope, audience=audience_of(config.audience)
    )
