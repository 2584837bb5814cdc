"""The bundled model, prepared once for all tests: that takes seconds, and every folder of a test
would have to do it anew."""

import os
import shutil
import tempfile
from pathlib import Path

from indexing import embedders


def model_cache() -> Path:
    """Where it is kept for the next run of the tests too."""
    cache = Path(tempfile.gettempdir()) / f"supportbot-tests-models-{os.getuid()}"
    cache.mkdir(mode=0o700, exist_ok=True)
    return cache


def with_models(data_dir: Path) -> Path:
    """The same data directory, with what has been prepared already, as after a first run."""
    if not any(model_cache().glob("*int8*.onnx")):
        embedders.load(cache_dir=model_cache())
    shutil.copytree(model_cache(), data_dir / "models", copy_function=_linked, dirs_exist_ok=True)
    return data_dir


def _linked(source: str, target: str) -> None:
    try:
        os.link(source, target)
    except FileExistsError:
        return
    except OSError:  # on another file system
        shutil.copyfile(source, target)
