"""Runs the real command line as people do: another process, its own environment and folder."""

import os
import subprocess
import sys
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path

from bot import settings
from tests.models import with_models

PYTHON_M_BOT = (sys.executable, "-m", "bot")


@dataclass(frozen=True, kw_only=True, slots=True)
class CommandLine:
    """`python -m bot` in `folder` with these settings and none of the machine's own. Where these
    name a data directory, what the bundled model prepares is in it already."""

    folder: Path
    settings: Mapping[str, str]

    def __post_init__(self) -> None:
        if data_dir := self.settings.get("SUPPORTBOT_DATA_DIR"):
            with_models(Path(data_dir))

    def environment(self) -> dict[str, str]:
        names = frozenset(settings.names())
        inherited = {key: value for key, value in os.environ.items() if key not in names}
        return {**inherited, **self.settings}

    def run(
        self, *arguments: str, stdin: bytes = b"", **more: str
    ) -> subprocess.CompletedProcess[bytes]:
        """The finished command, whatever its status; `more` are further settings."""
        return subprocess.run(
            (*PYTHON_M_BOT, *arguments),
            cwd=self.folder,
            env={**self.environment(), **more},
            input=stdin,
            capture_output=True,
            check=False,
        )

    def start(self, *arguments: str, **more: str) -> subprocess.Popen[str]:
        """The running command; its standard output and error are one stream of lines."""
        return subprocess.Popen(
            (*PYTHON_M_BOT, *arguments),
            cwd=self.folder,
            env={**self.environment(), **more},
            stdin=subprocess.DEVNULL,
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
            text=True,
        )
