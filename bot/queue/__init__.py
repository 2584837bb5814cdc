"""The queue of jobs, on the same PostgreSQL: procrastinate's tables, and our rules for them.

Tasks are named by string, so that a webhook or a page enqueues work without importing what does
it. A job is enqueued through the caller's own connection where there is one: either what the
caller wrote and the job are both there, or neither is. procrastinate itself is only imported
where jobs run.
"""

from bot.queue.books import (
    ALIVE_WITHIN,
    HEARTBEAT,
    MOST_ATTEMPTS,
    MOST_TOLD,
    STALLED_AFTER,
    Enqueued,
    Queue,
    ToldArticle,
)
from bot.queue.jobs import (
    Job,
    Lane,
    Priority,
    TaskName,
    advice_job,
    article_job,
    draft_job,
    gaps_job,
    rebuild_job,
    retry_job,
    shown_draft_job,
    switch_job,
    sync_job,
)

__all__ = [
    "ALIVE_WITHIN",
    "HEARTBEAT",
    "MOST_ATTEMPTS",
    "MOST_TOLD",
    "STALLED_AFTER",
    "Enqueued",
    "Job",
    "Lane",
    "Priority",
    "Queue",
    "TaskName",
    "ToldArticle",
    "advice_job",
    "article_job",
    "draft_job",
    "gaps_job",
    "rebuild_job",
    "retry_job",
    "shown_draft_job",
    "switch_job",
    "sync_job",
]
