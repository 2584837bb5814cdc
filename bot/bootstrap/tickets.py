"""What deals with tickets, wired. A client of Zendesk belongs to one thread: each has its own."""

from __future__ import annotations

import threading
from functools import cached_property, partial
from typing import TYPE_CHECKING, TypedDict

from bot.bootstrap.choices import zendesk_account

if TYPE_CHECKING:
    from collections.abc import Callable

    from bot.bootstrap import Application
    from bot.language import LanguageDetector
    from bot.zendesk.attending import Attendant
    from bot.zendesk.audience import Audiences
    from bot.zendesk.deciding import Decider
    from bot.zendesk.feedback import Links
    from bot.zendesk.replies import Voice
    from bot.zendesk.routing import Routes
    from bot.zendesk.suggesting import Suggestions
    from bot.zendesk.sweeping import TicketSweep
    from connectors.zendesk.account import ZendeskAccount
    from connectors.zendesk.client import ZendeskClient
    from connectors.zendesk.desk import TicketDesk

# A job that would have to wait longer for the rate limit comes back later: others may go on.
PATIENCE = 10.0


class Tickets:
    """The parts of one process."""

    def __init__(self, app: Application) -> None:
        self._app = app
        self._mine = threading.local()

    @cached_property
    def account(self) -> ZendeskAccount:
        """The account, with the right to write. Raises SourceMisconfigured, which names the
        settings that are missing."""
        app = self._app
        return zendesk_account(
            app.settings.zendesk,
            ceiling=app.zendesk_ceiling,
            answers=True,
            circuit=app.vendors.circuit("zendesk"),
        )

    def client(self) -> ZendeskClient:
        """One for the calling thread, which may fill the account's whole minute."""
        return self.account.client(longest_wait=PATIENCE)

    def attendant(self) -> Attendant:
        """The calling thread's own."""
        if (mine := getattr(self._mine, "attendant", None)) is None:
            mine = self._mine.attendant = self._new_attendant()
        return mine

    def suggestions(self) -> Suggestions:
        """The calling thread's own."""
        from bot.zendesk.suggesting import Suggestions  # noqa: PLC0415 - made when asked for

        if (mine := getattr(self._mine, "suggestions", None)) is None:
            app, parts = self._app, deciding_parts(self._app, self.desk())
            mine = self._mine.suggestions = Suggestions(
                attendant=self.attendant(), drafts=app.drafts, support=app.desk, **parts
            )
        return mine

    def sweep(self) -> TicketSweep:
        """The calling thread's own."""
        from bot.zendesk.sweeping import TicketSweep  # noqa: PLC0415 - made when asked for

        if (mine := getattr(self._mine, "sweep", None)) is None:
            app = self._app
            mine = self._mine.sweep = TicketSweep(
                pool=app.pool, queue=app.queue, desk=self.desk(), account=self.account.subdomain
            )
        return mine

    def _new_attendant(self) -> Attendant:
        from bot.recorded import recorded  # noqa: PLC0415 - made when asked for
        from bot.zendesk.approving import Approvals  # noqa: PLC0415 - as above
        from bot.zendesk.attending import Attendant  # noqa: PLC0415 - as above
        from bot.zendesk.resolutions import Resolutions  # noqa: PLC0415 - as above
        from bot.zendesk.turns import Turns  # noqa: PLC0415 - as above

        app, pool, desk = self._app, self._app.pool, self.desk()
        voice_of, links = _voice_of(app), _links(app)
        return Attendant(
            pool=pool,
            desk=desk,
            turns=Turns(pool=pool),
            resolutions=Resolutions(pool=pool),
            decider=decider(app, desk, voice_of=voice_of, links=links),
            approvals=Approvals(
                drafts=app.drafts,
                recorded=partial(recorded, pool),
                held=app.retriever.held,
                voice_of=voice_of,
                links=links,
            ),
            queue=app.queue,
        )

    def desk(self) -> TicketDesk:
        """The calling thread's own."""
        from connectors.zendesk.desk import TicketDesk  # noqa: PLC0415 - brings zenpy

        if (mine := getattr(self._mine, "desk", None)) is None:
            mine = self._mine.desk = TicketDesk(client=self.client())
        return mine


def _voice_of(app: Application) -> Callable[[int | None], Voice]:
    """How a brand speaks, as it is set now."""
    from bot.zendesk.voices import Voices  # noqa: PLC0415 - made when asked for

    return lambda brand_id: app.preferences.get(Voices).of(brand_id)


def _links(app: Application) -> Links | None:
    from bot.zendesk.feedback import Links, signing_keys  # noqa: PLC0415 - made when asked for

    base = app.settings.web.public_url
    return Links(keys=signing_keys(app.pool), base=base) if base else None


def decider(
    app: Application,
    desk: TicketDesk,
    *,
    voice_of: Callable[[int | None], Voice],
    links: Links | None,
) -> Decider:
    """Who decides what becomes of a ticket, with everything that it asks."""
    from bot.sending import Sending  # noqa: PLC0415 - made when asked for
    from bot.zendesk.deciding import Decider  # noqa: PLC0415 - as above
    from bot.zendesk.guards import Limits  # noqa: PLC0415 - as above
    from bot.zendesk.policies import Policies  # noqa: PLC0415 - as above

    sending = Sending(pool=app.pool, preferences=app.preferences)
    return Decider(
        support=app.desk,
        policies=Policies(pool=app.pool),
        **deciding_parts(app, desk),
        voice_of=voice_of,
        links=links,
        limits=Limits(),
        evidence_to_send=lambda channel, intent: (
            sending.needed(channel=channel, intent=intent).evidence
        ),
    )


class _Deciding(TypedDict):
    audiences: Audiences
    routes: Routes
    language: LanguageDetector


def deciding_parts(app: Application, desk: TicketDesk) -> _Deciding:
    """What everybody asks who decides about a ticket."""
    from bot.zendesk.audience import Audiences  # noqa: PLC0415 - made when asked for
    from bot.zendesk.routing import TaxonomyRoutes  # noqa: PLC0415 - as above

    return _Deciding(
        audiences=Audiences(pool=app.pool, segments_of=desk.segments_of),
        routes=TaxonomyRoutes(router=app.router),
        language=app.language,
    )
