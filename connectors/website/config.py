"""The settings of a source of kind website, and how they become a connector."""

from __future__ import annotations

from typing import TYPE_CHECKING, Annotated

from pydantic import AfterValidator, BaseModel, ConfigDict, Field

from connectors.validation import audience_labels, audience_of, locale_of, web_address
from connectors.website.plan import Discovery

if TYPE_CHECKING:
    from connectors.base import Connector


def _locale(tag: str) -> str:
    if not tag.strip():
        raise ValueError("must name a language, such as en-us")
    return locale_of(tag)


def _addresses(texts: tuple[str, ...]) -> tuple[str, ...]:
    if not all(map(web_address, texts)):
        raise ValueError("must be addresses that begin with https:// or http://")
    return tuple(map(web_address, texts))


class WebsiteConfig(BaseModel):
    """Settings of a website or a part of one."""

    model_config = ConfigDict(extra="forbid", frozen=True)

    start_urls: Annotated[tuple[str, ...], AfterValidator(_addresses)] = Field(
        min_length=1,
        title="Start addresses",
        description="Where to begin, such as https://help.example.com/. Pages are read on the "
        "hosts of these addresses only.",
    )
    discover: Discovery = Field(
        default="both",
        title="Find pages by",
        description="sitemap: those that the site lists; links: those that its pages lead to; "
        "both.",
    )
    sitemaps: Annotated[tuple[str, ...], AfterValidator(_addresses)] = Field(
        default=(),
        title="Sitemaps",
        description="Their addresses, if robots.txt does not name them and they are not at "
        "/sitemap.xml.",
    )
    include: tuple[str, ...] = Field(
        default=(),
        title="Only these pages",
        description="Patterns on the path of the address, such as /help/* or **/faq; none means "
        "all pages.",
    )
    exclude: tuple[str, ...] = Field(
        default=(),
        title="Not these pages",
        description="Patterns on the path of the address, such as /blog/* or **/print.",
    )
    max_depth: int = Field(
        default=10,
        ge=0,
        le=100,
        title="Links to follow in a row",
        description="How far from a start address or a page of the sitemap links are followed.",
    )
    max_pages: int = Field(
        default=5000,
        ge=1,
        le=50_000,
        title="Most pages",
        description="Reading stops after this many addresses, and the run says so.",
    )
    min_interval: float = Field(
        default=1.0,
        ge=0,
        le=60,
        title="Pause between requests",
        description="In seconds, for each host. If the site's robots.txt asks for a longer one, "
        "that counts (up to a minute).",
    )
    audience: Annotated[str, AfterValidator(audience_labels)] = Field(
        default="public",
        title="Who may read it",
        description="public, signed_in, agents or segment:<id>; join several by commas.",
    )
    locale: Annotated[str, AfterValidator(_locale)] = Field(
        default="en-us",
        title="Language",
        description="For pages that do not say it themselves, such as en-us or de.",
    )
    ports: tuple[Annotated[int, Field(ge=1, le=65535)], ...] = Field(
        default=(),
        title="Other ports",
        description="Ports that may be used besides 80 and 443, such as 8443.",
    )
    allow_private_hosts: tuple[str, ...] = Field(
        default=(),
        title="Hosts in your own network",
        description="Names of intranet sites that may be read although they have a private or "
        "loopback address, such as wiki.corp.example. Whoever may edit their pages can make the "
        "bot read anything on these hosts. Leave it empty for sites on the internet.",
    )


def connect(config: WebsiteConfig, source: str) -> Connector:
    """A connector for the source of this name."""
    # What reads pages is heavy: help texts and forms do without it.
    from connectors.website.connector import WebsiteConnector  # noqa: PLC0415

    return WebsiteConnector(
        source=source,
        start_urls=config.start_urls,
        sitemaps=config.sitemaps,
        discover=config.discover,
        include=config.include,
        exclude=config.exclude,
        max_depth=config.max_depth,
        max_pages=config.max_pages,
        min_interval=config.min_interval,
        audience=audience_of(config.audience),
        locale=config.locale,
        ports=frozenset(config.ports),
        allow_private_hosts=frozenset(config.allow_private_hosts),
    )
