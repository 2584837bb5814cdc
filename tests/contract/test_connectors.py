"""What every connector must do, whatever it reads."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import AbstractContextManager, contextmanager
from pathlib import Path

import pytest

from connectors.base import Checkpoint, Connector, Delete, Upsert
from connectors.errors import ConnectorError
from connectors.registry import KINDS, Accounts
from connectors.zendesk.account import ZendeskAccount
from connectors.zendesk.login import OAuthClient
from tests.fakes.zendesk import FakeZendesk

Opened = tuple[Connector, Callable[[], None]]
"""A connector with at least two documents in it, and what makes its source unreachable."""


@contextmanager
def _files(folder: Path) -> Iterator[Opened]:
    for name in ("a", "b"):
        (folder / f"{name}.md").write_text(f"# {name}\n\nWords.")
    connector = KINDS["files"].build({"path": folder}, source="x")

    def break_it() -> None:
        for each in folder.iterdir():
            each.unlink()
        folder.rmdir()

    yield connector, break_it


def _solved_ticket(zendesk: FakeZendesk, subject: str) -> None:
    ticketing = zendesk.account.ticketing
    ticket = ticketing.ticket(ticketing.person("Ann"), subject, "How do I pitch a tent in sand?")
    ticketing.comment(
        ticket, ticketing.person("Bo", role="agent"), "Use the broad pegs and bury them lengthwise."
    )
    ticketing.change(ticket, status="solved")


@contextmanager
def _of_zendesk(kind: str) -> Iterator[Opened]:
    with FakeZendesk() as zendesk:
        section = zendesk.account.section(zendesk.account.category(en_us="C"), en_us="S")
        for name in ("a", "b"):
            zendesk.account.publish(section, name)
            zendesk.account.ticketing.macro(name, "Words.")
            _solved_ticket(zendesk, name)
        account = ZendeskAccount(
            subdomain="acme",
            credentials=OAuthClient(client_id="supportbot", client_secret="the-client-secret"),
            base_url=zendesk.base_url,
            sleep=lambda _: None,
        )

        def break_it() -> None:
            zendesk.failures.plan(503, times=99)

        accounts = Accounts(zendesk=lambda: account)
        yield KINDS[kind].build({}, source="x", accounts=accounts), break_it


def _zendesk(_folder: Path) -> AbstractContextManager[Opened]:
    return _of_zendesk("zendesk")


def _macros(_folder: Path) -> AbstractContextManager[Opened]:
    return _of_zendesk("zendesk-macros")


def _tickets(_folder: Path) -> AbstractContextManager[Opened]:
    return _of_zendesk("zendesk-tickets")


@pytest.fixture(
    params=[_files, _zendesk, _macros, _tickets],
    ids=["files", "zendesk", "zendesk-macros", "zendesk-tickets"],
)
def opened(request: pytest.FixtureRequest, tmp_path: Path) -> Iterator[Opened]:
    folder = tmp_path / "source"
    folder.mkdir()
    with request.param(folder) as made:
        yield made


def test_everything_is_delivered_and_then_a_checkpoint(opened: Opened) -> None:
    connector, _ = opened
    changes = list(connector.changes(""))
    documents = [each.document for each in changes if isinstance(each, Upsert)]

    assert isinstance(changes[-1], Checkpoint)
    assert changes[-1].cursor != ""
    assert len(documents) >= 2
    assert {each.source for each in documents} == {"x"}
    assert {each.id for each in documents} == set(connector.live_ids())


def test_a_later_run_may_repeat_but_takes_nothing_away(opened: Opened) -> None:
    connector, _ = opened
    first = list(connector.changes(""))
    assert isinstance(first[-1], Checkpoint)
    ids = {each.document.id for each in first if isinstance(each, Upsert)}

    later = list(connector.changes(first[-1].cursor))

    assert {each.document.id for each in later if isinstance(each, Upsert)} <= ids
    assert ids.isdisjoint(each.document_id for each in later if isinstance(each, Delete))


def test_a_source_that_is_gone_is_an_error_and_not_an_empty_list(opened: Opened) -> None:
    connector, break_it = opened
    assert len(list(connector.live_ids())) >= 2
    break_it()

    with pytest.raises(ConnectorError):
        list(connector.changes(""))
    with pytest.raises(ConnectorError):
        list(connector.live_ids())
