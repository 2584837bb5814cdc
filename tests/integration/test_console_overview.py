"""The overview: figures are counted as they are defined, by day, and read from what was counted."""

from datetime import UTC, date, datetime, timedelta
from typing import Any

from psycopg import Connection
from psycopg_pool import ConnectionPool

from bot.admin.charts import plot
from bot.admin.overview_page import figures_of, quality_figures
from bot.jobs.upkeep import Upkeep
from bot.queue import Queue
from bot.rollups import RECENT, SETTLING, Rollups
from tests.console import Browser, somebody
from tests.integration.console import Serve, serve

__all__ = ["serve"]

Pool = ConnectionPool[Connection[Any]]

_QUESTION = """
INSERT INTO questions (id, surface, text, locale, audience, outcome, reason, detail, tags, evidence,
    engine, model, prompt_version, embedding_index, input_tokens, output_tokens, cache_read_tokens,
    cache_write_tokens, cost_usd, latency_ms, asked_at)
VALUES (gen_random_uuid(), %s, 'q', 'en', '{public}', %s, %s, '', '{}', 0, 'claude', '', '', 1,
    0, 0, 0, 0, 0.5, '{"total": 200}', now() - %s::interval)
RETURNING id
"""
_TURN = """
INSERT INTO ticket_turns (id, ticket_id, state, outcome, reason, asked_at, decided_at, done_at)
VALUES (gen_random_uuid(), %s, 'done', %s, %s, now(), now() - %s::interval, now())
"""


def ask(pool: Pool, surface: str, outcome: str, reason: str | None = None, ago: str = "0") -> Any:
    with pool.connection() as connection:
        row = connection.execute(_QUESTION, (surface, outcome, reason, ago)).fetchone()
    assert row is not None
    return row[0]


def numbers(pool: Pool, days: int = 30) -> dict[str, tuple[str, str]]:
    return {
        each.name: (each.value, each.beside) for each in figures_of(Rollups(pool=pool).read(days))
    }


def test_figures_count_what_their_definitions_say(serve: Serve, pool: Pool) -> None:
    rated = ask(pool, "slack", "answered")
    ask(pool, "slack", "handed_off", "missing_knowledge")
    ask(pool, "zendesk", "answered")  # counted as the turn of its ticket
    ask(pool, "playground", "answered")  # nobody's need
    with pool.connection() as connection:
        for ticket, outcome, reason in (
            (1, "answered", ""),
            (2, "answered", ""),
            (3, "handed_off", "customer_request"),
            (4, "ignored", ""),
        ):
            connection.execute(_TURN, (ticket, outcome, reason, "0"))
        connection.execute(
            "INSERT INTO tickets (ticket_id, answered_at, confirmed_at) VALUES"
            " (1, now() - interval '4 days', now()), (2, now() - interval '4 days', NULL),"
            " (5, now(), NULL)"
        )
        connection.execute(
            "INSERT INTO feedback (question_id, surface, person, helpful)"
            " VALUES (%s, 'slack', 'U1', true), (%s, 'slack', 'U2', false)",
            (rated, rated),
        )
    browser = Browser(serve(), pool, somebody(pool))
    assert "Nothing was counted yet" in browser.page("/").get_text()

    assert Rollups(pool=pool).refresh(RECENT) > 0

    assert numbers(pool)["Deflected"] == (
        "50.0%",
        "1 confirmed, 1 unknown, 0 reopened, 0 finished by people",
    )
    assert numbers(pool)["Handed off"] == ("40.0%", "2 of 5")
    assert numbers(pool)["Answered"][0] == "3"
    assert numbers(pool)["Rated helpful"][0] == "50.0%"
    assert numbers(pool)["Model cost"][0] == "2.00 USD"
    assert numbers(pool)["Time to answer, p95"][0] == "200 ms"
    page = browser.page("/?days=7")
    assert "50.0%" in page.get_text()
    assert page.select_one("svg.plot path.series-1") is not None
    assert {"customer request", "missing knowledge"} <= {
        each.get_text() for each in page.select("table th")
    }
    assert "No worker runs" not in browser.page("/health").get_text()


def test_the_second_look_at_citations_is_shown_with_its_interval_and_over_time(
    serve: Serve, pool: Pool
) -> None:
    with pool.connection() as connection:
        for supported, faults, ago in ((4, "[]", 0), (3, '["number"]', 1), (4, "[]", 1)):
            number = ask(pool, "slack", "answered", ago=f"{ago} days")
            connection.execute(
                "INSERT INTO answer_checks (question_id, statements, supported, citations, needed,"
                " gone, faults, sampled, sent_at)"
                " VALUES (%s, 4, %s, 5, 4, 0, %s, true, now() - make_interval(days => %s))",
                (number, supported, faults, ago),
            )
    rollups, upkeep = Rollups(pool=pool), Upkeep(queue=Queue(pool=pool), pool=pool)
    assert list(quality_figures(rollups.read(7))) == []
    upkeep.figures(0)
    upkeep.settle_figures(0)

    page = Browser(serve(), pool, somebody(pool)).page("/?days=7")
    words = " ".join(page.get_text(" ").split())

    carried, right = quality_figures(rollups.read(7))
    assert (carried.value, right.value) == ("91.7%", "66.7%")
    assert carried.beside.endswith("of 3 answers of 30 days looked at again")
    assert f"{carried.beside} What this counts" in words
    series = rollups.read(7).series("citations")
    assert [each for each in series["statements carried"] if each is not None] == [0.875, 1.0]
    assert "Citations, as looked at again" in words


def test_what_came_of_a_ticket_later_is_counted_again_at_night(pool: Pool) -> None:
    rollups = Rollups(pool=pool)
    with pool.connection() as connection:
        connection.execute(
            "INSERT INTO tickets (ticket_id, answered_at) VALUES (1, now() - interval '9 days')"
        )
    rollups.refresh(RECENT)
    with pool.connection() as connection:
        connection.execute("UPDATE tickets SET reopened_at = now()")

    rollups.refresh(RECENT)
    assert rollups.read(30).total("resolution", "unknown") == 1
    rollups.refresh(SETTLING)
    assert rollups.read(30).total("resolution", "unknown") == 0
    assert rollups.read(30).total("resolution", "reopened") == 1
    assert rollups.read(7).total("resolution") == 0
    assert len(rollups.read(365).days) == 365
    assert rollups.read(7).days[-1] == datetime.now(UTC).date()


def test_counting_twice_counts_nothing_twice(pool: Pool) -> None:
    ask(pool, "slack", "answered", ago="2 hours")
    rollups = Rollups(pool=pool)

    for _ in range(3):
        rollups.refresh(SETTLING)

    assert rollups.read(30).total("outcomes") == 1


def test_a_plot_shows_every_number_and_runs_nothing() -> None:
    days = [date(2026, 1, 1) + timedelta(days=number) for number in range(200)]
    series = {f'<script>"{n}"': [float(n)] * 200 for n in range(9)}

    drawn = plot("Answered", days, series, kind="bars")

    assert drawn is not None
    assert "<script" not in drawn.svg
    assert "style=" not in drawn.svg
    assert drawn.names[-1] == "all others"
    assert len(drawn.rows) == 29, "put together by the week"
    assert sum(float(row[1][0].replace(",", "")) for row in drawn.rows) == 200
    assert plot("Answered", days, {"none": [0.0] * 200}) is None
    assert plot("Answered", days[:1], {"one": [3.0]}) is not None
