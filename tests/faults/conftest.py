"""Where the servers of these tests keep their data."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from uuid import uuid4

import pytest

from tests.faults.disks import NO_DISK, Disk, NotAllowed, set_up, small_disk


@pytest.fixture(scope="module")
def own_disk(scratch: Path, request: pytest.FixtureRequest) -> Iterator[Path | None]:
    """A folder on a small file system, None where there can be none."""
    if given := request.config.getoption("--small-disk"):
        folder = Path(given) / uuid4().hex
        folder.mkdir()
        set_up(folder)
        yield folder
        return
    folder = scratch / f"disk-{uuid4().hex}"
    try:
        with small_disk(folder):
            set_up(folder)
            yield folder
    except NotAllowed:
        yield None


@pytest.fixture
def disk(own_disk: Path | None) -> Iterator[Disk]:
    """That file system, with room on it before and after the test."""
    if own_disk is None:
        pytest.skip(NO_DISK)
    made = Disk(own_disk)
    yield made
    made.free()
