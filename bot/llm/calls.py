"""One attempt at a call: what came, what went wrong, and whether trying again may help."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from bot.llm.endings import DETAILS, FAULTS, RETRIED, STOPS, ending_of
from bot.llm.replies import CitedSpan, Ending, Reply, TextBlock
from bot.prices import billed

if TYPE_CHECKING:
    import anthropic


def text_block(block: Any) -> TextBlock:
    """The block as our own type; the SDK does not check what a server sends."""
    spans = (
        (each.source, each.start_block_index, each.end_block_index, each.cited_text)
        for each in block.citations or ()
        if each.type == "search_result_location"
    )
    return TextBlock(
        text=str(block.text),
        citations=tuple(
            CitedSpan(source=str(source), start=int(start), end=int(end), text=str(text))
            for source, start, end, text in spans
        ),
    )


class Call:
    """What is known of one attempt."""

    def __init__(self, *, model: str) -> None:
        self.blocks: list[TextBlock] = []
        self.message: anthropic.types.Message | None = None
        self.error: Exception | None = None
        self._model = model

    def wait_before_retry(self, usual: float) -> float | None:
        """Seconds, or None when another attempt would not help or something was said already."""
        if self.message is not None or self._ending() not in RETRIED:
            return None
        headers = getattr(getattr(self.error, "response", None), "headers", {})
        try:
            return max(float(headers.get("retry-after", usual)), 0.0)
        except ValueError:  # an HTTP date: rare, and waiting the usual time is no harm
            return usual

    @property
    def is_servers_fault(self) -> bool:
        """Whether only whoever runs the server can mend what went wrong."""
        return self._ending() in FAULTS

    @property
    def cost_usd(self) -> float:
        usage = self.message.usage if self.message is not None else None
        return float(billed(self._model, usage).cost_usd)

    def reply(self, *, where: str) -> Reply:
        ending = self._ending()
        usage = self.message.usage if self.message is not None else None
        return Reply(
            ending=ending,
            detail=self._detail(ending, where),
            blocks=tuple(self.blocks),
            model=(self.message.model if self.message is not None else "") or self._model,
            usage=billed(self._model, usage),
        )

    def _ending(self) -> Ending:
        if self.error is not None:
            return ending_of(self.error, started=self.message is not None)
        reason = self.message.stop_reason if self.message is not None else None
        if reason is None:  # a dropped connection raises nothing
            return Ending.CUT
        return STOPS.get(reason, Ending.COMPLETE)

    def _detail(self, ending: Ending, where: str) -> str:
        template = DETAILS.get(ending, "")
        said = getattr(self.error, "message", "") or type(self.error).__name__
        if ending is Ending.REFUSED and self.message is not None:
            said = getattr(self.message.stop_details, "category", None) or "no category given"
        status = getattr(self.error, "status_code", "no status")
        return template.format(
            where=where, model=self._model, said=" ".join(str(said)[:200].split()), status=status
        )
