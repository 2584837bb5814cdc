"""What people think of an answer: thumbs with reasons, and articles that are wrong or missing."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from typing import TYPE_CHECKING, Any

from bot.errors import InputRejected
from bot.feedback import REASONS
from bot.recorded import recorded
from bot.slack.access import ALONE, decide
from bot.slack.blocks import Block, choice, choices, modal, option, text_input
from bot.slack.citing import may_see
from bot.slack.gestures import question_in

if TYPE_CHECKING:
    from uuid import UUID

    from psycopg import Connection
    from psycopg_pool import ConnectionPool

    from bot.feedback import Feedback
    from bot.slack.api import SlackApi
    from bot.slack.facts import Facts
    from bot.slack.gestures import Pressed, Submitted
    from bot.slack.whispering import Whisperer

SURFACE = "slack"
RATED, REPORTED = "rated", "reported"
"""The dialogs' names."""

REASON_WORDS = {
    "incorrect": "It is wrong",
    "incomplete": "Something is missing",
    "outdated": "It is out of date",
    "irrelevant": "It answers another question",
    "tone": "The wording is off",
    "other": "Something else",
}
_KINDS = {"wrong": "An article is wrong or out of date", "missing": "An article is missing"}
_THANKS = "Thank you, that is noted."


class Opinions:
    """Takes them."""

    def __init__(
        self,
        *,
        pool: ConnectionPool[Connection[Any]],
        feedback: Feedback,
        facts: Facts,
        whisperer: Whisperer,
        api: Callable[[str], SlackApi],
    ) -> None:
        self._pool = pool
        self._feedback = feedback
        self._facts = facts
        self._whisperer = whisperer
        self._api = api

    def rate(self, pressed: Pressed) -> None:
        """Notes a thumb; of one person the latest counts. Raises psycopg.Error without a
        database."""
        question = question_in(pressed.value)
        if question is not None:
            self._rate(question, pressed.user, helpful=not _is_bad(pressed))

    def ask_why(self, pressed: Pressed) -> None:
        """Asks who is not content for reasons, and thanks who is. Raises SlackError."""
        question = question_in(pressed.value)
        if question is None:
            return
        if not _is_bad(pressed):
            told = {"response_type": "ephemeral", "replace_original": False, "text": _THANKS}
            self._whisperer.respond(pressed.respond_to, told)
            return
        reasons = [option(REASON_WORDS[each], each) for each in REASONS]
        view = modal(
            "What is wrong with it?",
            [
                choices("Reasons", "reasons", reasons),
                text_input("Anything to add?", "comment", multiline=True, optional=True),
            ],
            callback=RATED,
            submit="Send",
            close="Skip",
            private={"question": str(question)},
        )
        self._api(pressed.team).open_view(pressed.trigger, view)

    def reasons(self, submitted: Submitted) -> Mapping[str, str]:
        """Notes the reasons."""
        question = question_in(str(submitted.private.get("question", "")))
        if question is not None:
            self._rate(
                question,
                submitted.user,
                helpful=False,
                reasons=submitted.ticks("reasons"),
                comment=submitted.text("comment"),
            )
        return {}

    def ask_what(self, pressed: Pressed) -> None:
        """Asks which article is wrong or missing. Raises SlackError."""
        question = question_in(pressed.value)
        if question is None:
            return
        kinds = [option(words, name) for name, words in _KINDS.items()]
        articles = self._articles(pressed, question)
        blocks: list[Block] = [
            choice("What is it?", "kind", kinds, initial=kinds[0] if articles else kinds[1])
        ]
        if articles:
            blocks.append(choices("Which articles?", "ranks", articles))
        hint = "For whoever looks after the help center."
        blocks.append(text_input("What should it say?", "comment", multiline=True, hint=hint))
        view = modal(
            "Report an article",
            blocks,
            callback=REPORTED,
            submit="Report",
            private={"question": str(question)},
        )
        self._api(pressed.team).open_view(pressed.trigger, view)

    def report(self, submitted: Submitted) -> Mapping[str, str]:
        """Puts it on the list of gaps."""
        question = question_in(str(submitted.private.get("question", "")))
        kind = submitted.text("kind")
        if question is None or kind not in _KINDS:
            return {}
        try:
            self._feedback.report(
                question,
                kind="wrong" if kind == "wrong" else "missing",
                surface=SURFACE,
                person=submitted.user,
                documents=self._documents(question, submitted.ticks("ranks")),
                comment=submitted.text("comment"),
            )
        except InputRejected:
            return {"comment": "This answer is not on record any more."}
        return {}

    def _articles(self, pressed: Pressed, question: UUID) -> Sequence[Block]:
        """The articles of the answer that this person may read, as options: by the rank of their
        first passage, because their ids may be longer than an option."""
        found = recorded(self._pool, question)
        if found is None:
            return ()
        person = self._facts.person(pressed.team, pressed.user)
        reader = decide(person, ALONE, self._facts.home(pressed.team)).reader
        first: dict[str, Block] = {}
        for rank, passage in enumerate(found.outcome.passages):
            if may_see(reader, passage):
                first.setdefault(passage.document_id, option(passage.title, str(rank)))
        return list(first.values())[:10]

    def _documents(self, question: UUID, ranks: Sequence[str]) -> list[str]:
        found = recorded(self._pool, question)
        passages = found.outcome.passages if found else ()
        numbers = [int(each) for each in ranks if each.isdecimal()]
        return [passages[each].document_id for each in numbers if each < len(passages)]

    def _rate(
        self,
        question: UUID,
        user: str,
        *,
        helpful: bool,
        reasons: tuple[str, ...] = (),
        comment: str = "",
    ) -> None:
        try:
            self._feedback.rate(
                question,
                surface=SURFACE,
                person=user,
                helpful=helpful,
                reasons=reasons,
                comment=comment,
            )
        except InputRejected:  # erased, or written by an older version
            return


def _is_bad(pressed: Pressed) -> bool:
    return pressed.value.endswith(":bad")
