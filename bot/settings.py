"""Every setting, read once from the environment and `.env`, checked, and grouped.

The environment wins over `.env`; an empty value means "not set". Only bot.bootstrap and
bot.cli import this module: everything else is given what it needs.
"""

from __future__ import annotations

import difflib
import os
import stat
from collections import Counter
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any, Literal
from urllib.parse import unquote, urlsplit

import platformdirs
from pydantic import (
    AfterValidator,
    BaseModel,
    BeforeValidator,
    Field,
    SecretStr,
    ValidationError,
)
from pydantic_settings import BaseSettings, SettingsConfigDict

from bot.errors import SettingInvalid

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Mapping

    from pydantic.fields import FieldInfo

ENV_FILE = Path(".env")


def default_data_dir() -> Path:
    """Where data lives when nobody says: the user's data directory, or /var/lib for root,
    because the database server then runs as a user who cannot look into /root."""
    if hasattr(os, "geteuid") and os.geteuid() == 0:
        return Path("/var/lib/supportbot")
    return platformdirs.user_data_path("supportbot")


def _database_url(url: SecretStr) -> SecretStr:
    if not url.get_secret_value().startswith(("postgresql://", "postgres://")):
        raise ValueError("must start with postgresql://, as in postgresql://user:password@host/db")
    return url


def _web_url(url: str) -> str:
    if not url.startswith(("http://", "https://")):
        raise ValueError("must start with https:// (or http://)")
    return url.rstrip("/")


def _directory(path: Path) -> Path:
    resolved = path.expanduser().absolute()
    if resolved.exists() and not resolved.is_dir():
        raise ValueError("is a file; name a directory")
    return resolved


def _lower(value: object) -> object:
    return value.strip().lower() if isinstance(value, str) else value


DatabaseUrl = Annotated[SecretStr, AfterValidator(_database_url)]
WebUrl = Annotated[str, AfterValidator(_web_url)]
Directory = Annotated[Path, AfterValidator(_directory)]


class Group(BaseSettings):
    """Settings that belong together. A field's variable is the group's prefix and its name."""

    model_config = SettingsConfigDict(
        env_file_encoding="utf-8-sig",  # editors on Windows add a byte-order mark
        env_ignore_empty=True,
        extra="ignore",
        frozen=True,
        hide_input_in_errors=True,
    )


class StorageSettings(Group):
    """Where everything is kept."""

    database_url: DatabaseUrl | None = None
    database_pool_size: int = Field(default=20, ge=4, le=500, description="4 to 500")
    database_pooling: Annotated[Literal["session", "transaction"], BeforeValidator(_lower)] = Field(
        default="session", description="session or transaction"
    )
    database_replica_url: DatabaseUrl | None = None
    data_dir: Directory = Field(
        default_factory=default_data_dir, validation_alias="SUPPORTBOT_DATA_DIR"
    )
    encryption_keys: SecretStr | None = None


class AnswerSettings(Group):
    """Who writes answers, and what finds their passages."""

    answer_engine: Annotated[
        Literal["auto", "claude", "markers", "extractive"], BeforeValidator(_lower)
    ] = Field(default="auto", description="auto, claude, markers or extractive")
    embedding_model: str = "all-MiniLM-L6-v2"


class AnthropicSettings(Group):
    """Claude, or a server that speaks the same Messages API."""

    model_config = SettingsConfigDict(env_prefix="ANTHROPIC_")

    api_key: SecretStr | None = None
    base_url: WebUrl | None = None
    model: str | None = None


class WebSettings(Group):
    """The web process, and how people reach it."""

    # Not HOST: some shells and compiler packages export that name for their own ends.
    host: str = Field(default="127.0.0.1", validation_alias="WEB_HOST")
    port: int = Field(default=8000, ge=0, le=65535, description="a port number, 0 to 65535")
    public_url: WebUrl | None = None
    admin_password: SecretStr | None = None


class OpenIdSettings(Group):
    """An OpenID Connect provider, where people sign in to the console."""

    model_config = SettingsConfigDict(env_prefix="OIDC_")

    issuer: WebUrl | None = None
    client_id: str | None = None
    client_secret: SecretStr | None = None
    label: str = "single sign-on"
    domains: str | None = None


class LogSettings(Group):
    """What is written while it runs."""

    log_format: Annotated[Literal["auto", "json", "console"], BeforeValidator(_lower)] = Field(
        default="auto", description="auto, json or console"
    )
    debug: bool = Field(
        default=False, validation_alias="SUPPORTBOT_DEBUG", description="true or false"
    )


class TraceSettings(Group):
    """Where traces go, under the name that OpenTelemetry gives it."""

    otlp_endpoint: WebUrl | None = Field(
        default=None, validation_alias="OTEL_EXPORTER_OTLP_ENDPOINT"
    )


class ZendeskSettings(Group):
    """The Zendesk account. E-mail and API token are the legacy way to sign in."""

    model_config = SettingsConfigDict(env_prefix="ZENDESK_")

    subdomain: str | None = None
    client_id: str | None = None
    client_secret: SecretStr | None = None
    base_url: WebUrl | None = None
    webhook_secret: SecretStr | None = None
    email: str | None = None
    api_token: SecretStr | None = None


class SlackSettings(Group):
    """The Slack app."""

    model_config = SettingsConfigDict(env_prefix="SLACK_")

    bot_token: SecretStr | None = None
    signing_secret: SecretStr | None = None
    app_token: SecretStr | None = None
    api_url: WebUrl = "https://slack.com/api"
    client_id: str | None = None
    client_secret: SecretStr | None = None
    admins: str | None = None


# Of settings that hold several secrets: a shorter part may be a word.
_SHORTEST_PART = 15


class Settings(BaseModel):
    """Every setting, by group."""

    storage: StorageSettings
    answers: AnswerSettings
    anthropic: AnthropicSettings
    web: WebSettings
    openid: OpenIdSettings
    log: LogSettings
    traces: TraceSettings
    zendesk: ZendeskSettings
    slack: SlackSettings

    def named_secrets(self) -> dict[str, str]:
        """Variable to value of every secret that is set, to judge them by."""
        found: dict[str, str] = {}
        for group_name, group in GROUPS.items():
            for name, field in group.model_fields.items():
                value = getattr(getattr(self, group_name), name)
                if isinstance(value, SecretStr):
                    found[_variable(group, name, field)] = value.get_secret_value()
        return found

    def secrets(self) -> frozenset[str]:
        """Every secret value that is set, for the log's safety net, and of a URL the password
        as it stands there and as it is meant."""
        groups = (getattr(self, name) for name in type(self).model_fields)
        values = (getattr(group, field) for group in groups for field in type(group).model_fields)
        found = {each.get_secret_value() for each in values if isinstance(each, SecretStr)}
        passwords = {urlsplit(each).password or "" for each in found if "://" in each}
        found |= {part for each in found for part in each.split(",") if len(part) > _SHORTEST_PART}
        return frozenset(found | passwords | {unquote(each) for each in passwords}) - {""}


GROUPS: Mapping[str, type[Group]] = {
    name: field.annotation
    for name, field in Settings.model_fields.items()
    if isinstance(field.annotation, type)
}


def open_to_others(env_file: Path = ENV_FILE) -> bool:
    """Whether other users of this machine may read the file that holds the settings."""
    try:
        return bool(env_file.stat().st_mode & (stat.S_IRGRP | stat.S_IROTH))
    except OSError:
        return False


def _variable(group: type[Group], name: str, field: FieldInfo) -> str:
    if isinstance(field.validation_alias, str):
        return field.validation_alias
    return f"{group.model_config.get('env_prefix') or ''}{name}".upper()


def names() -> tuple[str, ...]:
    """The environment variables that exist, in the order of the groups."""
    return tuple(
        _variable(group, name, field)
        for group in GROUPS.values()
        for name, field in group.model_fields.items()
    )


def load(env_file: Path = ENV_FILE) -> Settings:
    """Settings from the environment and `env_file`. Raises SettingInvalid, naming the
    setting and what is allowed; never quoting the value of a secret."""
    groups = {name: _load_group(group, env_file) for name, group in GROUPS.items()}
    return Settings(**groups)  # type: ignore[arg-type]  # the names are those of the fields


def _load_group(group: type[Group], env_file: Path) -> Group:
    try:
        return group(_env_file=env_file)  # type: ignore[call-arg]  # pydantic-settings' own name
    except ValidationError as error:
        first = error.errors(include_url=False)[0]
        raise SettingInvalid(_complaint(group, dict(first))) from error
    except UnicodeDecodeError as error:
        raise SettingInvalid(f"{env_file} is not UTF-8 text: save it as UTF-8.") from error


def _complaint(group: type[Group], error: dict[str, Any]) -> str:
    location = str(error["loc"][0])  # the field's name, or its alias where it has one
    for name, field in group.model_fields.items():
        variable = _variable(group, name, field)
        if location in {name, variable} and field.description:
            return f"{variable} cannot be used. Allowed: {field.description}."
        if location in {name, variable}:
            return f"{variable} {str(error['msg']).removeprefix('Value error, ')}."
    return f"{location} cannot be used: {error['msg']}."


def suspicions(
    environment: Mapping[str, str], env_file: Path = ENV_FILE, *, known: Iterable[str] = ()
) -> Iterator[str]:
    """One line for each name that is probably a mistake: set twice in `env_file`, set to
    another value in the environment, or misspelt close to a known one. Shows no values."""
    settings = frozenset({*names(), *known})
    in_file = _assignments(env_file)
    for name, count in Counter(name for name, _ in in_file).items():
        if count > 1:
            yield f"{name} is set {count} times in {env_file}; the last one counts. Keep one."
    for name, value in dict(in_file).items():
        if name in settings and environment.get(name, value) != value:
            yield f"{name} differs between the environment and {env_file}; the environment wins."
    for name in sorted({*environment, *(name for name, _ in in_file)} - settings):
        close = difflib.get_close_matches(name.upper(), settings, n=1, cutoff=0.88)
        if close:
            yield f"{name} is not a setting. Did you mean {close[0]}?"


def _assignments(env_file: Path) -> list[tuple[str, str]]:
    from dotenv.parser import parse_stream  # noqa: PLC0415 - only doctor needs it

    try:
        with env_file.open(encoding="utf-8-sig") as lines:
            return [(each.key, each.value or "") for each in parse_stream(lines) if each.key]
    except (FileNotFoundError, IsADirectoryError):
        return []
