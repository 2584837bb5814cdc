"""`supportbot advise`: why answers fail, and what to do about it first."""

from typing import TYPE_CHECKING, Annotated, Any

import typer

from bot.cli.measuring import (
    ArticlesPath,
    JsonPath,
    Locale,
    Questions,
    SetName,
    asked,
    ground,
    progress,
)
from bot.cli.opening import application

if TYPE_CHECKING:
    from bot.bootstrap import Application
    from bot.evaluation.advice import Advice, Advised
    from bot.evaluation.plateau import Plateau

_NAMED = 3
"""Cases that are named for each piece of advice; --json names all."""


def advise(
    questions: Questions = None,
    set_name: SetName = None,
    articles: ArticlesPath = None,
    locale: Locale = None,
    slow: Annotated[
        float, typer.Option(min=0.001, help="Seconds after which an answer is too slow")
    ] = 10.0,
    json_path: JsonPath = None,
) -> None:
    """Ask questions whose answer is known, find where each wrong answer went wrong, and say what
    to do: content to write, retrieval to mend, a prompt to change, or a model to tune.

    Uses the engine that is set; with a model, this costs what its answers cost.
    """
    from bot.evaluation import advice as advising  # noqa: PLC0415 - keeps --help instant
    from bot.evaluation import report  # noqa: PLC0415 - keeps --help instant
    from bot.evaluation.articles import articles_for  # noqa: PLC0415 - keeps --help instant
    from bot.evaluation.diagnosis import Diagnosis  # noqa: PLC0415 - keeps --help instant
    from bot.language import LanguageDetector  # noqa: PLC0415 - keeps --help instant
    from bot.support import NoRecords  # noqa: PLC0415 - keeps --help instant

    with application() as opened, progress() as show:
        chosen = asked(opened, questions, set_name, locale)
        given = articles_for(articles, chosen.cases)
        with ground(opened, given, show) as on:
            retriever = opened.retriever_over(on.pool, on.index)
            diagnosis = Diagnosis(
                respond=opened.desk_over(retriever, recorder=NoRecords()).respond,
                retriever=retriever,
                pool=on.pool,
                index=on.index,
                language_of=LanguageDetector(default="").locale_of,
                tag_of=_tag_of(opened) if given is None else None,
                slow=slow * 1000,
            )
            failures = diagnosis.failures(chosen.cases, show)
        found = advising.advise(
            len(chosen.cases),
            failures,
            _plateau(opened, chosen.name),
            engine=opened.engine.name,
        )
    _write(found)
    if json_path:
        report.write_json(json_path, _json(found))


def _tag_of(opened: "Application") -> "Any":
    def tag_of(text: str, locale: str) -> str:
        routed = opened.router.route(text, locale=locale).tag
        return routed.name if routed else ""

    return tag_of if opened.routing_tags.read().enabled else None


def _plateau(opened: "Application", cases_name: str) -> "Plateau":
    from bot.evaluation.runs import EvaluationRuns  # noqa: PLC0415 - keeps --help instant
    from bot.evaluation.trend import retrieval_trend  # noqa: PLC0415 - keeps --help instant

    return retrieval_trend(EvaluationRuns(pool=opened.pool), cases_name)


def _write(found: "Advised") -> None:
    from bot import terminal  # noqa: PLC0415 - keeps --help instant
    from bot.evaluation.trend import said_of  # noqa: PLC0415 - keeps --help instant

    terminal.write(f"{found.failed} of {found.cases} questions fail.")
    if found.advice:
        terminal.write("")
        terminal.write_table(
            ("FIRST BROKEN", "CASES", "SHARE", "RIGHT MORE IF MENDED (95 %)", "WHAT TO DO"),
            (_row(each) for each in found.advice),
        )
    for each in found.advice:
        terminal.write(f"\n{each.stage.replace('_', ' ')}: {each.says}")
        for one in each.failures[:_NAMED]:
            terminal.write(f"- {one.case.question[:160]} ({one.broken.detail})")
        if len(each.failures) > _NAMED:
            terminal.write(f"- and {len(each.failures) - _NAMED} more")
    terminal.write(f"\n{said_of(found.plateau)}")


def _row(each: "Advice") -> tuple[object, ...]:
    gain = each.gain
    return (
        each.stage.replace("_", " "),
        len(each.failures),
        f"{each.share:.0%}",
        f"{gain.mean:+.1%} of all ({gain.low:+.1%} to {gain.high:+.1%})",
        each.remedy,
    )


def _json(found: "Advised") -> dict[str, Any]:
    gain = found.plateau.gain
    return {
        "cases": found.cases,
        "failed": found.failed,
        "advice": [
            {
                "stage": str(each.stage),
                "remedy": each.remedy,
                "share": each.share,
                "gain": each.gain.mean,
                "interval": [each.gain.low, each.gain.high],
                "cases": [
                    {
                        "id": one.case.id,
                        "question": one.case.question,
                        "detail": one.broken.detail,
                    }
                    for one in each.failures
                ],
            }
            for each in found.advice
        ],
        "retrieval": {
            "trend": found.plateau.trend,
            "runs": found.plateau.runs,
            "cases": found.plateau.cases,
            "latest": found.plateau.latest,
            "gain": None if gain is None else [gain.mean, gain.low, gain.high],
        },
    }
