"""A vendor that fails again and again is left alone, and asked again by one call later on."""

import threading
import time

import pytest

from connectors.circuits import Circuit
from connectors.errors import VendorResting

PAUSE = 0.2


class Told:
    def __init__(self) -> None:
        self.failures = 0
        self.changes: list[float] = []

    def circuit(self) -> Circuit:
        return Circuit(
            "Zendesk",
            failures=3,
            pause=PAUSE,
            on_failure=self._failed,
            on_change=self.changes.append,
        )

    def _failed(self) -> None:
        self.failures += 1


def fail(circuit: Circuit) -> None:
    with circuit.call() as attempt:
        attempt.failed = True


def call_that_raises(circuit: Circuit) -> None:
    with circuit.call() as attempt:
        attempt.failed = True
        raise OSError("theirs")


def test_after_failures_in_a_row_it_rests_and_recovers_by_itself() -> None:
    told = Told()
    circuit = told.circuit()
    for _ in range(3):
        fail(circuit)

    with (
        pytest.raises(VendorResting, match="Zendesk has failed 3 times") as resting,
        circuit.call(),
    ):
        pytest.fail("it was called")
    assert 0 < resting.value.retry_after <= 1.0
    assert (told.failures, told.changes) == (3, [PAUSE])

    time.sleep(PAUSE)
    fail(circuit)  # the one call that tries it
    with pytest.raises(VendorResting), circuit.call():
        pytest.fail("it was called")
    time.sleep(PAUSE)
    with circuit.call():
        pass
    with circuit.call():
        pass
    assert told.changes == [PAUSE, PAUSE, 0.0]


def test_failures_that_are_not_in_a_row_do_not_count_together() -> None:
    circuit = Told().circuit()
    for _ in range(5):
        fail(circuit)
        fail(circuit)
        with circuit.call():
            pass


def test_what_the_caller_raises_is_raised_and_counts_only_if_it_says_so() -> None:
    told = Told()
    circuit = told.circuit()
    for _ in range(5):
        with pytest.raises(ValueError, match="ours"), circuit.call():
            raise ValueError("ours")
    for _ in range(3):
        with pytest.raises(OSError, match="theirs"):
            call_that_raises(circuit)

    with pytest.raises(VendorResting), circuit.call():
        pytest.fail("it was called")
    assert told.failures == 3


def test_calls_are_made_side_by_side() -> None:
    circuit, both = Told().circuit(), threading.Barrier(2, timeout=5)

    def call() -> None:
        with circuit.call():
            both.wait()

    other = threading.Thread(target=call)
    other.start()
    call()
    other.join()
