"""`supportbot tune train`: small models that learn from exported datasets."""

from enum import StrEnum
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from bot.cli.measuring import progress
from bot.cli.opening import application, operator

if TYPE_CHECKING:
    from collections.abc import Callable

    from bot.bootstrap import Application
    from bot.triage.base import Classifier
    from bot.triage.models import Taxonomy

app = typer.Typer(
    help="Train a model on an exported dataset.", no_args_is_help=True, rich_markup_mode=None
)


class Method(StrEnum):
    """How much of the model is trained."""

    HEAD = "head"
    LORA = "lora"


@app.command("routing")
def routing(
    data: Annotated[Path, typer.Option("--data", help="The folder that `tune export` wrote")],
    method: Annotated[
        Method, typer.Option(help="head: seconds; lora: minutes, and needs supportbot[tuning]")
    ] = Method.HEAD,
    epochs: Annotated[int, typer.Option(min=1, help="Passes over the texts, for lora")] = 4,
    ask_prompt: Annotated[
        bool, typer.Option("--prompt", help="Ask the connected model the held-out cases too")
    ] = False,
) -> None:
    """Train a routing model, and measure it beside what is live on the same held-out cases."""
    from bot import terminal  # noqa: PLC0415 - keeps --help instant
    from bot.tuning.models import NewModel  # noqa: PLC0415 - as above
    from bot.tuning.routing import read_parts, train  # noqa: PLC0415 - as above

    parts = read_parts(data)
    with application() as opened, progress() as show:
        live = opened.tuned_models.in_state("routing", "live")
        trained = train(
            parts,
            method=method.value,
            embedder=opened.embedders.of(opened.index).wide,
            live=None if live is None else opened.tuned_models.artifact(live.id),
            prompt=_prompt(opened) if ask_prompt else None,
            epochs=epochs,
            on_progress=show,
        )
        number = opened.tuned_models.add(
            NewModel(
                task="routing",
                method=method.value,
                dataset=trained.dataset,
                artifact=trained.head.packed(),
                measured=trained.measured,
            ),
            actor=operator(),
        )
        verdict = opened.tuned_models.verdict(number)
    names = list(trained.measured["candidate"].figures)
    terminal.write_table(
        ("WHO", *(each.upper() for each in names)),
        (
            (who, *(f"{each.figures[name]:.3f}" for name in names))
            for who, each in trained.measured.items()
        ),
    )
    terminal.write(f"Model {number} is a candidate, measured on {len(parts.test)} held-out cases.")
    for each in verdict.against:
        terminal.write(f"Against it: {each.what}.")
    if verdict.passes:
        terminal.notice(f"Take it over with `supportbot tune promote {number}`.")


@app.command("replies")
def replies(
    data: Annotated[Path, typer.Option("--data", help="The folder that `tune export` wrote")],
    base: Annotated[
        Path, typer.Option("--base", help="A causal model: a Hugging Face folder, or a GGUF file")
    ],
    to: Annotated[Path, typer.Option("--to", help="The folder for the merged model")],
    epochs: Annotated[int, typer.Option(min=1, help="Passes over the replies")] = 3,
) -> None:
    """Fine-tune a small open model on sent replies: how to write, never what is true."""
    from bot import terminal  # noqa: PLC0415 - keeps --help instant
    from bot.tuning.writing import train_replies  # noqa: PLC0415 - as above

    with progress() as show:
        learned = train_replies(data, base, to, epochs=epochs, on_progress=show)
    losses = ", ".join(f"{each:.2f}" for each in learned.losses)
    terminal.write(f"Learned {learned.learned} replies; loss by pass: {losses}.")
    if learned.too_long:
        terminal.write(f"{learned.too_long} were too long to be learned whole, and left out.")
    terminal.notice(_served(to, learned.file))


def _served(to: Path, file: str) -> str:
    """What to do with a model that was just written."""
    how = f"vLLM, SGLang; llama.cpp takes {to / file}" if file else "vLLM, SGLang"
    return (
        f"Serve {to} with any server that speaks the Messages API ({how}), then `supportbot tune "
        "evaluate ADDRESS --name MODEL` measures it."
    )


def _prompt(opened: "Application") -> "Callable[[Taxonomy], Classifier]":
    from bot.triage.claude import ClaudeClassifier  # noqa: PLC0415 - keeps --help instant

    return lambda taxonomy: ClaudeClassifier(taxonomy=taxonomy, api=opened.extras_api)
