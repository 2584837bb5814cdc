"""`supportbot operations`: files for those who watch it run."""

import typer

app = typer.Typer(
    no_args_is_help=True, help="Files for those who watch it: dashboard and alert rules."
)


@app.command()
def dashboard() -> None:
    """Print a Grafana dashboard (Dashboards > New > Import)."""
    from bot import operations  # noqa: PLC0415 - keeps --help instant

    typer.echo(operations.dashboard(), nl=False)


@app.command()
def alerts() -> None:
    """Print alert rules for Prometheus (rule_files)."""
    from bot import operations  # noqa: PLC0415 - keeps --help instant

    typer.echo(operations.alerts(), nl=False)


@app.command()
def growth() -> None:
    """Print how to grow past one machine, and the numbers that say when (Markdown)."""
    from bot import operations  # noqa: PLC0415 - keeps --help instant

    typer.echo(operations.growth(), nl=False)
