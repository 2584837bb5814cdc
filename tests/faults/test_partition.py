"""A machine that is gone without a word, as without power, keeps no lock: in a network namespace,
where one may be made."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path
from uuid import uuid4

import pytest

APART = ("unshare", "--net")


def may_part() -> bool:
    """Whether a network can be made here, and taken down."""
    try:
        tried = subprocess.run(
            (*APART, "ip", "link", "set", "lo", "up"), capture_output=True, check=False
        )
    except FileNotFoundError:
        return False
    return tried.returncode == 0


@pytest.mark.faults
def test_locks_of_a_machine_that_is_gone_are_free_within_half_a_minute(scratch: Path) -> None:
    if not may_part():
        pytest.skip("network namespaces are not allowed here (unshare --net, ip)")
    ended = subprocess.run(
        (*APART, sys.executable, "-m", "tests.faults.parted", str(scratch / uuid4().hex)),
        cwd=Path(__file__).parents[2],
        capture_output=True,
        text=True,
        check=False,
    )
    assert ended.returncode == 0, ended.stderr
