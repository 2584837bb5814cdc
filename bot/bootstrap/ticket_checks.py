"""What doctor says of tickets: is any answered, do events arrive, and what is stuck."""

from __future__ import annotations

from collections import Counter
from datetime import timedelta
from typing import TYPE_CHECKING

from bot.bootstrap.choices import webhook_keys, zendesk_account
from bot.doctor import Check
from bot.errors import SupportbotError
from connectors.errors import ConnectorError

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

    from bot.bootstrap import Application
    from bot.zendesk.policies import Policy
    from bot.zendesk.problems import Problem
    from connectors.zendesk.hooks import Webhook

# Sweeps are due every minute, and one that catches up takes some.
LATE = timedelta(minutes=10)

# How long doctor waits for a vendor's answer.
PROBE_SECONDS = 10.0

_STATE = """
SELECT (SELECT now() - max(swept_at) FROM ticket_sweeps),
       (SELECT count(*) FROM ticket_turns WHERE state = 'sending')
"""


def ticket_checks(app: Application) -> Iterator[Check]:
    """Every check of tickets, where there is an account. Needs the schema. Lets Zendesk send a
    signed test where tickets are answered."""
    from bot.zendesk.policies import Policies  # noqa: PLC0415 - made when asked for
    from bot.zendesk.problems import Problems  # noqa: PLC0415 - as above

    if app.settings.zendesk.subdomain is None:
        return
    policies = Policies(pool=app.pool).all()
    yield _answered(app, policies)
    if problems := Problems(pool=app.pool).all():
        yield _stuck(problems)
    if policies:
        yield _reached(app)


def _answered(app: Application, policies: Sequence[Policy]) -> Check:
    if not policies:
        return Check(
            name="tickets",
            state="ok",
            detail="None is answered: there is no policy.",
            advice="`supportbot zendesk policies set` switches a first queue on.",
        )
    with app.pool.connection() as connection:
        since, unsettled = connection.execute(_STATE).fetchone() or (None, 0)
    modes = Counter(each.mode.value for each in policies)
    said = ", ".join(f"{count} {mode}" for mode, count in sorted(modes.items()))
    swept = "never" if since is None else f"{since.total_seconds():.0f} s ago"
    late = since is None or since > LATE
    return Check(
        name="tickets",
        state="warning" if late else "ok",
        detail=f"Policies: {said}. Last sweep: {swept}. Turns on their way: {unsettled}.",
        advice="The sweep finds what webhooks lost. Start `supportbot worker`; if one runs, its "
        "log says why it does not sweep: that takes an administrator's credentials."
        if late
        else "",
    )


def _stuck(problems: Sequence[Problem]) -> Check:
    first = problems[0]
    return Check(
        name="stuck tickets",
        state="warning",
        detail=f"{len(problems)} cannot be dealt with yet. Ticket {first.ticket_id}, since "
        f"{first.since:%Y-%m-%d %H:%M} UTC: {first.problem}",
        advice="They are tried again by themselves. `supportbot zendesk attend NUMBER` tries one "
        "now and says why it does not work.",
    )


def _reached(app: Application) -> Check:
    """Whether what Zendesk signs and sends now gets here."""
    from bot.zendesk.installing import (  # noqa: PLC0415 - made when asked for
        Installation,
        Verification,
        checked_endpoint,
    )
    from bot.zendesk.webhooks import PATH  # noqa: PLC0415 - as above
    from connectors.zendesk.hooks import Hooks  # noqa: PLC0415 - brings zenpy

    settings = app.settings
    if settings.web.public_url is None:
        return _not_reached(
            "Where Zendesk reaches the web process is not known.",
            advice="Set PUBLIC_URL, then run `supportbot zendesk install`.",
        )
    try:
        keys = webhook_keys(settings.zendesk)
        account = zendesk_account(
            settings.zendesk, timeout=PROBE_SECONDS, longest_wait=PROBE_SECONDS, answers=True
        )
        endpoint = checked_endpoint(settings.web.public_url, path=PATH)
        with account.client() as client:
            hooks = Hooks(client=client)
            webhooks = Installation(hooks=hooks, endpoint=endpoint).installed()
            verification = Verification(hooks=hooks, pool=app.pool, keys=keys)
            problems = [verification.test(each).problem for each in webhooks]
    except (ConnectorError, SupportbotError) as error:
        return _not_reached(f"Not tested: {error}")
    if not any(map(_tells_of_tickets, webhooks)):
        return _not_reached(f"No webhook tells {endpoint} of tickets.")
    if wrong := next(filter(None, problems), ""):
        return _not_reached(wrong)
    return Check(name="ticket events", state="ok", detail=f"A signed test reached {endpoint}.")


def _tells_of_tickets(webhook: Webhook) -> bool:
    from bot.zendesk.installing import TICKET_EVENTS  # noqa: PLC0415 - made when asked for

    return webhook.is_called_by_triggers or webhook.subscriptions >= TICKET_EVENTS


def _not_reached(detail: str, *, advice: str = "Run `supportbot zendesk install`.") -> Check:
    return Check(name="ticket events", state="warning", detail=detail, advice=advice)
