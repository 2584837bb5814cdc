"""Sets up what Zendesk tells us: the webhook, the trigger where events are not to be had, and a
test that shows whether what is sent arrives.

Finds by its address what is there already, so that it may be run again at any time; what others
set up is left alone.
https://developer.zendesk.com/documentation/webhooks/creating-and-monitoring-webhooks/
"""

from __future__ import annotations

import hmac
import json
from collections.abc import Sequence
from dataclasses import dataclass, field, replace
from typing import TYPE_CHECKING, Any
from urllib.parse import urlsplit
from uuid import uuid4

from bot.errors import InputRejected
from bot.zendesk.events import TRIGGER_BODY
from connectors.errors import RequestRejected
from connectors.zendesk.hooks import BY_TRIGGERS, Condition, Trigger, Webhook

if TYPE_CHECKING:
    from psycopg_pool import ConnectionPool

    from connectors.zendesk.hooks import Hooks

ARTICLE_EVENTS = frozenset(
    {"zen:event-type:article.published", "zen:event-type:article.unpublished"}
)
TICKET_EVENTS = frozenset({"zen:event-type:ticket.created", "zen:event-type:ticket.comment_added"})

NAME = "Supportbot"
RULES_NAME = "Supportbot (called by a trigger)"
TRIGGER_TITLE = "Supportbot: tell of public comments"

_CONDITIONS = (Condition(field="comment_is_public", operator="is", value="true"),)

TEST_EVENT = "zen:event-type:supportbot.test"

_ARRIVED = "SELECT EXISTS (SELECT FROM inbound_events WHERE source = 'zendesk event' AND id = %s)"


@dataclass(frozen=True, kw_only=True, slots=True)
class Step:
    """One thing that was found or done, in words; `done` is what changed at Zendesk."""

    what: str
    done: bool = False


@dataclass(frozen=True, kw_only=True, slots=True)
class Tested:
    """What came of one signed test. `problem` says what to do, and is "" where it arrived."""

    webhook: str
    problem: str = ""


@dataclass(kw_only=True, slots=True)
class Installed:
    """What was found or done, and the webhooks that tell us now, in dry runs those there are."""

    steps: list[Step] = field(default_factory=list)
    webhooks: list[Webhook] = field(default_factory=list)


def checked_endpoint(url: str, *, path: str) -> str:
    """Where Zendesk calls. Raises InputRejected for an address that Zendesk cannot reach."""
    parts = urlsplit(url)
    if parts.scheme not in {"https", "http"} or not parts.hostname:
        raise InputRejected(f"{url} is no address. Give one such as https://support.example.com.")
    return f"{url.rstrip('/').removesuffix(path)}{path}"


class Installation:
    """Webhooks and triggers of one deployment. With `dry_run` nothing is changed."""

    def __init__(self, *, hooks: Hooks, endpoint: str, dry_run: bool = False) -> None:
        self._hooks = hooks
        self._endpoint = endpoint
        self._dry_run = dry_run
        self._found = Installed()

    def run(self) -> Installed:
        """Creates or repairs what is missing. Raises ConnectorError; PermissionMissing where the
        user is no administrator."""
        self._found = Installed()
        known = self._hooks.webhooks()
        if not self._subscribed(known, ARTICLE_EVENTS | TICKET_EVENTS):
            self._note("Zendesk takes no subscription to ticket events: a trigger tells of them.")
            self._subscribed(known, ARTICLE_EVENTS)
            self._called_by_trigger(known)
        return self._found

    def installed(self) -> tuple[Webhook, ...]:
        """The active webhooks that call this deployment."""
        return tuple(
            each for each in self._hooks.webhooks() if each.active and self._calls_us(each)
        )

    def _subscribed(self, known: Sequence[Webhook], events: frozenset[str]) -> bool:
        """False where Zendesk does not take these subscriptions."""
        own = self._own(known, NAME, by_triggers=False)
        wanted = Webhook(name=NAME, endpoint=self._endpoint, subscriptions=events)
        if own is not None:
            everything = own.subscriptions | events
            wanted = replace(own, endpoint=self._endpoint, subscriptions=everything, active=True)
        try:
            self._settle(own, wanted)
        except RequestRejected:
            return False
        return True

    def _called_by_trigger(self, known: Sequence[Webhook]) -> None:
        own = self._own(known, RULES_NAME, by_triggers=True)
        wanted = Webhook(
            name=RULES_NAME, endpoint=self._endpoint, subscriptions=frozenset({BY_TRIGGERS})
        )
        if own is not None:
            wanted = replace(own, endpoint=self._endpoint, active=True)
        webhook = self._settle(own, wanted)
        rule = Trigger(
            title=TRIGGER_TITLE, all=_CONDITIONS, webhook_id=webhook.id, body=TRIGGER_BODY
        )
        there = next((e for e in self._hooks.triggers() if e.title == TRIGGER_TITLE), None)
        self._settle_trigger(there, rule)

    def _settle(self, own: Webhook | None, wanted: Webhook) -> Webhook:
        """The webhook as it is now."""
        if own == wanted:
            self._note(f"Webhook “{own.name}” is as it should be.")
        elif own is None:
            wanted = wanted if self._dry_run else self._hooks.create_webhook(wanted)
            self._note(f"Webhook “{wanted.name}” for {_told(wanted)}: created.", done=True)
        else:
            if not self._dry_run:
                self._hooks.update_webhook(wanted)
            self._note(f"Webhook “{own.name}”: repaired ({_repairs(own, wanted)}).", done=True)
        if wanted.id:
            self._found.webhooks.append(wanted)
        return wanted

    def _settle_trigger(self, there: Trigger | None, rule: Trigger) -> None:
        if there is None:
            if not self._dry_run:
                self._hooks.create_trigger(rule)
            self._note(f"Trigger “{rule.title}”: created.", done=True)
        elif there == replace(rule, id=there.id):
            self._note(f"Trigger “{rule.title}” is as it should be.")
        else:
            if not self._dry_run:
                self._hooks.update_trigger(replace(rule, id=there.id))
            self._note(f"Trigger “{rule.title}”: repaired.", done=True)

    def _own(self, known: Sequence[Webhook], name: str, *, by_triggers: bool) -> Webhook | None:
        """Ours by its address, also one that was made by hand; else by its name, as after the
        deployment has moved."""
        fitting = [each for each in known if each.is_called_by_triggers is by_triggers]
        by_address = [each for each in fitting if self._calls_us(each)]
        return next(iter([*by_address, *(each for each in fitting if each.name == name)]), None)

    def _calls_us(self, webhook: Webhook) -> bool:
        return webhook.endpoint == self._endpoint

    def _note(self, what: str, *, done: bool = False) -> None:
        self._found.steps.append(Step(what=what, done=done))


class Verification:
    """Lets Zendesk send signed tests, and looks for them in this deployment's database."""

    def __init__(self, *, hooks: Hooks, pool: ConnectionPool, keys: Sequence[bytes]) -> None:
        self._hooks = hooks
        self._pool = pool
        self._keys = tuple(keys)

    def secret(self, webhook: Webhook) -> str:
        """The text with which this webhook's calls are signed."""
        return self._hooks.signing_secret(webhook.id)

    def knows(self, secret: str) -> bool:
        """Whether this deployment is set up to take what is signed with it."""
        return any(hmac.compare_digest(secret.encode(), each) for each in self._keys)

    def test(self, webhook: Webhook) -> Tested:
        """Whether a test that Zendesk signs and sends now gets here."""
        number = str(uuid4())
        event: dict[str, Any] = {"type": TEST_EVENT, "id": number, "detail": {}, "event": {}}
        status = self._hooks.test_webhook(webhook.id, json.dumps(event))
        problem = _problem(status, webhook.endpoint)
        if not problem and not self._arrived(number):
            problem = (
                f"Another deployment of Supportbot answers at {webhook.endpoint}: its web process "
                "uses another database than this command. Check DATABASE_URL in both."
            )
        return Tested(webhook=webhook.name, problem=problem)

    def _arrived(self, number: str) -> bool:
        with self._pool.connection() as connection:
            row = connection.execute(_ARRIVED, (number,)).fetchone()
        return bool(row and row[0])


def _problem(status: int, endpoint: str) -> str:
    if 200 <= status < 300:
        return ""
    if status == 0:
        return (
            f"Zendesk does not reach {endpoint}. Check that `supportbot web` runs, that PUBLIC_URL "
            "is its address on the internet, and that no firewall or login page stands before it."
        )
    if status in {401, 404}:
        return (
            f"{endpoint} answered {status}: the web process does not have this webhook's secret "
            "(or is not at that address). Set ZENDESK_WEBHOOK_SECRET and start it again."
        )
    if status == 503:
        return f"{endpoint} answered 503: its database is away. Run `supportbot doctor` there."
    return f"{endpoint} answered {status}. Look at the web process's log, then try again."


def _told(webhook: Webhook) -> str:
    names = sorted(each.removeprefix("zen:event-type:") for each in webhook.subscriptions)
    return "a trigger" if webhook.is_called_by_triggers else ", ".join(names)


def _repairs(before: Webhook, after: Webhook) -> str:
    said = []
    if before.endpoint != after.endpoint:
        said.append(f"calls {after.endpoint}")
    if missing := sorted(after.subscriptions - before.subscriptions):
        said.append("tells of " + ", ".join(e.removeprefix("zen:event-type:") for e in missing))
    if not before.active:
        said.append("switched on")
    return "; ".join(said)
