"""How a process ends in time once it was asked to, whatever still waits for an answer.

A thread cannot be ended, and one that waits for a database or a vendor that says nothing would
hold its process up for as long as that lasts. What it was about is lost by nobody: vendors send
again what was not taken, and the queue gives back what was not done.
"""

from __future__ import annotations

import logging
import os
import sys
import threading
import time

log = logging.getLogger(__name__)

DRAIN_SECONDS = 15
"""What was begun may take so long to end. Load balancers give a request half a minute."""

LAST_WORDS = 3
"""Seconds beyond that, for what is open to be closed."""


def leave_in_time(*, after: float = DRAIN_SECONDS + LAST_WORDS) -> None:
    """Ends this process `after` so many seconds, unless it has ended by itself by then."""
    threading.Thread(target=_leave, args=(after,), daemon=True).start()


def _leave(after: float) -> None:
    time.sleep(after)
    log.warning("What was begun did not end in time.", extra={"action": "leave"})
    sys.stdout.flush()
    sys.stderr.flush()
    os._exit(0)
