"""Response URLs: each good for half an hour and five answers.

https://docs.slack.dev/interactivity/handling-user-interaction#message_responses
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

from tests.fakes.slack import limits
from tests.fakes.slack.records import Channel, Ephemeral, Json, Message
from tests.fakes.slack.workspace import Workspace

LIFETIME = 1800.0
MOST_USES = 5


@dataclass(frozen=True, kw_only=True)
class Source:
    """What is answered: something that a person did in a channel, to what was `shown` there."""

    workspace: Workspace
    channel: Channel
    user: str
    shown: Message | Ephemeral | None


@dataclass(kw_only=True)
class _Address:
    source: Source
    made_at: float
    uses: int = 0


class Responses:
    """`base` is the server's own address, which is known when it runs."""

    def __init__(self, *, clock: Callable[[], float]) -> None:
        self.base = ""
        self._clock = clock
        self._addresses: dict[str, _Address] = {}

    def url(self, kind: str, source: Source) -> str:
        name = source.workspace.numbers.id("")
        self._addresses[name] = _Address(source=source, made_at=self._clock())
        return f"{self.base}/{kind}/{source.workspace.team.id}/{name}"

    def answer(self, name: str, said: Json) -> tuple[int, str]:
        """The status and the text that an answer to this address gets."""
        address = self._addresses.get(name)
        if address is None:
            return 404, "no_service"
        if self._clock() - address.made_at > LIFETIME:
            return 404, "expired_url"
        if address.uses >= MOST_USES:
            return 404, "used_url"
        address.uses += 1
        error = self.show(address.source, said)
        return (400, error) if error else (200, "ok")

    def show(self, source: Source, said: Json) -> str:
        """Does what the answer asks for; "" or what is wrong with it. Nothing that says otherwise
        is seen by the one person only."""
        if said.get("delete_original"):
            return self._take_away(source)
        refusal = limits.refusal_of_message(said, longest_text=limits.TEXT_TRUNCATED)
        if refusal:
            return refusal.error
        if said.get("replace_original") and source.shown is not None:
            return self._replace(source, said)
        if said.get("response_type") == "in_channel":
            self._say(source, said)
        else:
            self._whisper(source, said)
        return ""

    @staticmethod
    def _take_away(source: Source) -> str:
        if isinstance(source.shown, Ephemeral):
            source.shown.gone = True
        elif source.shown is not None:
            source.workspace.delete(source.shown)
        return "" if source.shown is not None else "invalid_payload"

    def _replace(self, source: Source, said: Json) -> str:
        text, blocks = str(said.get("text") or ""), self._blocks(source, said)
        if isinstance(source.shown, Ephemeral):
            source.shown.text, source.shown.blocks = text, blocks
        elif source.shown is not None:
            source.workspace.change(source.shown, text=text, blocks=blocks)
        return ""

    def _say(self, source: Source, said: Json) -> None:
        source.workspace.put(
            Message(
                channel=source.channel,
                author=source.workspace.bot,
                ts=source.workspace.numbers.ts(),
                text=str(said.get("text") or ""),
                blocks=self._blocks(source, said),
                thread_ts=self._thread(source, said),
            )
        )

    def _whisper(self, source: Source, said: Json) -> None:
        source.workspace.ephemerals.append(
            Ephemeral(
                channel=source.channel,
                user=source.user,
                ts=source.workspace.numbers.ts(),
                text=str(said.get("text") or ""),
                blocks=self._blocks(source, said),
                thread_ts=self._thread(source, said),
            )
        )

    @staticmethod
    def _thread(source: Source, said: Json) -> str:
        """Answers stay in the thread of what they answer."""
        return str(said.get("thread_ts") or (source.shown.thread_ts if source.shown else ""))

    @staticmethod
    def _blocks(source: Source, said: Json) -> list[Json]:
        numbers = source.workspace.numbers
        return [{"block_id": numbers.id("b"), **each} for each in said.get("blocks") or []]
