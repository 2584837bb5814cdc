"""What customers say, as patterns in TOML: one file for each thing that is recognised."""

from __future__ import annotations

import re
import tomllib
from importlib.resources import files
from typing import Any

_CONTINUED = re.compile(r"\n +")


def phrases(name: str) -> dict[str, Any]:
    """The tables of one file, with continued lines joined."""
    text = (files(__name__) / f"{name}.toml").read_text(encoding="utf-8")
    joined: dict[str, Any] = _joined(tomllib.loads(text))
    return joined


def _joined(value: Any) -> Any:
    if isinstance(value, str):
        return _CONTINUED.sub("", value)
    if isinstance(value, list):
        return [_joined(each) for each in value]
    if isinstance(value, dict):
        return {name: _joined(each) for name, each in value.items()}
    return value
