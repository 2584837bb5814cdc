"""What a model is called in logs and tables, told from its setting without loading anything."""

from __future__ import annotations

import re
from urllib.parse import parse_qsl, urlencode

_SECRET = re.compile(r"key|token|secret|password", re.IGNORECASE)

MAX_TOKENS = "max_tokens"
"""The argument that is ours: how many tokens of a chunk the model reads. No secret."""


def public_name(setting: str) -> str:
    """The same for the same model however its arguments are ordered, without any secret; opens
    the model as the setting does, where the secrets are found in the environment."""
    path, _, query = setting.partition("?")
    shown = sorted(
        (name, value)
        for name, value in parse_qsl(query, keep_blank_values=True)
        if name == MAX_TOKENS or not _SECRET.search(name)
    )
    return f"{path}?{urlencode(shown)}" if shown else path
