"""The console's application over the test's own database."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from typing import TYPE_CHECKING

import pytest

from bot import settings
from bot.bootstrap import Application, processes
from tests.models import with_models

if TYPE_CHECKING:
    from pathlib import Path

    from fastapi import FastAPI

Serve = Callable[..., "FastAPI"]
"""The web process's application with these further settings."""


@pytest.fixture
def serve(
    database_url: str, model_cache: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> Iterator[Serve]:
    opened: list[Application] = []
    (tmp_path / "models").symlink_to(model_cache)
    for name in settings.names():
        monkeypatch.delenv(name, raising=False)

    def build(**given: str) -> FastAPI:
        for name, value in {
            "DATABASE_URL": database_url,
            "SUPPORTBOT_DATA_DIR": str(with_models(tmp_path)),
            **given,
        }.items():
            monkeypatch.setenv(name, value)
        opened.append(Application(settings=settings.load(tmp_path / ".env")))
        return processes.web(opened[-1])

    yield build
    for each in opened:
        each.__exit__(None, None, None)
