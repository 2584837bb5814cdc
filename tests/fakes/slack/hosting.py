"""Real Bolt apps as they really run: behind a web server, or with a socket open."""

from __future__ import annotations

import asyncio
import threading
from collections.abc import Coroutine, Iterator
from contextlib import contextmanager
from typing import Any, TypeVar

from fastapi import FastAPI, Request
from slack_bolt.adapter.fastapi.async_handler import AsyncSlackRequestHandler
from slack_bolt.adapter.socket_mode.async_handler import AsyncSocketModeHandler
from slack_bolt.async_app import AsyncApp
from starlette.responses import Response

from tests import serving
from tests.fakes.slack.server import FakeSlack
from tests.waiting import PATIENCE

Done = TypeVar("Done")
PATH = "/slack/events"


@contextmanager
def served(slack: FakeSlack, bolt: AsyncApp) -> Iterator[None]:
    """The app behind a web server, at the address that Slack then knows."""
    handler, web = AsyncSlackRequestHandler(bolt), FastAPI()

    @web.post(PATH)
    async def receive(request: Request) -> Response:
        return await handler.handle(request)

    with serving.served(web) as address:
        slack.wire.url = f"{address}{PATH}"
        yield


@contextmanager
def connected(slack: FakeSlack, bolt: AsyncApp) -> Iterator[None]:
    """The app with a socket open, as a process of its own would hold it."""
    loop = asyncio.new_event_loop()
    thread = threading.Thread(target=loop.run_forever)
    thread.start()

    def run(work: Coroutine[Any, Any, Done]) -> Done:
        return asyncio.run_coroutine_threadsafe(work, loop).result(20)

    async def opened() -> AsyncSocketModeHandler:
        made = AsyncSocketModeHandler(bolt, slack.app_token)
        await made.connect_async()
        return made

    handler = run(opened())
    try:
        assert slack.sockets.arrivals.acquire(timeout=PATIENCE)
        yield
    finally:
        run(handler.close_async())
        loop.call_soon_threadsafe(loop.stop)
        thread.join()
        loop.close()
