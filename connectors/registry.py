"""The kinds of source that can be set up, each with the settings it needs.

The admin form and `supportbot sources add` are both drawn from `KINDS`: a new connector joins
by one entry here. Connectors themselves are imported when one is built, so that help texts and
forms need none of their libraries.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from pathlib import Path
from types import MappingProxyType
from typing import TYPE_CHECKING, Annotated, Any, Generic, TypeVar

from pydantic import AfterValidator, BaseModel, ConfigDict, Field, ValidationError

from connectors.base import Connector
from connectors.errors import SourceMisconfigured
from connectors.validation import audience_labels, audience_of, explain, locale_of, web_address
from connectors.website.config import WebsiteConfig
from connectors.website.config import connect as connect_website
from connectors.zendesk.config import (
    MacrosConfig,
    TicketsConfig,
    ZendeskConfig,
    connect_macros,
    connect_tickets,
)
from connectors.zendesk.config import connect as connect_zendesk

if TYPE_CHECKING:
    from connectors.zendesk.account import ZendeskAccount

Config = TypeVar("Config", bound=BaseModel)


def _absolute(path: Path) -> Path:
    """Kept in full: the sync may run in another folder than the command that added the source."""
    if "\0" in str(path):
        raise ValueError("must not hold a NUL character")
    return path.expanduser().absolute()


def _locale(tag: str) -> str:
    if not tag.strip():
        raise ValueError("must name a language, such as en-us")
    return locale_of(tag)


def _address(text: str) -> str:
    if text.strip() and not web_address(text):
        raise ValueError("must be an address that begins with https:// or http://")
    return web_address(text)


class FilesConfig(BaseModel):
    """Settings of a folder or file of articles."""

    model_config = ConfigDict(extra="forbid", frozen=True)

    path: Annotated[Path, AfterValidator(_absolute)] = Field(
        title="Folder or file",
        description="Where the articles lie on the machine that runs the sync: a folder with its "
        "subfolders, or one file. Zendesk export (JSON), JSON Lines, HTML, Markdown, text, PDF.",
    )
    audience: Annotated[str, AfterValidator(audience_labels)] = Field(
        default="public",
        title="Who may read it",
        description="For documents that do not say it themselves: public, signed_in, agents or "
        "segment:<id>; join several by commas.",
    )
    locale: Annotated[str, AfterValidator(_locale)] = Field(
        default="en-us",
        title="Language",
        description="For documents that do not say it themselves, such as en-us or de.",
    )
    url_base: Annotated[str, AfterValidator(_address)] = Field(
        default="",
        title="Published at",
        description="Address under which people find the folder's files, if they do: citations "
        "link there.",
    )
    include: tuple[str, ...] = Field(
        default=(),
        title="Only these files",
        description="Patterns such as guides/* or **/*.md; none means all files.",
    )
    exclude: tuple[str, ...] = Field(
        default=(),
        title="Not these files",
        description="Patterns such as archive/* or *.draft.md.",
    )


class SampleConfig(BaseModel):
    """The sample help center needs no settings."""

    model_config = ConfigDict(extra="forbid", frozen=True)


@dataclass(frozen=True, kw_only=True, slots=True)
class Accounts:
    """The vendors' accounts that this deployment has credentials for. They are settings of the
    deployment, not of a source, so they are handed to a kind when it builds a connector. Each
    is made when it is asked for; None where it is not set up."""

    zendesk: Callable[[], ZendeskAccount] | None = None


NO_ACCOUNTS = Accounts()


@dataclass(frozen=True, kw_only=True, slots=True)
class ConnectorKind(Generic[Config]):
    """A kind of source: what to call it, what it needs to be told, and how it is made."""

    name: str
    title: str
    description: str
    config: type[Config]
    connect: Callable[[Config, str, Accounts], Connector]

    def parse(self, settings: Mapping[str, object]) -> Config:
        """The settings, checked. Raises SourceMisconfigured, which names each wrong field."""
        try:
            return self.config.model_validate(settings)
        except ValidationError as error:
            raise SourceMisconfigured(f"Source of kind {self.name}: {explain(error)}") from error

    def build(
        self,
        config: Config | Mapping[str, object],
        *,
        source: str,
        accounts: Accounts = NO_ACCOUNTS,
    ) -> Connector:
        """A connector for the source of this name, from settings as given or as stored. Raises
        SourceMisconfigured, also where the kind needs an account that is not set up."""
        if not isinstance(config, BaseModel):
            return self.connect(self.parse(config), source, accounts)
        if not isinstance(config, self.config):
            raise SourceMisconfigured(
                f"Source of kind {self.name}: needs {self.config.__name__}, not "
                f"{type(config).__name__}"
            )
        return self.connect(config, source, accounts)


def _files(config: FilesConfig, source: str, _accounts: Accounts) -> Connector:
    from connectors.files import FilesConnector  # noqa: PLC0415  # heavy: keeps --help instant

    return FilesConnector(
        path=config.path,
        source=source,
        audience=audience_of(config.audience),
        locale=config.locale,
        url_base=config.url_base,
        include=config.include,
        exclude=config.exclude,
    )


def _sample(_config: SampleConfig, source: str, _accounts: Accounts) -> Connector:
    from connectors.files import FilesConnector  # noqa: PLC0415  # heavy: keeps --help instant
    from connectors.samples import help_center  # noqa: PLC0415  # only the sample needs it

    return FilesConnector(path=help_center(), source=source)


def _zendesk(config: ZendeskConfig, source: str, accounts: Accounts) -> Connector:
    return connect_zendesk(config, source, _zendesk_account(source, accounts))


def _macros(config: MacrosConfig, source: str, accounts: Accounts) -> Connector:
    return connect_macros(config, source, _zendesk_account(source, accounts))


def _tickets(config: TicketsConfig, source: str, accounts: Accounts) -> Connector:
    return connect_tickets(config, source, _zendesk_account(source, accounts))


def _zendesk_account(source: str, accounts: Accounts) -> ZendeskAccount:
    if accounts.zendesk is None:
        raise SourceMisconfigured(
            f"{source}: Zendesk is not connected. Set ZENDESK_SUBDOMAIN, ZENDESK_CLIENT_ID and "
            "ZENDESK_CLIENT_SECRET, then run `supportbot doctor`."
        )
    return accounts.zendesk()


def _website(config: WebsiteConfig, source: str, _accounts: Accounts) -> Connector:
    return connect_website(config, source)


KINDS: Mapping[str, ConnectorKind[Any]] = MappingProxyType(
    {
        kind.name: kind
        for kind in (
            ConnectorKind(
                name="files",
                title="Files",
                description="A folder or file: Zendesk export, HTML, Markdown, text, PDF.",
                config=FilesConfig,
                connect=_files,
            ),
            ConnectorKind(
                name="sample",
                title="Sample help center",
                description="The help center of a fictional shop that comes with the product.",
                config=SampleConfig,
                connect=_sample,
            ),
            ConnectorKind(
                name="zendesk",
                title="Zendesk help center",
                description="The articles of the connected Zendesk account: all brands and "
                "languages, or those that you choose.",
                config=ZendeskConfig,
                connect=_zendesk,
            ),
            ConnectorKind(
                name="zendesk-macros",
                title="Zendesk macros",
                description="The replies that the agents of the connected Zendesk account keep "
                "as macros; for agents, unless you say otherwise.",
                config=MacrosConfig,
                connect=_macros,
            ),
            ConnectorKind(
                name="zendesk-tickets",
                title="Zendesk solved tickets",
                description="What customers of the connected Zendesk account asked and agents "
                "answered in public, without personal data; for agents only.",
                config=TicketsConfig,
                connect=_tickets,
            ),
            ConnectorKind(
                name="website",
                title="Website",
                description="The pages of a site, found by its sitemap and its links.",
                config=WebsiteConfig,
                connect=_website,
            ),
        )
    }
)


def kind_of(name: str) -> ConnectorKind[Any]:
    """The kind of this name. Raises SourceMisconfigured, which lists the kinds there are."""
    try:
        return KINDS[name]
    except KeyError:
        raise SourceMisconfigured(
            f"kind: there is no kind of source called {name!r}; use one of {', '.join(KINDS)}."
        ) from None
