"""What is found of one part."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal

State = Literal["ok", "warning", "failed"]


@dataclass(frozen=True, kw_only=True, slots=True)
class Check:
    """One part's state. `advice` says what to do, and is "" where nothing need be done."""

    name: str
    state: State
    detail: str
    advice: str = ""


def not_checked(name: str, because: str) -> Check:
    """A part that cannot be looked at while another one is broken."""
    return Check(name=name, state="failed", detail=f"Not checked: {because}.")
