"""What becomes of a customer's messages: left alone, answered, drafted, or handed to people.

Nothing is written here, neither to Zendesk nor to the books of turns; only the question itself is
recorded, under an id that a second look at the same messages writes over.
"""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING
from uuid import uuid5

from bot.handoff.case import Case
from bot.handoff.note import note
from bot.handoff.wanted import summary
from bot.models import HandoffReason, OutcomeKind
from bot.phrases.asks_for_person import asks_for_person
from bot.phrases.feedback_words import feedback_in
from bot.zendesk.approving import ANSWERED, DRAFTED
from bot.zendesk.forgotten import CONFIRMATION
from bot.zendesk.guards import Limits, everywhere, left_alone, looping
from bot.zendesk.policies import Mode, Policy, deciding
from bot.zendesk.reading import asked_in
from bot.zendesk.replies import draft_note, public_reply, takeover
from bot.zendesk.texts import TEXTS
from bot.zendesk.turns import Turn, Why, turn_id
from bot.zendesk.waiting import Waiting, before_replies, waiting_in
from connectors.zendesk.conversation import TicketChange
from indexing.models import Reader

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

    from bot.language import LanguageDetector
    from bot.models import Outcome
    from bot.support import SupportDesk
    from bot.zendesk.audience import Audiences
    from bot.zendesk.feedback import Links, Verdict
    from bot.zendesk.policies import Policies
    from bot.zendesk.replies import FeedbackLinks, Voice
    from bot.zendesk.routing import Route, Routes
    from bot.zendesk.turns import Past
    from connectors.zendesk.conversation import Conversation

CONFIRMED = "supportbot_confirmed"


class Decider:
    """Decides for one account. `links` is None where customers cannot reach the web process;
    `evidence_to_send` is what an answer on a channel, to a routing tag ("" for none), needs to be
    sent rather than drafted."""

    def __init__(
        self,
        *,
        support: SupportDesk,
        policies: Policies,
        audiences: Audiences,
        routes: Routes,
        language: LanguageDetector,
        voice_of: Callable[[int | None], Voice],
        links: Links | None,
        limits: Limits,
        evidence_to_send: Callable[[str, str], float],
    ) -> None:
        self._support = support
        self._policies = policies
        self._audiences = audiences
        self._routes = routes
        self._language = language
        self._voice_of = voice_of
        self._links = links
        self._limits = limits
        self._evidence_to_send = evidence_to_send

    def decide(
        self, ticket: Conversation, past: Past, *, bot_id: int, verdict: Verdict | None = None
    ) -> Turn | None:
        """The turn of every message of a customer that has no outcome yet, or what follows from
        a verdict behind a link; None where there is nothing to do. Raises what reading segments,
        passages and records raises."""
        waiting = waiting_in(ticket, past, bot_id)
        if not waiting:
            return self._judged(ticket, past, verdict, bot_id) if verdict else None
        newest = next((each for each in reversed(waiting) if not each.by_machine), waiting[-1])
        turn = Waiting(
            ticket=ticket,
            messages=waiting,
            newest=newest,
            asked=asked_in(
                before_replies(ticket, waiting, bot_id), bot_id=bot_id, language=self._language
            ),
            past=past,
            id=turn_id(ticket.ticket_id, newest.id),
        )
        while True:
            policies = self._policies.all()
            decided = self._by(policies, turn, bot_id=bot_id)
            # A model takes its time: what was switched off meanwhile is not written.
            if not decided.changes or self._policies.all() == policies:
                return decided

    def _by(self, policies: Sequence[Policy], turn: Waiting, *, bot_id: int) -> Turn:
        ticket = turn.ticket
        route = self._route(turn) if any(each.intent for each in policies) else None
        policy = deciding(policies, ticket, intent=route.tag if route else None)
        if policy is None or policy.mode is Mode.OFF:
            return turn.ignored(Why.CHANNEL_OFF)
        if why := left_alone(ticket, turn.newest, turn.past, bot_id=bot_id, policy=policy):
            return turn.ignored(why)
        if not policy.takes(ticket):
            return turn.ignored(Why.NOT_IN_ROLLOUT)
        return self._taken(turn, policy, route)

    def _taken(self, turn: Waiting, policy: Policy, route: Route | None) -> Turn:
        asked = turn.asked
        said = feedback_in(asked.text, locale=asked.locale) if turn.past.answered else None
        if said == "yes":
            return self._confirmed(turn)
        question = turn.question(delivery="drafted" if policy.mode is Mode.DRAFT else "sent")
        for reason, detail in self._reasons(turn, policy, declined=said == "no"):
            outcome = self._support.hand_off(question, reason=reason, detail=detail)
            return self._handed_off(turn, outcome, route, policy)
        reader = self._audiences.reader(
            turn.ticket, found=lambda each: self._support.found(replace(question, reader=each))
        )
        intent = route.tag if route else ""
        needed = self._evidence_to_send(turn.ticket.channel, intent)
        question = replace(question, reader=reader, evidence_to_send=needed)
        outcome = self._support.respond(question)
        if outcome.kind is OutcomeKind.HANDED_OFF:
            return self._handed_off(turn, outcome, route, policy)
        written = self._written(turn, outcome, question.reader)
        if not written.html:  # nothing that it cites may be shown to this customer
            detail = "No article that carries the answer has an address that the customer may open."
            outcome = self._support.hand_off(
                question, reason=HandoffReason.UNVERIFIED_ANSWER, detail=detail
            )
            return self._handed_off(turn, outcome, route, policy)
        # Drafts are shown to the people who would get the ticket.
        is_draft = outcome.kind is OutcomeKind.DRAFTED
        tag = (route or self._route(turn)).tag if is_draft else intent
        return turn.ended(outcome, changes=(written,), routing_tag=tag)

    def _reasons(
        self, turn: Waiting, policy: Policy, *, declined: bool
    ) -> Sequence[tuple[HandoffReason, str]]:
        """Why people take over whatever the articles say; the first counts."""
        asked = turn.asked
        found = []
        if looped := looping(turn.past, self._limits):
            found.append((looped, "Answered as often as is sensible; this may be a machine."))
        if asks_for_person(asked.text):
            found.append((HandoffReason.CUSTOMER_REQUEST, "The customer asks for a person."))
        if asked.content != "words":
            found.append((HandoffReason.ATTACHMENT_ONLY, "There are no words to answer."))
        if policy.mode is Mode.HANDOFF:
            found.append(
                (HandoffReason.SENSITIVE_TOPIC, "A policy hands tickets of this kind off.")
            )
        if asked.locale.partition("-")[0] not in TEXTS:
            found.append(
                (HandoffReason.LANGUAGE_UNSUPPORTED, f"The bot does not write “{asked.locale}”.")
            )
        if declined:
            found.append((HandoffReason.LOW_CONFIDENCE, "The customer says that it did not help."))
        return found

    def _written(self, turn: Waiting, outcome: Outcome, reader: Reader) -> TicketChange:
        locale, name = turn.asked.locale, turn.ticket.requester.name
        voice = self._voice_of(turn.ticket.brand_id)
        if outcome.kind is OutcomeKind.DRAFTED:
            html = draft_note(outcome, reader=reader, locale=locale, voice=voice, name=name)
            return TicketChange(marker=str(turn.id), html=html, add_tags=frozenset({DRAFTED}))
        html = public_reply(
            outcome,
            reader=reader,
            locale=locale,
            voice=voice,
            name=name,
            feedback=self._feedback(turn),
        )
        return TicketChange(
            marker=str(turn.id),
            html=html,
            public=True,
            add_tags=frozenset({ANSWERED}),
            status="pending",
        )

    def _feedback(self, turn: Waiting) -> FeedbackLinks | None:
        if self._links is None:
            return None
        return self._links.both(
            ticket_id=turn.ticket.ticket_id, turn_id=turn.id, locale=turn.asked.locale
        )

    def _handed_off(
        self, turn: Waiting, outcome: Outcome, route: Route | None, policy: Policy
    ) -> Turn:
        """A note for the agent, and unless the bot works behind the scenes only, a word to the
        customer: after the note, so that nobody is told of people who do not know of it."""
        route = route or self._route(turn)
        case = Case(
            text=turn.text,
            history=turn.asked.history,
            outcome=outcome,
            asked_on=turn.newest.created_at.date(),
        )
        written = TicketChange(
            marker=str(turn.id),
            html=note(case, summary=summary(case)),
            add_tags=frozenset({*outcome.tags, *({route.tag} if route.tag else ())}),
            group_id=route.group_id,
            priority=route.priority if turn.ticket.priority is None else None,
            custom_fields=dict(route.custom_fields),
            status="open" if turn.ticket.status not in {"new", "open"} else None,
        )
        changes = [written]
        silent = policy.mode is Mode.DRAFT or everywhere(turn.past, self._limits)
        if not silent and not turn.past.handed_off:
            told = takeover(
                locale=turn.asked.locale,
                voice=self._voice_of(turn.ticket.brand_id),
                name=turn.ticket.requester.name,
            )
            changes.append(TicketChange(marker=f"{turn.id}:told", html=told, public=True))
        return turn.ended(outcome, changes=tuple(changes), routing_tag=route.tag)

    def _route(self, turn: Waiting) -> Route:
        return self._routes.of(turn.text, turn.ticket, locale=turn.asked.locale)

    def _confirmed(self, turn: Waiting) -> Turn:
        return replace(turn.ignored(Why.CONFIRMED), changes=(_solved(str(turn.id)),))

    def _judged(
        self, ticket: Conversation, past: Past, verdict: Verdict, bot_id: int
    ) -> Turn | None:
        """What follows from a link: "yes" solves the ticket, "no" hands it off; once."""
        identity = uuid5(verdict.turn_id, "yes" if verdict.helped else "no")
        known = verdict.turn_id in past.answered and identity not in past.turns
        if not known or past.handed_off or ticket.status == "closed" or not ticket.messages:
            return None
        turn = Waiting(
            ticket=ticket,
            messages=(),
            newest=ticket.messages[-1],
            asked=asked_in(ticket, bot_id=bot_id, language=self._language),
            past=past,
            id=identity,
        )
        if verdict.helped:
            return self._confirmed(turn)
        outcome = self._support.hand_off(
            turn.question(delivery="sent"),
            reason=HandoffReason.LOW_CONFIDENCE,
            detail="The customer says that the answer did not help.",
        )
        return self._handed_off(turn, outcome, None, Policy(mode=Mode.AUTO))


def _solved(marker: str) -> TicketChange:
    return TicketChange(
        marker=marker,
        html=f"<p>{CONFIRMATION}</p>",
        add_tags=frozenset({CONFIRMED}),
        status="solved",
    )
