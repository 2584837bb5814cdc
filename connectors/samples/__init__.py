"""The help center that ships with the product: a fictional shop, so that a fresh installation
has something to answer from.

Questions to try: "How long do I have to return a jacket?", "How do I pause my Trail Club
membership?", "When do I get my refund if I paid with PayPal?", and, as an agent only, "How much
goodwill may I give without asking my team lead?".
"""

from __future__ import annotations

from importlib.resources import files
from pathlib import Path


def help_center() -> Path:
    """The sample as one Zendesk export document (articles with their sideloads)."""
    return Path(str(files(__name__).joinpath("help_center.json")))
