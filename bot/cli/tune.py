"""`supportbot tune`: datasets from what people decided, and models that learn from them."""

from pathlib import Path
from typing import Annotated

import typer

from bot.cli.opening import application, operator

app = typer.Typer(
    help="Export what people decided, train small models on it, and switch between them.",
    no_args_is_help=True,
    rich_markup_mode=None,
)


@app.command("export")
def export(
    to: Annotated[Path, typer.Option("--to", help="The folder to write into")],
) -> None:
    """Write routing and reply datasets, de-identified, with a card that says what is in them."""
    from bot import terminal  # noqa: PLC0415 - keeps --help instant
    from bot.tuning.export import export as write  # noqa: PLC0415 - as above

    with application() as opened:
        datasets = write(opened.pool, to, actor=operator())
    terminal.write_table(
        ("TASK", "TRAIN", "CALIBRATION", "TEST", "LEFT OUT"),
        ((each.task, *each.parts.values(), sum(each.left_out.values())) for each in datasets),
    )
    terminal.notice(f"Written to {to}. CARD.md says how it was made and what it may be used for.")
