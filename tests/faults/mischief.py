"""What goes wrong in a deployment, drawn from a seed: each is begun at one moment, and over some
moments later."""

from __future__ import annotations

import signal
import time
from collections import Counter
from collections.abc import Callable, Mapping
from random import Random
from typing import TYPE_CHECKING

from tests.faults.disks import FullForAWhile

if TYPE_CHECKING:
    from tests.fakes.slack.faults import Fault
    from tests.faults.deployment import Deployment
    from tests.faults.disks import Disk
    from tests.faults.wires import Wire

Over = Callable[[], bool]
"""Ends what was begun; False where that takes a little longer."""

LONGEST = 3.5
"""Seconds that anything is paused, held up or away."""

IN_TIME = 25.0
"""Seconds within which a process ends that was asked to: a worker gives its jobs ten and four."""

_ENDED_WELL = {0, 128 + signal.SIGTERM, -signal.SIGTERM}
"""The others say that it was asked before it had begun."""

_PUT, _GET = r"PUT .*/tickets/\d+", r"GET "
_POST, _CHANGE, _READ = r"chat\.postMessage", r"chat\.(update|delete)", r"(users|conversations)\."
# How a request fails, whether it was carried out all the same, and which requests.
ZENDESK: tuple[tuple[Fault, bool, str], ...] = (
    ("reset", True, _PUT),
    ("reset", False, _PUT),
    (504, True, _PUT),
    (500, True, _PUT),
    (502, False, _PUT),
    (409, False, _PUT),
    (429, False, _PUT),
    (429, False, _GET),
    (500, False, _GET),
    (503, False, _GET),
    ("reset", False, _GET),
)
SLACK: tuple[tuple[Fault, bool, str], ...] = (
    ("reset", True, _POST),
    ("reset", False, _POST),
    (500, True, _POST),
    (503, False, _POST),
    (429, False, _POST),
    (500, True, _CHANGE),
    (429, False, _CHANGE),
    (429, False, _READ),
    (500, False, _READ),
    ("reset", False, _READ),
    (429, False, r"reactions\."),
)


def names_of(roles: Mapping[str, int]) -> list[str]:
    """Of all processes, where there are so many of each role."""
    return [
        name
        for role, number in roles.items()
        for name in (role, *(f"{role}-{each}" for each in range(2, number + 1)))
    ]


class Mischief:
    """Whatever it does is drawn from the `chance` that it is given. `roles` says how many processes
    there are of each, `disk` what the database is on where that can be filled."""

    def __init__(
        self, deployment: Deployment, *, roles: Mapping[str, int], disk: Disk | None = None
    ) -> None:
        self._deployment = deployment
        self._disk = disk
        self._full: FullForAWhile | None = None
        self._names = names_of(roles)
        self._troubled: set[str] = set()
        self.happened: Counter[str] = Counter()

    @property
    def names(self) -> list[str]:
        """All processes that there are."""
        return list(self._names)

    def do_something(self, chance: Random) -> Over:
        """Begins something; what it returns ends that."""
        deeds = (
            self._fail_requests,
            self._fail_requests,
            self._fail_requests,
            self._kill,
            self._kill,
            self._kill_the_database,
            self._pause,
            self._pause,
            self._drain,
            self._part_from_database,
            self._part_from_database,
            self._part_from_vendor,
            self._slow_vendor,
            self._expire_tokens,
        )
        return chance.choice(deeds)(chance)

    def fill_the_disk(self, chance: Random) -> Over:
        """There is no room for tables any more, or not even for the log, which ends the server."""
        log, seconds = chance.random() < 0.5, chance.uniform(0.5, LONGEST)
        if self._disk is None or (self._full is not None and not self._full.is_over()):
            return _nothing
        self._full = FullForAWhile(self._disk, self._deployment.server, seconds=seconds, log=log)
        self.happened["disk full" + (", server ended" if log else "")] += 1
        return self._full.is_over

    def end_everything(self, chance: Random, *, roughly: bool) -> None:
        """Asks all processes to stop, or kills them and the database, all at once; then starts
        them again."""
        deployment = self._deployment
        if roughly:
            for each in self._names:
                deployment.kill(each, chance)
            deployment.kill("database", chance)
            deployment.mend("database")
        else:
            deployment.processes.ask_to_stop(*self._names)
            until = time.monotonic() + IN_TIME
            while not all(self._has_stopped(each, until) for each in self._names):
                time.sleep(0.1)
        for each in self._names:
            deployment.mend(each)
        self.happened["killed all at once" if roughly else "drained all at once"] += 1

    # --- What there is to do

    def _fail_requests(self, chance: Random) -> Over:
        zendesk, slack = self._deployment.zendesk, self._deployment.slack
        for _ in range(chance.randrange(1, 5)):
            if slack is not None and chance.random() < 0.5:
                fault, applied, method = chance.choice(SLACK)
                slack.failures.plan(fault, method=method, applied=applied, retry_after=1)
            else:
                fault, applied, matching = chance.choice(ZENDESK)
                zendesk.failures.plan(fault, matching=matching, applied=applied, retry_after="1")
            self.happened[f"{fault}{' after it was applied' if applied else ''}"] += 1
        return _nothing

    def _kill(self, chance: Random) -> Over:
        name = self._somebody(chance)
        if name is None:
            return _nothing
        self._deployment.kill(name, chance)
        self._troubled.add(name)
        self.happened[f"killed {_role(name)}"] += 1
        return lambda: self._start(name)

    def _kill_the_database(self, chance: Random) -> Over:
        victim = chance.choice(("database", "backend", "backend"))
        self._deployment.kill(victim, chance)
        self._deployment.mend(victim)
        self.happened[f"killed {victim}"] += 1
        return _nothing

    def _pause(self, chance: Random) -> Over:
        """Sometimes long enough for the others to take it for dead."""
        name = self._somebody(chance)
        if name is None:
            return _nothing
        deployment = self._deployment
        deployment.processes.pause(name)
        self._troubled.add(name)
        if chance.random() < 0.5:
            rows = deployment.rows("SELECT id FROM procrastinate_workers")
            deployment.time_passes_for([row[0] for row in rows])
        self.happened[f"paused {_role(name)}"] += 1

        def over() -> bool:
            deployment.processes.resume(name)
            self._troubled.discard(name)
            return True

        return over

    def _drain(self, chance: Random) -> Over:
        name = self._somebody(chance)
        if name is None:
            return _nothing
        self._deployment.processes.ask_to_stop(name)
        self._troubled.add(name)
        self.happened[f"drained {_role(name)}"] += 1
        until = time.monotonic() + IN_TIME
        return lambda: self._has_stopped(name, until) and self._start(name)

    def _part_from_database(self, chance: Random) -> Over:
        wiring = self._deployment.wiring
        assert wiring is not None
        name = chance.choice(sorted(wiring.databases))
        wire = wiring.databases[name]
        if chance.random() < 0.5:
            wire.cut()
            self.happened[f"cut {_role(name)} from the database"] += 1
        else:
            wire.hold()
            self.happened[f"held up {_role(name)} and the database"] += 1
        return lambda: _mended(wire)

    def _part_from_vendor(self, chance: Random) -> Over:
        wiring = self._deployment.wiring
        assert wiring is not None
        name = chance.choice(sorted(wiring.vendors))
        wire = wiring.vendors[name]
        if chance.random() < 0.6:
            wire.cut()
            self.happened[f"{name} away"] += 1
        else:
            wire.hold()
            self.happened[f"{name} silent"] += 1
        return lambda: _mended(wire)

    def _slow_vendor(self, chance: Random) -> Over:
        wiring = self._deployment.wiring
        assert wiring is not None
        name = chance.choice(sorted(wiring.vendors))
        wiring.vendors[name].slow(chance.uniform(0.1, 0.6))
        self.happened[f"{name} slow"] += 1
        wire = wiring.vendors[name]
        return lambda: _mended(wire)

    def _expire_tokens(self, chance: Random) -> Over:
        with self._deployment.zendesk.lock:
            self._deployment.zendesk.access.revoke_all()
        self.happened["tokens expired"] += 1
        return _nothing

    def _somebody(self, chance: Random) -> str | None:
        found = [each for each in self._names if each not in self._troubled]
        return chance.choice(found) if found else None

    def _start(self, name: str) -> bool:
        self._deployment.mend(name)
        self._troubled.discard(name)
        return True

    def _has_stopped(self, name: str, until: float) -> bool:
        """Whether a process that was asked to stop has. It must have done so well, and in time."""
        status = self._deployment.processes.status(name)
        if status not in {None, *_ENDED_WELL} or (status is None and time.monotonic() > until):
            raise AssertionError(f"{name} ended with {status}\n{self._deployment.said()}")
        return status is not None


def _nothing() -> bool:
    """It is over already."""
    return True


def _mended(wire: Wire) -> bool:
    wire.mend()
    return True


def _role(name: str) -> str:
    return name.partition("-")[0]
