"""How fast Slack's events are taken while every worker is busy, and how soon a question has its
first visible sign and its answer while they are not.

Web and worker are the product's own processes on a real PostgreSQL with the sample help center;
the stand-in for Slack and the sender of its events are processes of their own. Each question
comes as the two events that Slack sends of a mention. Times of acknowledgements are counted from
when an event was due, so that one which had to wait for others counts its waiting. The baseline
is an empty endpoint on the same server, which checks the signature and does nothing else, under the
same load.
"""

from __future__ import annotations

import argparse
import http.client
import json
import os
import subprocess
import sys
import tempfile
import threading
import time
from collections import Counter
from collections.abc import Iterator, Sequence
from contextlib import ExitStack, contextmanager
from itertools import count
from pathlib import Path
from typing import TYPE_CHECKING, Any
from urllib.parse import urlsplit

import psycopg

from bot import db
from bot.slack.http import PATH
from bot.web import listen
from tests.bench import deployed, measuring
from tests.fakes.slack.signing import signed_headers

if TYPE_CHECKING:
    from socket import socket

MODULE = "tests.bench.slack_ack"
SECRET = "the-signing-secret"
SENDERS = 24
PATIENCE = 180.0
ACK_MS, SIGN_MS, ANSWER_MS = 200.0, 1000.0, 1500.0
_LEFT = "SELECT count(*) FROM procrastinate_jobs WHERE status IN ('todo', 'doing')"
_UNANSWERED = "SELECT count(*) FROM slack_questions WHERE state <> 'done' OR parts = '[]'"


def main() -> None:
    options = _options()
    if options.serve:
        _serve()
    elif options.empty:
        _empty(options.empty)
    elif options.send:
        print(json.dumps(_send(options.send, Path(options.events), options.rate)))
    else:
        figures = _measured(options)
        _show(figures)
        measuring.write_json(options.json, figures)


def _options() -> argparse.Namespace:
    parser = argparse.ArgumentParser(prog=f"python -m {MODULE}", description=__doc__)
    parser.add_argument("--rate", type=float, default=50, help="events per second under load")
    parser.add_argument("--seconds", type=int, default=20, help="for so long")
    parser.add_argument("--questions", type=int, default=60, help="asked one by one afterwards")
    parser.add_argument("--json", type=Path, help="write every figure here")
    for name in ("--send", "--events"):
        parser.add_argument(name, default="", help=argparse.SUPPRESS)
    parser.add_argument("--serve", action="store_true", help=argparse.SUPPRESS)
    parser.add_argument("--empty", type=int, default=0, help=argparse.SUPPRESS)
    return parser.parse_args()


# What is measured -------------------------------------------------------------------------------


def _measured(options: argparse.Namespace) -> dict[str, Any]:
    with ExitStack() as stack:
        url = stack.enter_context(measuring.database(stack.enter_context(measuring.server())))
        folder = Path(stack.enter_context(tempfile.TemporaryDirectory(prefix="supportbot-bench-")))
        slack = stack.enter_context(_slack())
        measuring.progress("indexing the sample help center")
        _index(url)
        address = stack.enter_context(_deployed(url, folder, slack))
        empty = stack.enter_context(_listening([sys.executable, "-m", MODULE], "--empty", folder))
        return _figures(options, url, folder, slack, address, empty)


def _figures(
    options: argparse.Namespace, url: str, folder: Path, slack: _Slack, address: str, empty: str
) -> dict[str, Any]:
    def sent(target: str, questions: int, rate: float) -> dict[str, Any]:
        events = folder / "events.jsonl"
        events.write_text(slack.events(questions), encoding="utf-8")
        return measuring.in_a_process(
            MODULE, f"--send={target}", f"--events={events}", f"--rate={rate}"
        )

    measuring.progress("starting")
    for target in (address, empty):
        sent(target, 20, 10.0)
    _work_off(url)
    under_load = int(options.rate * options.seconds / 2)
    measuring.progress("taking events while the workers are busy")
    busy = sent(address, under_load, options.rate)
    waiting = _count(url, _LEFT)
    measuring.progress("the same to an empty endpoint")
    baseline = sent(empty, under_load, options.rate)
    still_waiting = _count(url, _LEFT)
    measuring.progress(f"working off {still_waiting} jobs")
    _work_off(url)
    unanswered = _count(url, _UNANSWERED)
    measuring.progress("asking one by one")
    calm = sent(address, options.questions, 4.0)
    _work_off(url)
    seen = slack.seen(calm["sent"])
    return {
        "cores": os.cpu_count(),
        "rate": options.rate,
        "busy": measuring.timings(busy["milliseconds"]) | {"refused": busy["refused"]},
        "baseline": measuring.timings(baseline["milliseconds"]) | {"refused": baseline["refused"]},
        "waiting": [waiting, still_waiting],
        "unanswered": unanswered + _count(url, _UNANSWERED),
        "sign": measuring.timings(seen["sign"]),
        "answer": measuring.timings(seen["answer"]),
    }


def _work_off(url: str) -> None:
    until = time.monotonic() + PATIENCE
    while _count(url, _LEFT):
        if time.monotonic() > until:
            raise TimeoutError("jobs are left")
        time.sleep(0.2)


def _count(url: str, statement: str) -> int:
    with psycopg.connect(url) as connection:
        row = connection.execute(statement).fetchone()
    return int(row[0]) if row else 0


# The processes ----------------------------------------------------------------------------------


class _Slack:
    """The stand-in in its own process."""

    def __init__(self, process: subprocess.Popen[str]) -> None:
        self._process = process
        told = self._told()
        self.api_url, self.bot_token = str(told["api_url"]), str(told["bot_token"])

    def events(self, questions: int) -> str:
        """The events of so many new questions, one a line."""
        return "\n".join(json.dumps(each) for each in self._asked(events=questions)["events"])

    def seen(self, sent: Sequence[tuple[str, float]]) -> dict[str, list[float]]:
        """Of messages and when they were sent: milliseconds until the first sign, and until the
        reply."""
        told: dict[str, list[float]] = self._asked(seen=sent)
        return told

    def _asked(self, **what: Any) -> Any:
        assert self._process.stdin is not None
        self._process.stdin.write(json.dumps(what) + "\n")
        self._process.stdin.flush()
        return self._told()

    def _told(self) -> Any:
        assert self._process.stdout is not None
        return json.loads(self._process.stdout.readline())


@contextmanager
def _slack() -> Iterator[_Slack]:
    command = [sys.executable, "-m", MODULE, "--serve"]
    with subprocess.Popen(
        command, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True
    ) as process:
        try:
            yield _Slack(process)
        finally:
            process.terminate()


@contextmanager
def _deployed(url: str, folder: Path, slack: _Slack) -> Iterator[str]:
    """Web and worker; yields where Slack's events go."""
    settings = {
        "DATABASE_URL": url,
        "SUPPORTBOT_DATA_DIR": str(folder),
        "SLACK_BOT_TOKEN": slack.bot_token,
        "SLACK_SIGNING_SECRET": SECRET,
        "SLACK_API_URL": slack.api_url.rstrip("/"),
        "ANSWER_ENGINE": "extractive",
    }
    bot = [sys.executable, "-m", "bot"]
    with (
        (folder / "worker.log").open("w") as log,
        subprocess.Popen(
            [*bot, "worker"], env={**os.environ, **settings}, stdout=log, stderr=subprocess.STDOUT
        ) as worker,
    ):
        try:
            with _listening([*bot, "web"], "--listener-fd", folder, **settings) as address:
                yield f"{address}{PATH}"
        finally:
            worker.terminate()


@contextmanager
def _listening(command: list[str], option: str, folder: Path, **settings: str) -> Iterator[str]:
    """A process that serves HTTP; yields its address."""
    listener: socket
    with (
        listen(host="127.0.0.1", port=0) as listener,
        (folder / f"{command[-1].replace('.', '_')}.log").open("w") as log,
        subprocess.Popen(
            [*command, f"{option}={listener.fileno()}"],
            env={**os.environ, **settings},
            stdout=log,
            stderr=subprocess.STDOUT,
            pass_fds=(listener.fileno(),),
        ) as process,
    ):
        try:
            yield f"http://127.0.0.1:{listener.getsockname()[1]}"
        finally:
            process.terminate()


def _index(url: str) -> None:
    from indexing import embedders
    from tests.attending import index_sample

    cache = Path(tempfile.gettempdir()) / f"supportbot-tests-models-{os.getuid()}"
    with db.open_pool(url, max_size=4) as pool:
        index_sample(pool, embedders.load("all-MiniLM-L6-v2", cache_dir=cache))


def _serve() -> None:
    """The stand-in: makes questions and says when they were seen to be answered."""
    from bot.slack.manifest import Deployment, manifest
    from tests.fakes.slack import App, FakeSlack

    app = App.of_manifest(manifest(Deployment(socket_mode=False)))
    app.signing_secret = SECRET
    with FakeSlack(app=app) as slack:
        acme = slack.workspace
        people = [acme.member(f"Member {number}") for number in range(20)]
        rooms = [acme.channel(f"room-{number}", people) for number in range(5)]
        numbers = count()
        print(json.dumps({"api_url": slack.api_url, "bot_token": slack.bot_token}), flush=True)
        for line in sys.stdin:
            asked = json.loads(line)
            if "seen" in asked:
                print(json.dumps(_seen(slack, asked["seen"])), flush=True)
                continue
            for number in (next(numbers) for _ in range(asked["events"])):
                text = f"{acme.mention} {deployed.ASKED[number % len(deployed.ASKED)]}"
                acme.say(people[number % 20], rooms[number % 5], text)
            events = [each.body for each in slack.deliveries.pending]
            slack.deliveries.pending.clear()
            print(json.dumps({"events": events}), flush=True)


def _seen(slack: Any, sent: Sequence[Sequence[Any]]) -> dict[str, list[float]]:
    signs: dict[str, float] = {}
    replies: dict[str, float] = {}
    for call in slack.journal:
        match call.method:
            case "reactions.add":
                signs.setdefault(str(call.arguments["timestamp"]), call.at)
            case "chat.postMessage":
                replies.setdefault(str(call.arguments.get("thread_ts")), call.at)
    first: dict[str, float] = {}  # those without a reply are counted elsewhere
    for ts, at in sent:  # a mention comes as two events
        first.setdefault(ts, at)
    return {
        "sign": [
            (min(signs.get(ts, replies[ts]), replies[ts]) - at) * 1000
            for ts, at in first.items()
            if ts in replies
        ],
        "answer": [(replies[ts] - at) * 1000 for ts, at in first.items() if ts in replies],
    }


def _empty(listener: int) -> None:
    """The least that any endpoint for Slack does."""
    import socket as sockets

    import uvicorn
    from slack_sdk.signature import SignatureVerifier
    from starlette.applications import Starlette
    from starlette.requests import Request
    from starlette.responses import Response
    from starlette.routing import Route

    verifier = SignatureVerifier(SECRET)

    async def events(request: Request) -> Response:
        signed = verifier.is_valid_request(await request.body(), dict(request.headers))
        return Response(status_code=200 if signed else 401)

    app = Starlette(routes=[Route("/", events, methods=["POST"])])
    server = uvicorn.Server(uvicorn.Config(app, log_level="warning"))
    server.run(sockets=[sockets.socket(fileno=listener)])


def _send(address: str, events: Path, rate: float) -> dict[str, Any]:
    """Sends that many each second, whatever comes back."""
    bodies = [line.encode() for line in events.read_text(encoding="utf-8").splitlines()]
    numbers, parts = count(), urlsplit(address)
    milliseconds: list[float] = []
    statuses: list[int] = []
    sent: list[tuple[str, float]] = []
    start = time.perf_counter() + 1.0

    def work() -> None:
        connection = http.client.HTTPConnection(str(parts.hostname), parts.port, timeout=PATIENCE)
        while (number := next(numbers)) < len(bodies):
            body, due = bodies[number], start + number / rate
            time.sleep(max(0.0, due - time.perf_counter()))
            now = time.time()
            headers = signed_headers(SECRET, body, now=now, content_type="application/json")
            statuses.append(measuring.posted(connection, parts.path or "/", body, headers))
            milliseconds.append((time.perf_counter() - due) * 1000)
            sent.append((json.loads(body)["event"]["ts"], now))
        connection.close()

    senders = [threading.Thread(target=work) for _ in range(SENDERS)]
    for each in senders:
        each.start()
    for each in senders:
        each.join()
    refused = Counter(status for status in statuses if status != 200)
    print(f"refused, by status: {dict(refused)}", file=sys.stderr)
    return {"milliseconds": milliseconds, "refused": refused.total(), "sent": sorted(sent)}


def _show(figures: dict[str, Any]) -> None:
    names = ("p50_ms", "p95_ms", "p99_ms", "longest_ms")
    rows: list[tuple[str, ...]] = [
        ("what", "count", "refused", *(each.replace("_", " ") for each in names))
    ]
    for name, title in (
        ("busy", f"taken, {figures['rate']:g}/s"),
        ("baseline", "the same, empty endpoint"),
        ("sign", "first visible sign"),
        ("answer", "answer, extractive"),
    ):
        one = figures[name]
        numbers = (f"{one[each]:.1f}" for each in names)
        rows.append((title, str(one["count"]), str(one.get("refused", "")), *numbers))
    first, then = figures["waiting"]
    measuring.show(
        "Slack's events, from when each was due, on "
        f"{figures['cores']} cores; the last two without load",
        rows,
        notes=[
            (
                f"{first} jobs waited after the first, {then} after the second; "
                f"{figures['unanswered']} questions were left without a reply."
            ),
            (
                f"Aims: taken within {ACK_MS:.0f} ms at p99, a sign within {SIGN_MS:.0f} ms and an "
                f"answer within {ANSWER_MS:.0f} ms at p95, none without a reply."
            ),
        ],
    )


if __name__ == "__main__":
    main()
