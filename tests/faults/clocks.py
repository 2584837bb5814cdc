"""Processes whose clock is wrong, each by its own: a few lines of C between a process and libc,
where there is a compiler. Only the time of day differs; what measures how long something lasts
stays right, as on a machine whose clock is wrong.
"""

from __future__ import annotations

import ctypes
import os
import shutil
import subprocess
from functools import cache
from pathlib import Path
from random import Random

SECONDS = "TESTS_CLOCK_AHEAD"
"""The variable that says how far a process's clock is ahead; behind where that is below zero."""

LARGEST = 900.0
"""Seconds: three times as much as signatures may be old."""

NO_COMPILER = "there is no C compiler here to make clocks wrong with (cc)"

_SOURCE = r"""
#define _GNU_SOURCE
#include <stdlib.h>
#include <sys/syscall.h>
#include <sys/time.h>
#include <time.h>
#include <unistd.h>

static long ahead;

void clock_ahead(long seconds) { ahead = seconds; }

__attribute__((constructor)) static void begin(void) {
    const char *told = getenv("TESTS_CLOCK_AHEAD");
    if (told) ahead = atol(told);
}

int clock_gettime(clockid_t clock, struct timespec *now) {
    int failed = (int) syscall(SYS_clock_gettime, clock, now);
    if (!failed && (clock == CLOCK_REALTIME || clock == CLOCK_REALTIME_COARSE))
        now->tv_sec += ahead;
    return failed;
}

int gettimeofday(struct timeval *restrict now, void *restrict zone) {
    struct timespec told;
    (void) zone;
    clock_gettime(CLOCK_REALTIME, &told);
    now->tv_sec = told.tv_sec;
    now->tv_usec = told.tv_nsec / 1000;
    return 0;
}

time_t time(time_t *into) {
    struct timespec told;
    clock_gettime(CLOCK_REALTIME, &told);
    if (into) *into = told.tv_sec;
    return told.tv_sec;
}
"""


@cache
def library(folder: Path) -> Path | None:
    """What is to be loaded before libc, made in `folder`; None where it cannot be made."""
    compiler = shutil.which("cc")
    if compiler is None or os.uname().sysname != "Linux":
        return None
    source, made = folder / "clocks.c", folder / "clocks.so"
    source.write_text(_SOURCE)
    command = (compiler, "-shared", "-fPIC", "-O1", "-o", str(made), str(source))
    done = subprocess.run(command, capture_output=True, check=False)
    return made if done.returncode == 0 else None


def preloaded(made: Path | None) -> dict[str, str]:
    """The environment of a process whose clock can be wrong."""
    return {} if made is None else {"LD_PRELOAD": str(made)}


def set_own() -> None:
    """Makes this process's clock as wrong as its environment says, where it can be."""
    if seconds := os.environ.get(SECONDS):
        clock_ahead = getattr(ctypes.CDLL(None), "clock_ahead", None)
        if clock_ahead is not None:
            clock_ahead(ctypes.c_long(int(float(seconds))))


def drawn(chance: Random) -> float:
    """How far ahead the clock of a process is: mostly a little."""
    return chance.choice((0.0, 0.0, chance.uniform(-30, 30), chance.uniform(-LARGEST, LARGEST)))
