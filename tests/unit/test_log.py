"""The log: one format for all, ids on each line, and nothing in it that must not be there."""

import io
import json
import logging
from collections.abc import Iterator

import pytest
import structlog

from bot import log


@pytest.fixture
def stream() -> Iterator[io.StringIO]:
    root = logging.getLogger()
    before = (root.handlers[:], root.level)
    yield io.StringIO()
    root.handlers[:], root.level = before
    structlog.reset_defaults()


def test_lines_of_ours_and_of_libraries_are_json_with_the_bound_ids(stream: io.StringIO) -> None:
    log.configure(log_format="json", stream=stream)

    with structlog.contextvars.bound_contextvars(question="q1"):
        structlog.get_logger("bot.x").info("done", action="answer")
        logging.getLogger("indexing.y").info("stored", extra={"action": "index"})

    ours, library = map(json.loads, stream.getvalue().splitlines())
    assert (ours["event"], ours["action"], ours["question"]) == ("done", "answer", "q1")
    assert (library["event"], library["action"], library["question"]) == ("stored", "index", "q1")
    assert {"level", "timestamp", "logger"} <= ours.keys()


@pytest.mark.parametrize("log_format", ["json", "console"])
def test_secrets_and_addresses_are_struck_out_also_of_tracebacks(
    stream: io.StringIO, log_format: log.LogFormat
) -> None:
    log.configure(log_format=log_format, stream=stream, secrets=['sk-"quoted"-key', "abc"])
    logger = structlog.get_logger("bot.x")

    logger.info("sent", key='sk-"quoted"-key', to="jane.doe+x@mail.example.com")
    try:
        int('sk-"quoted"-key of joe@example.com')
    except ValueError:
        logger.exception("failed abc")

    text = stream.getvalue()
    assert "quoted" not in text
    assert "example.com" not in text
    assert "failed abc" in text  # too short to be taken for a secret
    assert "ValueError" in text


def test_debug_lines_of_libraries_stay_out_even_when_ours_are_wanted(stream: io.StringIO) -> None:
    log.configure(log_format="json", level=logging.DEBUG, stream=stream)

    logging.getLogger("anthropic").debug("request body")
    logging.getLogger("bot.x").debug("ours")

    assert [json.loads(line)["event"] for line in stream.getvalue().splitlines()] == ["ours"]
