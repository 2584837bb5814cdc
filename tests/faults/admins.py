"""Admins who change schedules and policies while everything fails, and what must be true in the
end: each change that was accepted has one entry in the audit log, none of the log's entries is
missing between two others, and each planned run was enqueued once, when it was due."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Iterator
from datetime import UTC, datetime, timedelta
from random import Random
from typing import TYPE_CHECKING, Any

import psycopg
from psycopg_pool import ConnectionPool, PoolTimeout

from bot.audit import Actor
from bot.queue import Queue
from bot.schedules import Schedules
from bot.timing import Cron, Interval
from bot.zendesk.policies import Mode, Policies, Policy

if TYPE_CHECKING:
    from psycopg import Connection

    from tests.faults.deployment import Deployment

# What happens to plans, written down beside the product: what was due, what is planned instead,
# whether that was because a run began, and whether the job of it is there.
WITNESS = """
CREATE TABLE planned (
    id bigint GENERATED ALWAYS AS IDENTITY, source text, due timestamptz, next timestamptz,
    began boolean, early boolean, job boolean
);
CREATE FUNCTION witness() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    INSERT INTO planned (source, due, next, began, early, job)
    VALUES (OLD.source, OLD.next_run, NEW.next_run, OLD.last_run IS DISTINCT FROM NEW.last_run,
            OLD.next_run > clock_timestamp(),
            EXISTS (SELECT FROM procrastinate_jobs
                    WHERE queueing_lock = 'sync:' || OLD.source AND status = 'todo'));
    RETURN NULL;
END;
$$;
CREATE TRIGGER witness AFTER UPDATE ON schedules FOR EACH ROW EXECUTE FUNCTION witness();
"""

# Sources that are paused have no plan. A moment that nobody could have planned by chance.
_DUE_NOW = """
UPDATE schedules SET next_run = clock_timestamp() WHERE source = %s AND NOT paused
RETURNING next_run
"""

_STATE = {
    "schedules": "SELECT source, to_jsonb(s) - '{anchor,last_run,next_run}'::text[] "
    "FROM schedules s",
    "ticket_policies": "SELECT id::text, to_jsonb(p) - '{}'::text[] FROM ticket_policies p",
}

_AWAY = (psycopg.OperationalError, psycopg.InterfaceError, PoolTimeout)


class Admins:
    """Whatever they do is drawn from the `chance` that they are given. Each change is made by
    somebody else, by whose name it is found again."""

    def __init__(self, deployment: Deployment, source: str) -> None:
        self._deployment = deployment
        self._source = source
        self._pool: ConnectionPool[Connection[Any]] = ConnectionPool(
            deployment.url,
            kwargs={"options": "-c lock_timeout=2s"},  # of those who are paused
            min_size=0,
            max_size=1,
            timeout=2.0,
            open=True,
        )
        self._schedules = Schedules(pool=self._pool, queue=Queue(pool=self._pool))
        self._policies = Policies(pool=self._pool)
        self._accepted: list[str] = []
        self._unknown: list[str] = []
        self.happened: Counter[str] = Counter()

    def close(self) -> None:
        self._pool.close()

    def change_something(self, chance: Random) -> None:
        """One change, of which nobody knows whether it was made where the database went away."""
        number = len(self._accepted) + len(self._unknown)
        actor = Actor(surface=chance.choice(("cli", "console")), name=f"admin-{number}")
        try:
            self._chosen(chance)(actor)
        except _AWAY:
            self._unknown.append(actor.name)
            self.happened["changes of which nobody knows"] += 1
        else:
            self._accepted.append(actor.name)
            self.happened["changes of settings"] += 1

    def make_it_due(self) -> None:
        """The hour of the next planned run has come."""
        self._deployment.execute(_DUE_NOW, (self._source,))
        self.happened["hours that came"] += 1

    def _chosen(self, chance: Random) -> Callable[[Actor], object]:
        source, schedules, policies = self._source, self._schedules, self._policies
        match chance.randrange(6):
            case 0:
                every = timedelta(minutes=chance.randrange(60, 100_000))
                timing = Interval(every=every, anchor=datetime.now(UTC))
                return lambda actor: schedules.set(source, timing, actor=actor)
            case 1:
                cron = Cron(expression=f"{chance.randrange(60)} {chance.randrange(24)} * * *")
                jitter = timedelta(seconds=chance.randrange(1, 100_000))
                return lambda actor: schedules.set(source, cron, jitter=jitter, actor=actor)
            case 2:
                return self._pause_or_resume
            case 3:
                full = chance.random() < 0.5
                return lambda actor: schedules.run_now(source, full=full, actor=actor)
            case _:
                return self._policy(chance, policies)

    def _pause_or_resume(self, actor: Actor) -> None:
        if self._schedules.get(self._source).paused:
            self._schedules.resume(self._source, actor=actor)
        else:
            self._schedules.pause(self._source, actor=actor)

    @staticmethod
    def _policy(chance: Random, policies: Policies) -> Callable[[Actor], object]:
        """Those of one channel: what holds for the rest stays, or nothing would be answered."""
        mode, share = chance.choice(list(Mode)), chance.randrange(101)
        remove = chance.random() < 0.4

        def change(actor: Actor) -> None:
            own = [each for each in policies.all() if each.channel == "email"]
            if own and remove:
                policies.remove(own[0].id, actor=actor)
                return
            other = (share + 1) % 101 if own and own[0].share == share else share
            policies.set(Policy(mode=mode, channel="email", share=other), actor=actor)

        return change

    # --- What the books say

    def faults(self) -> list[str]:
        """What is not as it must be, one line each."""
        return [*self._audit_faults(), *self._log_faults(), *self._plan_faults()]

    def _audit_faults(self) -> Iterator[str]:
        entries = Counter(
            row[0]
            for row in self._deployment.rows(
                "SELECT actor FROM audit_log WHERE starts_with(actor, 'admin-')"
            )
        )
        for name in self._accepted:
            if entries[name] != 1:
                yield f"{name}: the change was accepted, and has {entries[name]} entries"
        for name in self._unknown:
            if entries[name] > 1:
                yield f"{name}: {entries[name]} entries of one change"

    def _log_faults(self) -> Iterator[str]:
        """Each entry begins where the one before it ended, and the last where things stand."""
        rows = self._deployment.rows(
            "SELECT action, target, before, after FROM audit_log ORDER BY id"
        )
        last: dict[tuple[str, str], Any] = {}
        for action, target, before, after in rows:
            table = action.partition(" ")[0]
            if table not in _STATE:
                continue
            known = last.get((table, target))
            if known != before:
                yield f"{action} {target}: was {before}, and had been left as {known}"
            last[table, target] = after
        for table, statement in _STATE.items():
            now = {(table, row[0]): row[1] for row in self._deployment.rows(statement)}
            told = {key: value for key, value in last.items() if key[0] == table and value}
            if now.keys() != told.keys():
                yield f"{table}: there are {sorted(now)}, and the log knows {sorted(told)}"
            for key in now.keys() & told.keys():
                if not told[key].items() <= now[key].items():
                    yield f"{key}: is {now[key]}, and the log says {told[key]}"

    def _plan_faults(self) -> Iterator[str]:
        began = self._deployment.rows(
            "SELECT source, due, early, job FROM planned WHERE began ORDER BY id"
        )
        often = Counter((source, due) for source, due, _, _ in began)
        for (source, due), times in often.items():
            if times > 1:
                yield f"{source}: the run of {due} began {times} times"
        for source, due, early, job in began:
            if early:
                yield f"{source}: the run of {due} began before it was due"
            if not job:
                yield f"{source}: the run of {due} has no job"
