"""A small file system for a database, so that its disk can be full while everything else has room.

Root mounts one by itself. Anybody else names a folder on one by --small-disk, as in namespaces of
users and mounts, where PostgreSQL must not be run as their root:

    unshare --map-root-user --mount sh -c 'mount -t tmpfs -o size=320m,mode=0777 none /mnt &&
        exec unshare --map-user=1000 --map-group=1000 pytest tests/faults --small-disk /mnt'
"""

from __future__ import annotations

import os
import subprocess
import threading
import time
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager, suppress
from pathlib import Path
from typing import TYPE_CHECKING

import psycopg

if TYPE_CHECKING:
    from bot.postgres import EmbeddedPostgres

MEGABYTES = 320
"""Room for PostgreSQL's own 250 at most, as it is set below."""

# By itself it keeps a gigabyte of log, and makes it ahead of time.
SERVER = "min_wal_size = 32MB\nmax_wal_size = 64MB\n"

_LOG_FILES = 8
"""More than the server has ahead of time: after so many it needs room for one more."""

_REFILL_EVERY = 0.02


NO_DISK = "no file system may be mounted here; --small-disk names a folder on one"


class NotAllowed(Exception):
    """No file system may be mounted here."""


@contextmanager
def small_disk(folder: Path) -> Iterator[None]:
    """`folder` is a file system of its own, in memory. Raises NotAllowed."""
    folder.mkdir(parents=True)
    size = f"size={MEGABYTES}m,mode=0755"
    try:
        mounted = subprocess.run(
            ("mount", "-t", "tmpfs", "-o", size, "supportbot-tests", str(folder)),
            capture_output=True,
            check=False,
        )
    except FileNotFoundError:
        raise NotAllowed from None
    if mounted.returncode:
        raise NotAllowed
    try:
        yield
    finally:
        subprocess.run(("umount", "--lazy", str(folder)), check=True)


def set_up(folder: Path) -> None:
    """For a server that keeps its data there."""
    site = folder / "postgres"
    site.mkdir()
    (site / "local.conf").write_text(SERVER)


class Disk:
    """The file system that `folder` is on, for the server whose data directory that is."""

    def __init__(self, folder: Path) -> None:
        self._filler = folder / "filler"
        self._free = threading.Event()
        self._filling: threading.Thread | None = None

    def fill(self) -> None:
        """Returns once there is no room, and takes what comes free until `free`."""
        self._free.clear()
        self._take_everything()
        self._filling = threading.Thread(target=self._keep_full, daemon=True)
        self._filling.start()

    def free(self) -> None:
        self._free.set()
        if self._filling is not None:
            self._filling.join()
        self._filler.unlink(missing_ok=True)

    def _keep_full(self) -> None:
        while not self._free.wait(_REFILL_EVERY):
            self._take_everything()

    def _take_everything(self) -> None:
        descriptor = os.open(self._filler, os.O_WRONLY | os.O_APPEND | os.O_CREAT, 0o600)
        try:
            for size in (1 << 20, 1 << 12):
                with suppress(OSError):
                    while os.write(descriptor, bytes(size)) == size:
                        pass
        finally:
            os.close(descriptor)


class FullForAWhile:
    """A disk that is full from now on for some seconds; then the server runs again, if it ended.
    `log` ends it. In a thread, because whoever looks at the database meanwhile has to wait."""

    def __init__(self, disk: Disk, server: EmbeddedPostgres, *, seconds: float, log: bool) -> None:
        self._threads = ThreadPoolExecutor(1)
        self._over = self._threads.submit(self._pass, disk, server, seconds, log)
        self._threads.shutdown(wait=False)

    def is_over(self) -> bool:
        """Raises what went wrong."""
        if not self._over.done():
            return False
        self._over.result()
        return True

    @staticmethod
    def _pass(disk: Disk, server: EmbeddedPostgres, seconds: float, log: bool) -> None:
        url = server.ensure_running()
        disk.fill()
        try:
            if log:
                use_up_the_log(url)
            time.sleep(seconds)
        finally:
            disk.free()
        server.ensure_running()


def use_up_the_log(url: str) -> None:
    """On a full disk the server has no room for its log, which ends it."""
    with suppress(psycopg.Error), psycopg.connect(url, autocommit=True) as connection:
        for _ in range(_LOG_FILES):
            connection.execute("SELECT pg_logical_emit_message(true, 'supportbot', '')")
            connection.execute("SELECT pg_switch_wal()")
