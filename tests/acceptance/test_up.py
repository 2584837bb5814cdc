"""`up` and its supervisor, with real processes: nothing stays behind, whatever is killed."""

import json
import re
import signal
import subprocess
import sys
import urllib.request
from collections.abc import Callable, Iterator
from pathlib import Path

import psutil
import pytest

from bot.up import Backoff
from tests.acceptance.commands import CommandLine
from tests.fakes.slack import FakeSlack
from tests.waiting import PATIENCE

SUPERVISOR = """
import os, sys, json
from bot.up import Backoff, Process, Supervisor
processes = [
    Process(name=name, command=(sys.executable, "-c", code))
    for name, code in json.loads(sys.argv[1]).items()
]
asked_to = Supervisor(
    processes=processes,
    write=lambda line: print(line, flush=True),
    environment=os.environ,
    grace=0.3,
    backoff=Backoff(first=0.01, longest=0.02),
).run()
sys.exit(0 if asked_to else 1)
"""

SAY_PID = "import os, signal, sys, time; print(os.getpid(), flush=True); "
STAY = SAY_PID + "signal.pause()"
STUBBORN = (
    SAY_PID.replace("print", "signal.signal(15, signal.SIG_IGN); print")
    + "\n"
    + ("while True: signal.pause()")
)
NOTICES_ITS_PARENT = "from bot.up import watch_parent; watch_parent(); " + STAY

Supervise = Callable[..., subprocess.Popen[str]]


@pytest.fixture
def supervise() -> Iterator[Supervise]:
    started: list[subprocess.Popen[str]] = []

    def start(**processes: str) -> subprocess.Popen[str]:
        process = subprocess.Popen(
            (sys.executable, "-c", SUPERVISOR, json.dumps(processes)),
            stdout=subprocess.PIPE,
            text=True,
        )
        started.append(process)
        return process

    yield start
    for process in started:
        end_with_children(process)


def end_with_children(process: subprocess.Popen[str]) -> None:
    """Cleans up after a test that failed half-way."""
    if process.poll() is None:
        for child in psutil.Process(process.pid).children(recursive=True):
            child.kill()
        process.kill()
        process.wait()
    if process.stdout:
        process.stdout.close()


def line_with(process: subprocess.Popen[str], pattern: str) -> re.Match[str]:
    """The first line from here on that matches; an error that shows the others if none does."""
    assert process.stdout is not None
    seen = []
    for line in process.stdout:
        seen.append(line)
        if match := re.search(pattern, line):
            return match
    raise AssertionError(f"no line matches {pattern}: {''.join(seen)}")


def gone(*pids: int) -> bool:
    """Whether these processes end (a zombie nobody reaps has ended too)."""

    def alive(pid: int) -> list[psutil.Process]:
        try:
            process = psutil.Process(pid)
            return [] if process.status() == psutil.STATUS_ZOMBIE else [process]
        except psutil.NoSuchProcess:
            return []

    _, left = psutil.wait_procs([each for pid in pids for each in alive(pid)], timeout=PATIENCE)
    return all(not alive(each.pid) for each in left)


def test_backoff_doubles_up_to_a_limit_and_is_forgotten_after_a_steady_run() -> None:
    backoff = Backoff(first=1, longest=5, steady=60)
    pauses = [0.0]
    for _ in range(5):
        pauses.append(backoff.after(pauses[-1], ran_for=0))

    assert pauses[1:] == [1, 2, 4, 5, 5]
    assert backoff.after(5, ran_for=61) == 1


def test_output_is_prefixed_and_a_crashed_process_starts_again(supervise: Supervise) -> None:
    process = supervise(web=STAY, worker="print('no newline', end=''); raise SystemExit(3)")

    line_with(process, r"^worker \| no newline")
    line_with(process, r"^up     \| worker ended with status 3; starting it again in 0.01 s")
    line_with(process, r"^worker \| no newline")
    process.terminate()

    assert process.wait(PATIENCE) == 0


def test_sigterm_stops_every_child_and_a_stubborn_one_is_killed(supervise: Supervise) -> None:
    process = supervise(web=STUBBORN)
    child = int(line_with(process, r"web \| (\d+)")[1])

    process.terminate()

    assert process.wait(PATIENCE) == 0
    assert gone(child)
    line_with(process, "killing what is left")


def test_a_process_that_cannot_be_helped_stops_everything(supervise: Supervise) -> None:
    process = supervise(web=STAY, worker="raise SystemExit(2)")

    assert process.wait(PATIENCE) == 1


def test_children_end_when_their_supervisor_is_killed(supervise: Supervise) -> None:
    process = supervise(web=NOTICES_ITS_PARENT)
    child = int(line_with(process, r"web \| (\d+)")[1])

    process.kill()

    assert gone(child)


@pytest.fixture(scope="module")
def embedded(scratch: Path) -> CommandLine:
    """A machine without DATABASE_URL, with a source, so that no sample need be indexed."""
    folder = scratch / "up"
    folder.mkdir()
    (folder / "article.md").write_text("# Hello\n\nA text.")
    line = CommandLine(
        folder=folder, settings={"SUPPORTBOT_DATA_DIR": str(folder / "data"), "PORT": "0"}
    )
    assert line.run("sources", "add", "files", "--path", "article.md").returncode == 0
    return line


@pytest.mark.parametrize("number", [signal.SIGINT, signal.SIGKILL])
def test_up_runs_everything_and_leaves_nothing_behind(
    embedded: CommandLine, number: signal.Signals
) -> None:
    process = embedded.start("up")
    try:
        url = line_with(process, r"Supportbot runs at (http://127\.0\.0\.1:\d+)")[1]
        line_with(process, "slack: Not connected")
        with urllib.request.urlopen(f"{url}/healthz") as answer:
            assert answer.status == 200
        web = [each.pid for each in psutil.Process(process.pid).children(recursive=True)]
        database = servers_of(embedded)
        assert web
        assert database

        process.send_signal(number)

        assert process.wait(PATIENCE) == (0 if number == signal.SIGINT else -signal.SIGKILL)
        assert gone(*web)
        assert gone(*database)
    finally:
        end_with_children(process)


def test_up_listens_to_slack_where_its_tokens_are_set(embedded: CommandLine) -> None:
    with FakeSlack() as slack:
        tokens = {
            "SLACK_BOT_TOKEN": slack.bot_token,
            "SLACK_APP_TOKEN": slack.app_token,
            "SLACK_API_URL": slack.api_url.rstrip("/"),
        }
        process = embedded.start("up", **tokens)
        try:
            line_with(process, "slack: Events come by Socket Mode")
            line_with(process, r"slack +\| .*Listening to Slack")
            acme = slack.workspace
            ann = acme.member("Ann")
            question = acme.say(ann, acme.channel("help", [ann]), f"{acme.mention} How are you?")
            slack.deliveries.start()
            slack.until(lambda: acme.answers(question), timeout=PATIENCE)
            process.send_signal(signal.SIGINT)
            assert process.wait(PATIENCE) == 0
        finally:
            end_with_children(process)


def test_up_starts_a_killed_database_again(embedded: CommandLine) -> None:
    process = embedded.start("up")
    try:
        line_with(process, "Stop it with Ctrl-C")
        line_with(process, "web")
        (before,) = servers_of(embedded)

        psutil.Process(before).kill()

        assert gone(before)
        line_with(process, "The database was down and is started again")
        process.send_signal(signal.SIGTERM)
        assert process.wait(PATIENCE) == 0
        assert servers_of(embedded) == []
    finally:
        end_with_children(process)


def servers_of(line: CommandLine) -> list[int]:
    """The embedded servers of this data directory that run now."""
    folder = line.settings["SUPPORTBOT_DATA_DIR"]
    found = []
    for each in psutil.process_iter(["name", "cmdline", "pid"]):
        command = " ".join(each.info["cmdline"] or ())
        if each.info["name"] == "postgres" and folder in command:
            found.append(each.info["pid"])
    return found


def test_up_says_at_once_that_its_port_is_taken(embedded: CommandLine) -> None:
    first = embedded.start("up")
    try:
        port = line_with(first, r"127\.0\.0\.1:(\d+)")[1]

        second = embedded.run("up", PORT=port)

        assert second.returncode == 2
        assert f"Port {port} is taken".encode() in second.stderr
        first.send_signal(signal.SIGINT)
        assert first.wait(PATIENCE) == 0
    finally:
        end_with_children(first)
