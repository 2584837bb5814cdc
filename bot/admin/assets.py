"""Style sheets and scripts, read once: ours, and htmx from the package that ships it.

By name from a table, so that no address leads to another file.
"""

from __future__ import annotations

import hashlib
from dataclasses import dataclass
from importlib.util import find_spec
from pathlib import Path
from typing import TYPE_CHECKING

from fastapi import APIRouter
from fastapi.responses import Response

from bot.admin.errors import PageMissing

if TYPE_CHECKING:
    from collections.abc import Mapping

_OWN = Path(__file__).parent / "static"
_TYPES = {".css": "text/css", ".js": "text/javascript", ".svg": "image/svg+xml"}

# The package's Python needs Django and is never imported.
_HTMX = {"htmx.js": "htmx-2.min.js", "htmx-sse.js": "ext/hx-sse-2.min.js"}

# The address holds a hash of the content, so it may be kept for good.
_KEPT = {"Cache-Control": "public, max-age=31536000, immutable"}


@dataclass(frozen=True, kw_only=True, slots=True)
class Asset:
    """One file, as it is sent."""

    content: bytes
    media_type: str
    version: str


def _asset(path: Path) -> Asset:
    content = path.read_bytes()
    version = hashlib.sha256(content).hexdigest()[:12]
    return Asset(content=content, media_type=_TYPES[path.suffix], version=version)


def _htmx_folder() -> Path:
    spec = find_spec("django_htmx")
    if spec is None or spec.origin is None:
        raise FileNotFoundError(
            "django-htmx, which brings htmx, is not installed: see .requirements.lock."
        )
    return Path(spec.origin).parent / "static" / "django_htmx"


def load() -> Mapping[str, Asset]:
    """Every file by its name."""
    htmx = _htmx_folder()
    own = {path.name: _asset(path) for path in _OWN.iterdir() if path.suffix in _TYPES}
    return {**own, **{name: _asset(htmx / path) for name, path in _HTMX.items()}}


def routes(assets: Mapping[str, Asset]) -> APIRouter:
    """Where they are fetched from. Open to everybody: nothing in them is anybody's."""
    router = APIRouter()

    @router.get("/static/{name}")
    def static(name: str) -> Response:
        if name not in assets:
            raise PageMissing
        found = assets[name]
        return Response(found.content, media_type=found.media_type, headers=_KEPT)

    return router
