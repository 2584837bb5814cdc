"""Linear algebra beside other work: on one thread.

numpy's library spreads even a small product over all cores and lets its threads spin on for a
while. Where they outnumber the free cores, a fifth of a millisecond becomes half a second, and
whoever embeds the next text waits for a core: routing took 25 ms at p95 so, and 12 without.
"""

from __future__ import annotations

from contextlib import AbstractContextManager
from functools import cache

from threadpoolctl import ThreadpoolController


def one_thread() -> AbstractContextManager[object]:
    """A context in which numpy's products and solutions take one thread, in this process. Two
    contexts at once may leave that so for good, which does no harm."""
    limited: AbstractContextManager[object] = _libraries().limit(limits=1, user_api="blas")
    return limited


@cache
def _libraries() -> ThreadpoolController:
    """Looking them up takes milliseconds; numpy's is loaded when this is first asked for."""
    import numpy as np  # noqa: F401, PLC0415 - so that it is among them

    return ThreadpoolController()
