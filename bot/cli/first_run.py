"""What makes the first command on a fresh machine work: the sample help center."""

from contextlib import suppress
from typing import TYPE_CHECKING

from bot.errors import InputRejected

if TYPE_CHECKING:
    from bot.sources import Source, Sources

SAMPLE = "sample"


def unsynced_sample(sources: "Sources") -> "Source | None":
    """The sample help center when it is the only source and no sync of it has succeeded yet.
    It is added where no source is configured at all."""
    from bot.sources import Source  # noqa: PLC0415 - keeps --help instant

    states = sources.all()
    if not states:
        with suppress(InputRejected):  # another process has just added it
            sources.add(Source(name=SAMPLE, kind=SAMPLE, config={}))
        states = sources.all()
    if [state.source.kind for state in states] != [SAMPLE]:
        return None
    return None if states[0].last_state == "succeeded" else states[0].source
