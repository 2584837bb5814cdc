"""What an operator takes along: a Grafana dashboard, Prometheus alert rules, and
how to grow, as files.

They name the metrics of bot.metrics, which a test holds them to. `supportbot operations` prints
them, so that what is installed is what fits this version.
"""

from importlib.resources import files


def dashboard() -> str:
    """A Grafana dashboard, JSON as its import page takes it."""
    return _text("dashboard.json")


def alerts() -> str:
    """A Prometheus rule file, YAML."""
    return _text("alerts.yaml")


def growth() -> str:
    """How to grow past one machine, and the numbers that say when; Markdown."""
    return _text("growth.md")


def _text(name: str) -> str:
    return files(__name__).joinpath(name).read_text(encoding="utf-8")
