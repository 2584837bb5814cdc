"""The queue of jobs, and when each source is synchronised.

Revision ID: 0002

The queue's tables are procrastinate's own. Its package keeps every migration it ever released
and never changes one, so this revision applies them up to the newest one of 3.10 and checks that
they are still the same texts. Reading its schema.sql instead would give a new database another
schema than an upgraded one as soon as the library moves on; keeping a copy of it here would hide
what is theirs and what is ours. When procrastinate brings a newer migration, a later revision of
ours applies that file in the same way; a test fails until it does.
"""

import hashlib
import importlib.resources

from alembic import op

revision = "0002"
down_revision = "0001"
branch_labels = None
depends_on = None

NEWEST_OF_PROCRASTINATE = "03.04.00_50_post_add_retry_failed_job_procedure.sql"
SHA256 = "aa547ddb30de271d8b64f5b0063e38a265ab0f2c610d8837eedb8cd4c5095342"

UPGRADE = """
-- Two jobs with one queueing lock may not wait at the same time. Without this, a job that failed
-- or whose worker was killed could not go back to waiting while its successor waits already: it
-- would stay "doing" for ever and block its lock. It gives up the queueing lock instead, and both
-- run, one after the other. bot.queue takes the same advisory lock before it adds a job.
CREATE FUNCTION jobs_yield_queueing_lock() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    PERFORM pg_advisory_xact_lock(hashtext('queueing_lock'), hashtext(NEW.queueing_lock));
    IF EXISTS (SELECT FROM procrastinate_jobs
               WHERE queueing_lock = NEW.queueing_lock AND status = 'todo' AND id <> NEW.id) THEN
        NEW.queueing_lock := NULL;
    END IF;
    RETURN NEW;
END;
$$;
CREATE TRIGGER jobs_yield_queueing_lock
    BEFORE UPDATE OF status ON procrastinate_jobs
    FOR EACH ROW
    WHEN (OLD.status <> 'todo' AND NEW.status = 'todo' AND NEW.queueing_lock IS NOT NULL)
    EXECUTE FUNCTION jobs_yield_queueing_lock();

-- Which job a run belongs to, so that whoever enqueued it can follow it; null for a run that a
-- command did itself.
ALTER TABLE sync_runs ADD COLUMN job_id bigint;
CREATE INDEX sync_runs_job ON sync_runs (job_id) WHERE job_id IS NOT NULL;

-- The truth about when a source is synchronised; every scheduler process only mirrors it.
CREATE TABLE schedules (
    source     text PRIMARY KEY REFERENCES sources (name) ON UPDATE CASCADE ON DELETE CASCADE,
    cron       text,
    every      interval CHECK (every >= interval '1 second'),
    -- An interval is counted from here, so that saving a schedule again does not shift it.
    anchor     timestamptz NOT NULL DEFAULT now(),
    timezone   text NOT NULL DEFAULT 'UTC',
    jitter     interval NOT NULL DEFAULT '0' CHECK (jitter >= interval '0'),
    full_every interval CHECK (full_every > interval '0'),
    paused     boolean NOT NULL DEFAULT false,
    last_run   timestamptz,
    next_run   timestamptz,
    CHECK (num_nonnulls(cron, every) = 1)
);
CREATE FUNCTION schedules_changed() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    PERFORM pg_notify('supportbot_schedules', '');
    RETURN NULL;
END;
$$;
CREATE TRIGGER schedules_changed AFTER INSERT OR UPDATE OR DELETE ON schedules
    FOR EACH STATEMENT EXECUTE FUNCTION schedules_changed();
"""

DOWNGRADE = """
DROP TABLE schedules;
DROP FUNCTION schedules_changed;
ALTER TABLE sync_runs DROP COLUMN job_id;
DROP TRIGGER jobs_yield_queueing_lock ON procrastinate_jobs;
DROP FUNCTION jobs_yield_queueing_lock;
-- CASCADE: some of the functions return rows of these tables.
DROP TABLE procrastinate_events, procrastinate_periodic_defers, procrastinate_jobs,
    procrastinate_workers CASCADE;
DO $$
DECLARE one record;
BEGIN
    FOR one IN SELECT oid::regprocedure AS signature FROM pg_proc
               WHERE starts_with(proname, 'procrastinate_')
                 AND pronamespace = current_schema()::regnamespace
    LOOP
        EXECUTE 'DROP FUNCTION ' || one.signature;
    END LOOP;
END $$;
DROP TYPE procrastinate_job_to_defer_v1, procrastinate_job_status, procrastinate_job_event_type;
"""


def upgrade() -> None:
    run(procrastinate_sql())
    op.execute(UPGRADE)


def downgrade() -> None:
    run(DOWNGRADE)


def procrastinate_sql() -> str:
    """The released migrations of procrastinate up to 3.10, in their order."""
    folder = importlib.resources.files("procrastinate") / "sql" / "migrations"
    names = sorted(
        each.name
        for each in folder.iterdir()
        if each.name.endswith(".sql") and each.name <= NEWEST_OF_PROCRASTINATE
    )
    text = "\n".join((folder / name).read_text(encoding="utf-8") for name in names)
    if hashlib.sha256(text.encode()).hexdigest() != SHA256:
        raise SystemExit(
            "The installed procrastinate is not one that this version of Supportbot was written "
            "for: install the exact versions with "
            "`pip install --no-deps -r .requirements.lock .`, then migrate again."
        )
    return text


def run(statements: str) -> None:
    """Many statements as they are: no character of them stands for a parameter."""
    connection = op.get_bind().connection.driver_connection
    assert connection is not None  # noqa: S101 - it is open; for the type checker
    connection.execute(statements)
