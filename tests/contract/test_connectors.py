"""What every connector must do, whatever it reads."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import AbstractContextManager, contextmanager, suppress
from dataclasses import dataclass
from pathlib import Path

import pytest

from connectors.base import Checkpoint, Connector, Delete, Failed, Upsert
from connectors.errors import ConnectorError
from connectors.registry import KINDS, Accounts
from connectors.zendesk.account import ZendeskAccount
from connectors.zendesk.login import OAuthClient
from tests.fakes.website import FakeWebsite, Reply, article
from tests.fakes.zendesk import FakeZendesk


@dataclass(frozen=True, kw_only=True)
class Opened:
    """A connector with at least two documents in it, what makes its source unreachable, and how
    many requests the source has got."""

    connector: Connector
    break_it: Callable[[], None]
    requests: Callable[[], int] = lambda: 0


@contextmanager
def _files(folder: Path) -> Iterator[Opened]:
    for name in ("a", "b"):
        (folder / f"{name}.md").write_text(f"# {name}\n\nWords.")
    connector = KINDS["files"].build({"path": folder}, source="x")

    def break_it() -> None:
        for each in folder.iterdir():
            each.unlink()
        folder.rmdir()

    yield Opened(connector=connector, break_it=break_it)


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

        yield Opened(
            connector=KINDS[kind].build({}, source="x", accounts=Accounts(zendesk=lambda: account)),
            break_it=break_it,
            requests=lambda: len(zendesk.calls("/api/")),
        )


def _zendesk(_folder: Path) -> AbstractContextManager[Opened]:
    return _of_zendesk("zendesk")


def _macros(_folder: Path) -> AbstractContextManager[Opened]:
    return _of_zendesk("zendesk-macros")


def _tickets(_folder: Path) -> AbstractContextManager[Opened]:
    return _of_zendesk("zendesk-tickets")


@contextmanager
def _website(_folder: Path) -> Iterator[Opened]:
    with FakeWebsite() as site:
        site.pages |= {"/": article("Home", links=["/a"]), "/a": article("Sizes")}
        settings = {
            "start_urls": [f"{site.url}/"],
            "ports": [site.port],
            "allow_private_hosts": ["127.0.0.1"],
            "min_interval": 0,
        }

        def break_it() -> None:
            site.pages["/robots.txt"] = Reply(status=503)

        yield Opened(
            connector=KINDS["website"].build(settings, source="x"),
            break_it=break_it,
            requests=lambda: len(site.journal),
        )


@pytest.fixture(
    params=[_files, _zendesk, _macros, _tickets, _website],
    ids=["files", "zendesk", "zendesk-macros", "zendesk-tickets", "website"],
)
def opened(request: pytest.FixtureRequest, tmp_path: Path) -> Iterator[Opened]:
    folder = tmp_path / "source"
    folder.mkdir()
    with request.param(folder) as made:
        yield made


def test_everything_is_delivered_and_then_a_checkpoint(opened: Opened) -> None:
    connector = opened.connector
    changes = list(connector.changes(""))
    documents = [each.document for each in changes if isinstance(each, Upsert)]

    assert isinstance(changes[-1], Checkpoint)
    assert changes[-1].cursor != ""
    assert len(documents) >= 2
    assert {each.source for each in documents} == {"x"}
    assert {each.id for each in documents} == set(connector.live_ids())


def test_a_later_run_may_repeat_but_takes_nothing_away(opened: Opened) -> None:
    connector = opened.connector
    first = list(connector.changes(""))
    assert isinstance(first[-1], Checkpoint)
    ids = {each.document.id for each in first if isinstance(each, Upsert)}

    later = list(connector.changes(first[-1].cursor))

    assert {each.document.id for each in later if isinstance(each, Upsert)} <= ids
    assert ids.isdisjoint(each.document_id for each in later if isinstance(each, Delete))


def test_documents_can_be_asked_for_again_though_nothing_changed(opened: Opened) -> None:
    connector = opened.connector
    *told, last = connector.changes("")
    assert isinstance(last, Checkpoint)
    ids = {each.document.id for each in told if isinstance(each, Upsert)}

    later = list(connector.changes(last.cursor, again=[*ids, "something else", "article:0:de"]))

    assert {each.document.id for each in later if isinstance(each, Upsert)} == ids
    assert ids.isdisjoint(each.document_id for each in later if isinstance(each, Delete | Failed))


def test_every_request_is_counted_and_those_that_are_repeated_too(opened: Opened) -> None:
    connector = opened.connector
    *_, last = connector.changes("")
    assert isinstance(last, Checkpoint)
    list(connector.live_ids())
    assert connector.api_calls == opened.requests()
    opened.break_it()

    with suppress(ConnectorError):
        list(connector.changes(last.cursor))

    assert connector.api_calls == opened.requests()


def test_a_source_that_is_gone_is_an_error_and_not_an_empty_list(opened: Opened) -> None:
    connector = opened.connector
    assert len(list(connector.live_ids())) >= 2
    opened.break_it()

    with pytest.raises(ConnectorError):
        list(connector.changes(""))
    with pytest.raises(ConnectorError):
        list(connector.live_ids())
