"""Finds or starts the embedded server, and stops it when its last user leaves.

Three locked files in `data_dir/postgres` carry the whole agreement between processes:

    start.lock   exclusive while anybody enters or leaves, so entering and stopping never overlap
    lease.lock   shared by every user; who can take it alone is the last one, and stops the server
    server.lock  inherited by the server and all of its processes. While one of them lives it is
                 held; once it is free they are gone, whatever process ids and zombies look like
"""

import logging
import os
import shlex
import signal
import socket
import time
from pathlib import Path
from types import TracebackType

from psycopg.pq import PGconn, Ping

from bot.errors import DatabaseUnavailable
from bot.postgres.cluster import (
    DATABASE,
    ROLE,
    TELLING,
    Cluster,
    read_or_make_password,
    write_file,
)
from bot.postgres.locks import (
    lock_exclusive,
    lock_file,
    lock_shared,
    open_lock,
    try_lock_exclusive,
)
from bot.postgres.processes import end_orphans, is_free, is_postmaster
from bot.postgres.program import Program, program, server_account, site

logger = logging.getLogger(__name__)

ELSEWHERE = Path("/var/lib/supportbot")
START_SECONDS = 300  # recovery after a crash reads up to a gigabyte of log, on any disk
STOP_SECONDS = 60
ORPHAN_SECONDS = 30
POLL_SECONDS = 0.02
LOG_BYTES = 2**20


class EmbeddedPostgres:
    """Context manager: a libpq URL of a running server; every process enters one of its own.

    Child processes enter it too, on the same `data_dir`: a lease is not handed down. A process
    that is killed leaves the server running, and the next command finds it.
    `elsewhere` is where root keeps what the server's account cannot reach in `data_dir`;
    `installation` is a folder with bin, lib and share (default: the wheel's).
    """

    def __init__(
        self,
        *,
        data_dir: Path,
        elsewhere: Path = ELSEWHERE,
        installation: Path | None = None,
    ) -> None:
        self._home = data_dir.absolute() / "postgres"
        self._elsewhere = elsewhere
        self._installation = installation
        self._lease: int | None = None

    @property
    def log_file(self) -> Path:
        return self._home / "server.log"

    def __enter__(self) -> str:
        if self._lease is not None:
            raise RuntimeError("this EmbeddedPostgres is entered already; make a second one")
        try:
            self._home.mkdir(parents=True, exist_ok=True)
            if os.geteuid() == 0 == self._home.stat().st_uid:
                self._home.chmod(0o711)  # ours; the server passes through to its cluster
            self._lease = open_lock(self._home / "lease.lock")
            with lock_file(self._home / "start.lock") as start:
                lock_exclusive(start)
                lock_shared(self._lease)
            return self.ensure_running()
        except OSError as problem:
            self._leave()
            raise self._unusable(problem) from problem
        except BaseException:
            self._leave()
            raise

    def __exit__(
        self,
        kind: type[BaseException] | None,
        problem: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        self._leave()

    def ensure_running(self) -> str:
        """The URL, after starting the server again should it have died while we hold a lease.
        Raises DatabaseUnavailable, also while its disk is full."""
        try:
            return self._running()
        except OSError as problem:
            raise self._unusable(problem) from problem

    def _running(self) -> str:
        with lock_file(self._home / "start.lock") as start:
            lock_exclusive(start)
            cluster, binaries = self._cluster()
            password = read_or_make_password(
                self._home / "password", cluster_exists=cluster.data.exists()
            )
            with lock_file(self._home / "server.lock") as server:
                if self._lock_or_found(server, cluster):
                    cluster.prepare(password=password, lock=server)
                    self._start(cluster, binaries, lock=server)
            return f"postgresql://{ROLE}:{password}@127.0.0.1:{self._port()}/{DATABASE}"

    def _cluster(self) -> tuple[Cluster, Program]:
        account = server_account(self._home / "cluster")
        place = site(home=self._home, account=account, elsewhere=self._elsewhere)
        account = server_account(place / "cluster")
        binaries = program(site=place, account=account, installation=self._installation)
        return Cluster(site=place, program=binaries), binaries

    # Finding

    def _lock_or_found(self, server: int, cluster: Cluster) -> bool:
        """True once no process of the server is left (and `server` is locked); False: it runs."""
        began = time.monotonic()
        while not try_lock_exclusive(server):
            if self._accepts_connections():
                return False
            alive = is_postmaster(cluster.postmaster_pid(), cluster)
            if not alive:
                end_orphans(cluster)
            if time.monotonic() - began > (START_SECONDS if alive else ORPHAN_SECONDS):
                raise DatabaseUnavailable(
                    f"Another process keeps the database in {self._home} and does not answer "
                    f"(another container, perhaps). End it and try again; see {self.log_file}."
                )
            time.sleep(POLL_SECONDS)
        if is_postmaster(cluster.postmaster_pid(), cluster):
            raise DatabaseUnavailable(
                f"Process {cluster.postmaster_pid()} runs a PostgreSQL on {cluster.data} that "
                "Supportbot did not start. Stop it (pg_ctl stop) and try again."
            )
        return True

    def _accepts_connections(self) -> bool:
        try:
            port = self._port()
        except FileNotFoundError:
            return False
        conninfo = f"host=127.0.0.1 port={port} dbname={DATABASE} user={ROLE} connect_timeout=3"
        return PGconn.ping(conninfo.encode()) == Ping.OK

    # Starting

    def _start(self, cluster: Cluster, binaries: Program, *, lock: int) -> None:
        cluster.forget_postmaster()
        cluster.write_settings()
        log = self._open_log()
        try:
            for _ in range(3):
                port = self._choose_port()
                begins_at = os.lseek(log, 0, os.SEEK_END)
                if _run_pg_ctl(cluster, binaries, port=port, log=log, lock=lock):
                    return
                if is_free(port):
                    break  # it was not the port
        finally:
            os.close(log)
        raise DatabaseUnavailable(
            f"PostgreSQL did not start: {_tail(self.log_file, begins_at)}. See {self.log_file}; "
            "or set DATABASE_URL to use another server."
        )

    def _open_log(self) -> int:
        """The log for appending; what is older than the last megabyte goes to server.log.1."""
        flags = os.O_WRONLY | os.O_APPEND | os.O_CREAT | os.O_NOFOLLOW
        log = os.open(self.log_file, flags, 0o600)
        if os.fstat(log).st_size <= LOG_BYTES:
            return log
        os.close(log)
        self.log_file.replace(self.log_file.with_name("server.log.1"))
        return os.open(self.log_file, flags, 0o600)

    def _port(self) -> int:
        return int((self._home / "port").read_text())

    def _choose_port(self) -> int:
        """The port of last time, or a new one when a stranger sits on it now."""
        try:
            if is_free(kept := self._port()):
                return kept
        except (FileNotFoundError, ValueError):
            pass
        with socket.socket() as probe:
            probe.bind(("127.0.0.1", 0))
            port: int = probe.getsockname()[1]
        write_file(self._home / "port", str(port), mode=0o644)
        return port

    # Leaving

    def _leave(self) -> None:
        """Give the lease back; whoever then could hold it alone was the last, and stops."""
        lease, self._lease = self._lease, None
        if lease is None:
            return
        try:
            with lock_file(self._home / "start.lock") as start:
                lock_exclusive(start)
                if try_lock_exclusive(lease):
                    self._stop()
        except (OSError, DatabaseUnavailable) as problem:
            # Nothing is lost by a server that keeps running: the next command finds it.
            logger.warning("The embedded PostgreSQL could not be stopped: %s", problem)
        finally:
            os.close(lease)

    def _stop(self) -> None:
        cluster, _ = self._cluster()
        began, told = time.monotonic(), False
        with lock_file(self._home / "server.lock") as server:
            while not try_lock_exclusive(server):
                pid = cluster.postmaster_pid()
                if pid is None or not is_postmaster(pid, cluster):
                    end_orphans(cluster)
                elif not told:
                    os.kill(pid, signal.SIGINT)  # "fast": ends sessions, writes all, stops
                    told = True
                if time.monotonic() - began > STOP_SECONDS:
                    raise DatabaseUnavailable(f"it is still busy; see {self.log_file}")
                time.sleep(POLL_SECONDS)

    def _unusable(self, problem: OSError) -> DatabaseUnavailable:
        return DatabaseUnavailable(
            f"The database folder {self._home} cannot be used: {problem.strerror or problem}"
            f"{f' ({problem.filename})' if problem.filename else ''}. Give this user the right "
            "to write there and some room, or set SUPPORTBOT_DATA_DIR or DATABASE_URL."
        )


def _run_pg_ctl(cluster: Cluster, binaries: Program, *, port: int, log: int, lock: int) -> bool:
    """Whether the server accepts connections now. It inherits `log`, and `lock` for its life."""
    done = binaries.run(
        "pg_ctl",
        "start",
        "--wait",
        "--silent",
        f"--timeout={START_SECONDS}",
        # pg_ctl hands this to a shell; the folder goes by PGDATA, which it does not.
        f"--options=-p {port} -c {shlex.quote(f'config_file={cluster.settings}')}",
        environment={"PGDATA": str(cluster.data)},
        output=log,
        pass_fds=(lock,),
    )
    return done.returncode == 0


def _tail(log: Path, begins_at: int) -> str:
    """What the server said last of why it did not start, without what pg_ctl adds to it."""
    with log.open("rb") as file:
        file.seek(begins_at)
        lines = file.read().decode(errors="replace").strip().splitlines()
    said = [line for line in lines if not line.startswith(("pg_ctl:", "Examine the log"))]
    # What follows the last line that tells why is how it ended.
    while said and not any(word in said[-1] for word in TELLING):
        said.pop()
    return " / ".join(said[-3:]) or " / ".join(lines[-3:]) or "it said nothing"
