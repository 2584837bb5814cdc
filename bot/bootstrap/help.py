"""The help page, wired to the parts of the web process, and what opens its tickets."""

from __future__ import annotations

from functools import partial
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Callable

    from procrastinate import App
    from starlette.types import ASGIApp

    from bot.bootstrap import Application


def help_page(app: Application) -> ASGIApp:
    """What is served under /help, in whatever state the database is."""
    from bot.admin import assets  # noqa: PLC0415 - only the web process
    from bot.bootstrap import DEFAULT_LOCALE  # noqa: PLC0415 - as above
    from bot.feedback import Feedback  # noqa: PLC0415 - as above
    from bot.help.contacts import Contacts  # noqa: PLC0415 - as above
    from bot.help.conversations import Tokens, signing_keys  # noqa: PLC0415 - as above
    from bot.help.pace import Pace  # noqa: PLC0415 - as above
    from bot.help.page import HelpParts, create_help  # noqa: PLC0415 - as above
    from bot.preferences import Preferences  # noqa: PLC0415 - as above
    from bot.queue import Queue  # noqa: PLC0415 - as above

    pool, public_url = app.patient_pool, app.settings.web.public_url
    return create_help(
        HelpParts(
            pool=pool,
            preferences=Preferences(pool=pool),
            desk=lambda: app.desk,
            feedback=Feedback(pool=pool),
            contacts=Contacts(pool=pool, queue=Queue(pool=pool)),
            tokens=Tokens(keys=partial(signing_keys, pool)),
            pace=Pace(pool=pool),
            assets=assets.load(),
            tickets=app.settings.zendesk.subdomain is not None,
            secure=bool(public_url and public_url.startswith("https://")),
            locale=DEFAULT_LOCALE,
        )
    )


def help_job(app: Application) -> Callable[[App], None]:
    """What makes tickets of messages; those that were taken are always somebody's."""
    from bot.bootstrap.tickets import Tickets  # noqa: PLC0415 - only the worker
    from bot.help.contacts import TicketOpener  # noqa: PLC0415 - as above
    from bot.jobs.help import HelpJob  # noqa: PLC0415 - as above

    tickets = Tickets(app)
    return HelpJob(opener=lambda: TicketOpener(pool=app.pool, desk=tickets.desk)).register
