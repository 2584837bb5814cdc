"""Slack and Zendesk: what is set, and whether they take it."""

from __future__ import annotations

from typing import TYPE_CHECKING

from bot.doctor.check import Check
from bot.errors import SupportbotError
from connectors.errors import ConnectorError

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

    from connectors.zendesk.account import ZendeskAccount


def slack_named(missing: Sequence[str], *, is_wanted: bool, way: str) -> Check:
    """How Slack is set up: what is `missing` where anything of it is set, else the `way` in which
    its events come. Calls nobody."""
    name, needed = "slack", ", ".join(missing)
    if not is_wanted:
        return Check(name=name, state="ok", detail="Not connected.", advice=f"Set {needed}.")
    if missing:
        told = f"Not connected: {needed} is not set."
        return Check(name=name, state="failed", detail=told, advice=f"Set {needed}.")
    return Check(name=name, state="ok", detail=f"Events come by {way}; not called by this check.")


def slack(whose: Callable[[], str], *, way: str) -> Check:
    """Whether Slack takes the bot's token, and whose it is."""
    try:
        told = whose()
    except SupportbotError as error:
        return Check(name="slack", state="failed", detail=str(error))
    return Check(name="slack", state="ok", detail=f"{told}; events come by {way}.")


def zendesk_named(subdomain: str | None) -> Check:
    """Which Zendesk account is set up. Calls nobody."""
    if subdomain is None:
        return Check(
            name="zendesk",
            state="ok",
            detail="Not connected.",
            advice="Set ZENDESK_SUBDOMAIN, ZENDESK_CLIENT_ID and ZENDESK_CLIENT_SECRET.",
        )
    return Check(
        name="zendesk", state="ok", detail=f"Account {subdomain}; not called by this check."
    )


def zendesk(account: Callable[[], ZendeskAccount]) -> Check:
    """Whether the Zendesk account takes our credentials, and which help centers it has."""
    try:
        connected = account()
        with connected.client() as client:
            user, brands = client.check(), client.brands()
    except ConnectorError as error:
        return Check(name="zendesk", state="failed", detail=str(error))
    centers = ", ".join(each.subdomain for each in brands) or "none"
    detail = (
        f"Account {connected.subdomain}, signed in as {user.name} ({user.role}). "
        f"Help centers: {centers}."
    )
    advice = " ".join(connected.notices)
    return Check(name="zendesk", state="warning" if advice else "ok", detail=detail, advice=advice)


def zendesk_webhooks(configured: Callable[[], bool]) -> Check:
    """Whether Zendesk may tell us at once what happened; `configured` is False where no secret
    is set and raises SettingInvalid where it is one that cannot be used."""
    name = "zendesk webhooks"
    try:
        if configured():
            return Check(name=name, state="ok", detail="Taken at /zendesk/webhook.")
    except SupportbotError as error:
        return Check(name=name, state="failed", detail=str(error))
    return Check(
        name=name,
        state="ok",
        detail="Not taken: articles change here by the schedule only, tickets by the sweep.",
        advice="Run `supportbot zendesk install`, which says how to set ZENDESK_WEBHOOK_SECRET.",
    )
