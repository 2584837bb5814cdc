"""Looking again and again while something else works."""

from __future__ import annotations

import threading
from abc import ABC, abstractmethod
from types import TracebackType
from typing import TYPE_CHECKING, Self

if TYPE_CHECKING:
    from collections.abc import Iterator


class Again(ABC):
    """Runs in a thread of its own from `with` on, until that is left."""

    def __init__(self, *, every: float) -> None:
        """`every` is the seconds from one turn to the next."""
        self._every = every
        self._stop = threading.Event()
        self._thread = threading.Thread(target=self._run, daemon=True)

    def __enter__(self) -> Self:
        self._thread.start()
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        self._stop.set()
        self._thread.join()

    @abstractmethod
    def _run(self) -> None:
        """Everything that is done, one piece in each of the turns."""

    def _turns(self) -> Iterator[None]:
        while not self._stop.wait(self._every):
            yield
