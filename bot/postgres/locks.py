"""File locks between processes.

`flock` rather than lock files with process ids: the kernel drops such a lock when the last
process that has the file open ends, however it ends, so nothing stale is left to be judged.
"""

import fcntl
import os
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path


@contextmanager
def lock_file(path: Path) -> Iterator[int]:
    """The file's descriptor, not locked yet. Closing it drops whatever lock it holds."""
    descriptor = open_lock(path)
    try:
        yield descriptor
    finally:
        os.close(descriptor)


def open_lock(path: Path) -> int:
    """A descriptor of its own lock owner, which child processes do not inherit."""
    # O_NOFOLLOW: as root in a folder of somebody else, a planted link must not be followed.
    return os.open(path, os.O_RDWR | os.O_CREAT | os.O_NOFOLLOW | os.O_CLOEXEC, 0o600)


def lock_shared(descriptor: int) -> None:
    """Wait until nobody holds the lock exclusively, then share it."""
    fcntl.flock(descriptor, fcntl.LOCK_SH)


def lock_exclusive(descriptor: int) -> None:
    """Wait until nobody else holds the lock, then own it."""
    fcntl.flock(descriptor, fcntl.LOCK_EX)


def try_lock_exclusive(descriptor: int) -> bool:
    """Whether the lock is ours alone now. A shared lock held before may be lost when not."""
    try:
        fcntl.flock(descriptor, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except BlockingIOError:
        return False
    return True
