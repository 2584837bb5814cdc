"""`supportbot tune`: datasets from what people decided, and models that learn from them."""

from enum import StrEnum
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from bot.cli import training
from bot.cli.measuring import progress
from bot.cli.opening import application, operator

if TYPE_CHECKING:
    from bot.tuning.models import TunedModel

app = typer.Typer(
    help="Export what people decided, train small models on it, and switch between them.",
    no_args_is_help=True,
    rich_markup_mode=None,
)
app.add_typer(training.app, name="train")


TicketsRead = Annotated[
    int,
    typer.Option(
        "--tickets", min=0, help="Solved tickets, the newest first, that replies are read from"
    ),
]


@app.command("export")
def export(
    to: Annotated[Path, typer.Option("--to", help="The folder to write into")],
    tickets: TicketsRead = 5_000,
) -> None:
    """Write routing and reply datasets, de-identified, with a card that says what is in them."""
    from bot import terminal  # noqa: PLC0415 - keeps --help instant
    from bot.tuning.export import export as write  # noqa: PLC0415 - as above

    with application() as opened, progress() as show:
        datasets = write(
            opened.pool,
            to,
            retriever=lambda: opened.retriever,
            actor=operator(),
            tickets=tickets,
            on_progress=show,
        )
    terminal.write_table(
        ("TASK", "TRAIN", "CALIBRATION", "TEST", "LEFT OUT"),
        ((each.task, *each.parts.values(), sum(each.left_out.values())) for each in datasets),
    )
    terminal.notice(f"Written to {to}. CARD.md says how it was made and what it may be used for.")


class TunedTask(StrEnum):
    """What a model is for."""

    ROUTING = "routing"
    REPLIES = "replies"


Model = Annotated[int, typer.Argument(help="The model's number in `tune list`")]


@app.command("evaluate")
def evaluate(
    address: Annotated[str, typer.Argument(help="The server, such as http://127.0.0.1:8000")],
    name: Annotated[str, typer.Option("--name", help="What the server calls the model")],
    tickets: TicketsRead = 5_000,
) -> None:
    """Measure a served reply model beside what is live, and keep it as a candidate."""
    from bot import terminal  # noqa: PLC0415 - keeps --help instant
    from bot.errors import InputRejected  # noqa: PLC0415 - as above
    from bot.tuning.models import NewModel  # noqa: PLC0415 - as above
    from bot.tuning.solved import reply_cases  # noqa: PLC0415 - as above
    from bot.tuning.splits import split  # noqa: PLC0415 - as above
    from bot.tuning.writing import measure_replies  # noqa: PLC0415 - as above

    with application() as opened, progress() as show:
        found = reply_cases(
            opened.pool, lambda: opened.retriever, tickets=tickets, on_progress=show
        )
        cases = split(found.cases).test
        if not cases:
            raise InputRejected(
                "No reply is held out yet: people must have sent more drafts, or solved more "
                "tickets with what articles say."
            )
        measured = {
            "live": measure_replies(opened.engine, cases),
            "candidate": measure_replies(opened.served_engine(address, name), cases),
        }
        number = opened.tuned_models.add(
            NewModel(
                task="replies",
                method="served",
                dataset=f"{len(cases)} replies",
                address=address,
                served_name=name,
                measured=measured,
            ),
            actor=operator(),
        )
        verdict = opened.tuned_models.verdict(number)
    terminal.write_table(
        ("WHO", "ACCURACY", "ANSWERED", "LIKENESS"),
        ((who, *(f"{value:.3f}" for value in each.figures.values()))
         for who, each in measured.items()),
    )  # fmt: skip
    terminal.write(f"Model {number} is a candidate, measured on {len(cases)} held-out replies.")
    for each in verdict.against:
        terminal.write(f"Against it: {each.what}.")


@app.command("list")
def list_models() -> None:
    """List the tuned models: what each is for, its state, and how it measured."""
    from bot import terminal  # noqa: PLC0415 - keeps --help instant

    with application() as opened:
        models = opened.tuned_models.all()
    terminal.write_table(
        ("MODEL", "TASK", "METHOD", "STATE", "MADE", "DATASET", "ACCURACY", "LIVE THEN"),
        (
            (
                each.id, each.task, each.method, each.state, f"{each.made_at:%Y-%m-%d %H:%M}",
                each.dataset, _accuracy(each, "candidate"), _accuracy(each, "live"),
            )
            for each in models
        ),
    )  # fmt: skip


@app.command("promote")
def promote(
    model: Model,
    force: Annotated[
        bool, typer.Option("--force", help="Even where something stands against it")
    ] = False,
) -> None:
    """Let a candidate decide, if its target rises and no guarded figure falls."""
    from bot import terminal  # noqa: PLC0415 - keeps --help instant

    with application() as opened:
        verdict = opened.tuned_models.promote(model, actor=operator(), force=force)
    terminal.write(
        f"Model {model} is live. Routing follows with its next decision; for a reply model, start "
        "the processes again."
    )
    for each in verdict.against:
        terminal.write(f"Forced, although {each.what}.")


@app.command("rollback")
def rollback(task: Annotated[TunedTask, typer.Argument(help="routing or replies")]) -> None:
    """Go back to what was live before."""
    from bot import terminal  # noqa: PLC0415 - keeps --help instant

    with application() as opened:
        back = opened.tuned_models.rollback(task.value, actor=operator())
    now = f"Model {back}" if back is not None else "The product without a tuned model"
    terminal.write(f"{now} is live for {task.value} again.")


@app.command("shadow")
def shadow(
    model: Annotated[int | None, typer.Argument(help="The model's number; none shows")] = None,
    off: Annotated[bool, typer.Option("--off", help="Let none decide in the shadow")] = False,
) -> None:
    """Let a model decide beside the live one without effect, or show how far they agree."""
    from bot import terminal  # noqa: PLC0415 - keeps --help instant
    from bot.tuning.shadows import ShadowDecisions  # noqa: PLC0415 - as above

    with application() as opened:
        if off or model is not None:
            opened.tuned_models.shadow(model, task="routing", actor=operator())
            terminal.write("None is in the shadow." if off else f"Model {model} is in the shadow.")
            return
        beside = opened.tuned_models.in_state("routing", "shadow")
        rows = () if beside is None else ShadowDecisions(pool=opened.pool).agreement(beside.id)
    if beside is None:
        terminal.write("None is in the shadow. `supportbot tune shadow NUMBER` puts one there.")
        return
    seen = sum(each.decisions for each in rows)
    same = sum(each.decisions for each in rows if each.live == each.shadow)
    terminal.write(f"Model {beside.id} said the same in {same} of {seen} decisions.")
    terminal.write_table(
        ("LIVE", "SHADOW", "DECISIONS", "LIVE SURE", "SHADOW SURE"),
        (
            (
                each.live or "none", each.shadow or "none", each.decisions,
                f"{each.live_confidence:.0%}", f"{each.shadow_confidence:.0%}",
            )
            for each in rows
        ),
    )  # fmt: skip


def _accuracy(model: "TunedModel", who: str) -> str:
    figures = model.figures.get(who, {})
    return f"{figures['accuracy']:.3f}" if "accuracy" in figures else "-"
