"""What is done about whatever people press, choose, fill in or call in Slack, by its name."""

from __future__ import annotations

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from bot.bootstrap.slack import Slack
    from bot.slack.administration import Administration
    from bot.slack.draft_decisions import DraftDecisions
    from bot.slack.handlers import Handlers


def handlers(slack: Slack) -> Handlers:
    """Those of one process."""
    from bot.feedback import Feedback  # noqa: PLC0415 - made when asked for
    from bot.slack import draft_view, home_view, opinions  # noqa: PLC0415 - as above
    from bot.slack.administration import (  # noqa: PLC0415 - as above
        CHANNEL_SET,
        ROUTE_SET,
        SCHEDULE_SET,
    )
    from bot.slack.asides import Asides  # noqa: PLC0415 - as above
    from bot.slack.handlers import ANSWER_THIS, ASK, Handlers  # noqa: PLC0415 - as above
    from bot.slack.passages import Passages  # noqa: PLC0415 - as above
    from bot.slack.people import HANDED_OVER, People  # noqa: PLC0415 - as above

    asides = Asides(
        pool=slack.pool,
        queue=slack.queue,
        questions=slack.questions,
        facts=slack.facts,
        whisperer=slack.whisperer,
        language=slack.language,
    )
    passages = Passages(
        pool=slack.pool,
        excerpts=slack.excerpts,
        facts=slack.facts,
        api=slack.api,
    )
    people = People(
        pool=slack.pool,
        queue=slack.queue,
        handovers=slack.handovers,
        routes=slack.routes,
        has_tickets=slack.tickets is not None,
        api=slack.api,
    )
    opinion = opinions.Opinions(
        pool=slack.pool,
        feedback=Feedback(pool=slack.pool),
        facts=slack.facts,
        whisperer=slack.whisperer,
        api=slack.api,
    )
    admin, drafts = _administration(slack), _draft_decisions(slack)
    return Handlers(
        before={
            "publish": asides.publish,
            "feedback": opinion.rate,
            "resolved": people.resolve,
            **({draft_view.APPROVE: drafts.approve} if drafts else {}),
        },
        after={
            "passage": passages.show,
            "passages": passages.show,
            "rest": asides.rest,
            "feedback": opinion.ask_why,
            "report": opinion.ask_what,
            "more": opinion.ask_what,
            "person": people.ask,
            home_view.SOURCE: admin.source,
            home_view.CHANNEL: admin.channel,
            home_view.ROUTE: admin.route,
            home_view.REFRESH: admin.refresh,
            **(
                {
                    draft_view.APPROVE: drafts.tell,
                    draft_view.EDIT: drafts.edit,
                    draft_view.REJECT: drafts.reject,
                }
                if drafts
                else {}
            ),
        },
        submit={
            opinions.RATED: opinion.reasons,
            opinions.REPORTED: opinion.report,
            HANDED_OVER: people.submit,
            SCHEDULE_SET: admin.set_schedule,
            CHANNEL_SET: admin.set_channel,
            ROUTE_SET: admin.set_route,
            **(
                {draft_view.EDITED: drafts.edited, draft_view.REJECTED: drafts.rejected}
                if drafts
                else {}
            ),
        },
        submitted=dict.fromkeys((SCHEDULE_SET, CHANNEL_SET, ROUTE_SET), admin.after),
        commands={ASK: asides.command},
        shortcuts={ANSWER_THIS: asides.shortcut},
    )


def _administration(slack: Slack) -> Administration:
    from bot.slack.administration import Administration  # noqa: PLC0415 - made when asked for
    from bot.triage.taxonomy import TaxonomyStore  # noqa: PLC0415 - as above

    return Administration(
        pool=slack.pool,
        queue=slack.queue,
        home=slack.home,
        facts=slack.facts,
        sources=slack.sources,
        schedules=slack.schedules,
        channels=slack.channels,
        routes=slack.routes,
        taxonomy=TaxonomyStore(pool=slack.pool),
        api=slack.api,
    )


def _draft_decisions(slack: Slack) -> DraftDecisions | None:
    from bot.slack.draft_decisions import DraftDecisions  # noqa: PLC0415 - made when asked for

    if slack.replying is None:
        return None
    return DraftDecisions(
        pool=slack.pool,
        drafts=slack.drafts,
        replying=slack.replying,
        facts=slack.facts,
        whisperer=slack.whisperer,
        api=slack.api,
    )
