"""The ways of a deployment that can be cut: of each process to the database, and to each vendor."""

from __future__ import annotations

from collections.abc import Mapping
from contextlib import ExitStack
from types import TracebackType
from typing import Self
from urllib.parse import urlsplit

from tests.faults.wires import Wire, Wires

VENDORS = {
    "zendesk": "ZENDESK_BASE_URL",
    "slack": "SLACK_API_URL",
    "model": "ANTHROPIC_BASE_URL",
}
"""By name, the setting that holds the address."""


class Wiring:
    """`vendors` are wires by name, which all processes share; `databases` each process's own."""

    def __init__(self) -> None:
        self._wires = Wires()
        self._stack = ExitStack()
        self.vendors: dict[str, Wire] = {}
        self.databases: dict[str, Wire] = {}

    def __enter__(self) -> Self:
        self._stack.enter_context(self._wires)
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        self._stack.close()

    def settings(self, process: str, settings: Mapping[str, str]) -> dict[str, str]:
        """What of a process's settings leads over wires."""
        changed = {
            variable: self.vendor(name, settings[variable])
            for name, variable in VENDORS.items()
            if settings.get(variable)
        }
        database = settings["DATABASE_URL"]
        if process not in self.databases:
            self.databases[process] = self._wires.wire(*_place(database))
        return {**changed, "DATABASE_URL": _over(self.databases[process], database)}

    def vendor(self, name: str, url: str) -> str:
        """The address of a vendor's over its wire."""
        if name not in self.vendors:
            self.vendors[name] = self._wires.wire(*_place(url))
        return _over(self.vendors[name], url)

    def mend(self) -> None:
        """Every wire is as it should be."""
        for each in (*self.vendors.values(), *self.databases.values()):
            each.mend()


def _place(url: str) -> tuple[str, int]:
    parts = urlsplit(url)
    return parts.hostname or "127.0.0.1", parts.port or 80


def _over(wire: Wire, url: str) -> str:
    parts = urlsplit(url)
    credentials, _, _ = parts.netloc.rpartition("@")
    place = f"127.0.0.1:{wire.port}"
    return parts._replace(netloc=f"{credentials}@{place}" if credentials else place).geturl()
