"""`supportbot schedules`: when each source is synchronised, as on the admin pages."""

from datetime import UTC, datetime
from typing import TYPE_CHECKING, Annotated, Any

import typer

from bot.cli.opening import application, operator
from bot.errors import InputRejected

if TYPE_CHECKING:
    from bot.schedules import Schedule
    from bot.timing import Timing

app = typer.Typer(
    help="Say when sources are synchronised by themselves.",
    no_args_is_help=True,
    rich_markup_mode=None,
)

Name = Annotated[str, typer.Argument(help="The source's name")]
AsJson = Annotated[bool, typer.Option("--json", help="Print JSON")]


@app.command("list")
def list_all(as_json: AsJson = False) -> None:
    """List the schedules with their last and next runs."""
    from bot import terminal  # noqa: PLC0415 - keeps --help instant

    with application() as opened:
        schedules = opened.schedules.all()
    if as_json:
        terminal.write_json([_json(each) for each in schedules])
    elif schedules:
        terminal.write_table(
            ("SOURCE", "WHEN", "LAST RUN", "NEXT RUN"),
            ((each.source, _when(each), _moment(each.last_run), _next(each)) for each in schedules),
        )
    else:
        terminal.notice(
            "There is no schedule yet. Make one, as in `supportbot schedules set docs --every 1h`."
        )


@app.command("set")
def set_one(
    source: Name,
    every: Annotated[str | None, typer.Option(help="An interval, such as 15m, 6h or 1h30m")] = None,
    cron: Annotated[
        str | None, typer.Option(help="Five cron fields, such as '0 3 * * mon-fri'")
    ] = None,
    timezone: Annotated[
        str | None, typer.Option(help="The time zone of --cron, such as Europe/Berlin; else UTC")
    ] = None,
    jitter: Annotated[str, typer.Option(help="Start up to this much later, by chance")] = "0s",
    full_every: Annotated[
        str | None, typer.Option(help="Read everything anew after this long, such as 7d")
    ] = None,
) -> None:
    """Make or change the schedule of a source, and print its next five runs."""
    from bot import terminal  # noqa: PLC0415 - keeps --help instant
    from bot.timing import duration, next_times  # noqa: PLC0415 - keeps --help instant

    timing = _timing(every=every, cron=cron, timezone=timezone)
    spread, full = duration(jitter), duration(full_every) if full_every else None
    if full is not None and not full:
        raise InputRejected("--full-every is zero. Leave it out, or name a time such as 7d.")
    with application() as opened:
        schedule = opened.schedules.set(
            source, timing, jitter=spread, full_every=full, actor=operator()
        )
    terminal.write(f"{source} is synchronised {_when(schedule)}. Next runs:")
    for moment in next_times(schedule.timing, after=datetime.now(UTC)):
        terminal.write(f"  {_local(moment, schedule)}")
    if schedule.paused:
        terminal.notice(f"It is paused: `supportbot schedules resume {source}` lets it run.")


@app.command("pause")
def pause(source: Name) -> None:
    """Plan no more runs of this source for now."""
    from bot import terminal  # noqa: PLC0415 - keeps --help instant

    with application() as opened:
        opened.schedules.pause(source, actor=operator())
    terminal.write(f"Paused. `supportbot schedules resume {source}` lets it run again.")


@app.command("resume")
def resume(source: Name) -> None:
    """Plan runs of this source again, from now on."""
    from bot import terminal  # noqa: PLC0415 - keeps --help instant

    with application() as opened:
        schedule = opened.schedules.resume(source, actor=operator())
    terminal.write(f"Resumed. Next run: {_next(schedule)}.")


@app.command("remove")
def remove(source: Name) -> None:
    """Remove the schedule of a source; the source stays, and syncs when you ask."""
    from bot import terminal  # noqa: PLC0415 - keeps --help instant

    with application() as opened:
        opened.schedules.remove(source, actor=operator())
    terminal.write(f"Removed the schedule of {source}.")


@app.command("run")
def run(
    source: Name,
    full: Annotated[
        bool, typer.Option("--full", help="From the start, not only what changed since last time")
    ] = False,
) -> None:
    """Let a worker synchronise this source now; `supportbot sync` also shows how it goes."""
    from bot import terminal  # noqa: PLC0415 - keeps --help instant

    with application() as opened:
        enqueued = opened.schedules.run_now(source, full=full, actor=operator())
        alive = opened.queue.worker_alive()
    terminal.write("Enqueued." if enqueued.is_new else "It was waiting; it goes first now.")
    if not alive:
        terminal.notice("No worker runs: start `supportbot worker` (or `supportbot up`).")


def _timing(*, every: str | None, cron: str | None, timezone: str | None) -> "Timing":
    from bot import timing  # noqa: PLC0415 - keeps --help instant

    if (every is None) == (cron is None):
        raise InputRejected("Say when: either --every, such as 1h, or --cron '0 3 * * *'.")
    if cron is not None:
        return timing.cron(cron, timezone=timezone or "UTC")
    if timezone is not None:
        raise InputRejected("--timezone belongs to --cron: an interval is the same everywhere.")
    return timing.interval(timing.duration(every or ""), anchor=datetime.now(UTC))


def _when(schedule: "Schedule") -> str:
    from bot.timing import Cron, shown  # noqa: PLC0415 - keeps --help instant

    timing = schedule.timing
    if isinstance(timing, Cron):
        text = f"at '{timing.expression}' {timing.timezone}"
    else:
        text = f"every {shown(timing.every)}"
    if schedule.jitter:
        text += f", up to {shown(schedule.jitter)} later"
    if schedule.full_every:
        text += f", in full every {shown(schedule.full_every)}"
    return text


def _next(schedule: "Schedule") -> str:
    return "paused" if schedule.paused else _moment(schedule.next_run)


def _moment(moment: datetime | None) -> str:
    return f"{moment.astimezone(UTC):%Y-%m-%d %H:%M} UTC" if moment else "never"


def _local(moment: datetime, schedule: "Schedule") -> str:
    from bot.timing import Cron, zone  # noqa: PLC0415 - keeps --help instant

    timing = schedule.timing
    local = moment.astimezone(zone(timing.timezone) if isinstance(timing, Cron) else UTC)
    return f"{local:%Y-%m-%d %H:%M %Z}"


def _json(schedule: "Schedule") -> dict[str, Any]:
    from bot.timing import Cron, shown  # noqa: PLC0415 - keeps --help instant

    timing = schedule.timing
    return {
        "source": schedule.source,
        "cron": timing.expression if isinstance(timing, Cron) else None,
        "every": None if isinstance(timing, Cron) else shown(timing.every),
        "timezone": timing.timezone if isinstance(timing, Cron) else "UTC",
        "jitter": shown(schedule.jitter),
        "full_every": shown(schedule.full_every) if schedule.full_every else None,
        "paused": schedule.paused,
        "last_run": schedule.last_run.isoformat() if schedule.last_run else None,
        "next_run": schedule.next_run.isoformat() if schedule.next_run else None,
    }
