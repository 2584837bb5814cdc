"""Real Bolt apps as they really run: behind a web server, or with a socket open."""

from __future__ import annotations

import asyncio
import threading
from collections.abc import Coroutine, Iterator
from contextlib import contextmanager
from typing import Any, TypeVar

import uvicorn
from fastapi import FastAPI, Request
from slack_bolt.adapter.fastapi.async_handler import AsyncSlackRequestHandler
from slack_bolt.adapter.socket_mode.async_handler import AsyncSocketModeHandler
from slack_bolt.async_app import AsyncApp
from starlette.responses import Response

from bot.web import listen
from tests.fakes.slack.server import FakeSlack

Done = TypeVar("Done")
PATH = "/slack/events"


@contextmanager
def served(slack: FakeSlack, bolt: AsyncApp) -> Iterator[None]:
    """The app behind a web server, at the address that Slack then knows."""
    handler, web = AsyncSlackRequestHandler(bolt), FastAPI()

    @web.post(PATH)
    async def receive(request: Request) -> Response:
        return await handler.handle(request)

    with hosted(web) as address:
        slack.wire.url = f"{address}{PATH}"
        yield


@contextmanager
def hosted(web: FastAPI) -> Iterator[str]:
    """The address of a web application, by the server that the product uses."""
    listener = listen(host="127.0.0.1", port=0)
    server = uvicorn.Server(uvicorn.Config(web, log_config=None, access_log=False))
    thread = threading.Thread(target=server.run, kwargs={"sockets": [listener]})
    thread.start()
    try:
        yield f"http://127.0.0.1:{listener.getsockname()[1]}"
    finally:
        server.should_exit = True
        thread.join()
        listener.close()


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
        assert slack.sockets.arrivals.acquire(timeout=10)
        yield
    finally:
        run(handler.close_async())
        loop.call_soon_threadsafe(loop.stop)
        thread.join()
        loop.close()
