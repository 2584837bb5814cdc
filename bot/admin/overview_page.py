"""Overview: what is missing, what came of questions, and how everything is."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from fastapi import APIRouter, Request, Response

from bot.admin import definitions, showing
from bot.admin.charts import Plot, plot
from bot.admin.pages import Page
from bot.admin.roles import Role
from bot.admin.set_up import steps
from bot.rollups import Rollups

if TYPE_CHECKING:
    from collections.abc import Iterator

    from bot.admin.parts import Parts
    from bot.rollups import Figures

SPANS = (7, 30, 90, 365)

# Questions of these are tries, not somebody's need.
_TRIES = frozenset({"cli", "playground", "evaluation"})


@dataclass(frozen=True, kw_only=True, slots=True)
class Figure:
    """One number with what it means. `beside` says what it is made of."""

    name: str
    value: str
    means: str
    beside: str = ""


def routes(parts: Parts) -> APIRouter:
    """The first page, and the checks that it asks for once it is shown."""
    router = APIRouter()
    rollups = Rollups(pool=parts.pool)

    @router.get("/")
    def show(request: Request, days: int = 30) -> Response:
        span = days if days in SPANS else 30
        figures = rollups.read(span)
        return parts.pages.show(
            request,
            "overview.html",
            steps=steps(parts),
            days=span,
            spans=SPANS,
            counted_at=figures.counted_at,
            figures=[*figures_of(figures), *quality_figures(figures)],
            plots=[each for each in plots_of(figures) if each is not None],
        )

    @router.get("/health")
    def health(request: Request) -> Response:
        """Apart, because it looks at every part."""
        return parts.pages.show(
            request, "_health.html", connections=parts.connections(), health=parts.health()
        )

    return router


def figures_of(figures: Figures) -> Iterator[Figure]:
    """The numbers at the top."""
    outcomes = _outcomes(figures)
    taken = sum(outcomes.values())
    answered, handed = outcomes.get("answered", 0), outcomes.get("handed_off", 0)
    came = {
        name: figures.total("resolution", name)
        for name in ("confirmed", "unknown", "reopened", "human_finished", "open")
    }
    known = sum(came.values()) - came["open"]
    helpful = figures.total("rated", "helpful")
    rated = helpful + figures.total("rated", "not helpful")
    number = showing.number
    yield Figure(
        name="Deflected",
        value=showing.percent(came["confirmed"] / known if known else None),
        beside=f"{number(came['confirmed'])} confirmed, {number(came['unknown'])} unknown, "
        f"{number(came['reopened'])} reopened, {number(came['human_finished'])} finished by people",
        means=definitions.DEFLECTED,
    )
    served = {
        name: figures.total("self_service", name)
        for name in ("helped", "did not help", "contacted", "silent")
    }
    if sum(served.values()):
        yield Figure(
            name="Helped themselves",
            value=number(served["helped"]),
            beside=f"of {number(sum(served.values()))} answers on the help page; "
            f"{number(served['contacted'])} wrote to us",
            means=definitions.SELF_SERVICE,
        )
    yield Figure(
        name="Handed off",
        value=showing.percent(handed / taken if taken else None),
        beside=f"{number(handed)} of {number(taken)}",
        means=definitions.HANDED_OFF,
    )
    yield Figure(
        name="Answered",
        value=number(answered),
        beside=f"{number(outcomes.get('drafted', 0))} more drafted",
        means=definitions.ANSWERED,
    )
    yield Figure(
        name="Rated helpful",
        value=showing.percent(helpful / rated if rated else None),
        beside=f"of {number(rated)} ratings",
        means=definitions.RATED,
    )
    yield Figure(
        name="Time to answer, p95",
        value=showing.milliseconds(figures.average("latency_p95", "total")),
        beside=f"p50 {showing.milliseconds(figures.average('latency_p50', 'total'))}",
        means=definitions.LATENCY,
    )
    yield Figure(
        name="Edits answerable after",
        value=showing.length(
            figures.average("freshness", "webhook") or figures.average("freshness", "sync")
        ),
        beside="from webhooks" if figures.total("freshness", "webhook") else "from syncs",
        means=definitions.FRESHNESS,
    )
    yield Figure(
        name="Model cost",
        value=showing.dollars(figures.total("cost")),
        beside=f"{showing.dollars(figures.total('cost') / answered)} an answer" if answered else "",
        means=definitions.COST,
    )


def quality_figures(figures: Figures) -> Iterator[Figure]:
    """How good the citations of what people were given are; nothing before any was looked at."""
    for title, name in (("Statements carried", "carried"), ("Answers right", "right")):
        told = {each: figures.latest(f"quality_{name}", each) for each in ("mean", "low", "high")}
        if told["mean"] is not None:
            mean, low, high = map(showing.percent, told.values())
            answers = showing.number(figures.latest(f"quality_{name}", "answers") or 0)
            yield Figure(
                name=title,
                value=mean,
                beside=f"{low} to {high}, of {answers} answers of 30 days looked at again",
                means=definitions.CITATIONS,
            )


def plots_of(figures: Figures) -> Iterator[Plot | None]:
    """The figures over time."""
    days = figures.days
    by_surface = {
        showing.words(label.replace("/answered", "")): values
        for label, values in figures.series("outcomes").items()
        if label.endswith("/answered") and label.split("/")[0] not in _TRIES
    }
    yield plot("Answered, by surface", days, by_surface, kind="bars", about=definitions.ANSWERED)
    yield plot(
        "What came of answered tickets",
        days,
        _worded(figures.series("resolution")),
        kind="bars",
        about=definitions.DEFLECTED,
    )
    yield plot(
        "Handed off, by reason",
        days,
        _worded(figures.series("handed_off")),
        kind="bars",
        about=definitions.HANDED_OFF,
    )
    yield plot(
        "Citations, as looked at again",
        days,
        figures.series("citations"),
        show=showing.percent,
        about=definitions.CITATIONS,
    )
    yield plot(
        "Time by stage, p95",
        days,
        figures.series("latency_p95"),
        show=showing.milliseconds,
        about=definitions.LATENCY,
    )
    yield plot(
        "Edits answerable after, p50",
        days,
        figures.series("freshness"),
        show=showing.length,
        about=definitions.FRESHNESS,
    )
    yield plot(
        "Model cost, by engine",
        days,
        figures.series("cost"),
        kind="bars",
        show=showing.dollars,
        about=definitions.COST,
    )


def _outcomes(figures: Figures) -> dict[str, float]:
    """Outcome to how often, on surfaces where somebody had a question."""
    found: dict[str, float] = {}
    for label in figures.values.get("outcomes", {}):
        surface, _, outcome = label.partition("/")
        if surface not in _TRIES:
            found[outcome] = found.get(outcome, 0) + figures.total("outcomes", label)
    return found


def _worded(series: dict[str, list[float | None]]) -> dict[str, list[float | None]]:
    return {showing.words(name): values for name, values in series.items()}


PAGE = Page(path="/", title="Overview", section="See", role=Role.VIEWER, routes=routes)
