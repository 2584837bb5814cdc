"""From the settings of an account to a passage that answers: Zendesk articles in a real index."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from pathlib import Path
from typing import TYPE_CHECKING

import pytest

from bot import doctor, settings
from bot.bootstrap import Application
from bot.bootstrap.choices import zendesk_account
from bot.queue import Queue, article_job
from bot.runs import SyncReport
from bot.sources import Source, Sources
from bot.sync import Sync
from connectors.errors import SourceMisconfigured
from indexing.models import Reader
from tests.fakes.zendesk import FakeZendesk

if TYPE_CHECKING:
    from tests.integration.conftest import Knowledge

Load = Callable[[str], settings.Settings]
"""Settings of the account with these further lines."""

OAUTH = "ZENDESK_CLIENT_ID=supportbot\nZENDESK_CLIENT_SECRET=the-client-secret\n"
LEGACY = "ZENDESK_EMAIL=bot@acme.example\nZENDESK_API_TOKEN=the-api-token\n"


@pytest.fixture
def zendesk() -> Iterator[FakeZendesk]:
    with FakeZendesk() as running:
        yield running


@pytest.fixture
def settings_with(
    zendesk: FakeZendesk, database_url: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> Load:
    for name in settings.names():
        monkeypatch.delenv(name, raising=False)

    def load(lines: str) -> settings.Settings:
        env_file = tmp_path / ".env"
        env_file.write_text(
            f"ZENDESK_SUBDOMAIN=acme\nZENDESK_BASE_URL={zendesk.base_url}\n"
            f"DATABASE_URL={database_url}\n{lines}"
        )
        return settings.load(env_file)

    return load


def test_an_article_is_found_from_publishing_to_archiving(
    zendesk: FakeZendesk, settings_with: Load, knowledge: Knowledge
) -> None:
    account = zendesk.account
    section = account.section(account.category(en_us="Orders"), en_us="Returns")
    article = account.publish(
        section, "Returning an item", "<p>You can return an unworn item within 45 days.</p>"
    )
    account.publish(section, "Gift cards", "<p>Gift cards are valid for three years.</p>")
    sources = Sources(pool=knowledge.pool)
    sources.add(Source(name="help", kind="zendesk", config={}))
    with Application(settings=settings_with(OAUTH)) as application:

        def sync(*, full: bool = False) -> SyncReport:
            source = sources.get("help").source
            runner = Sync(pool=knowledge.pool, indexer=knowledge.indexer)
            return runner.run(source, application.connector(source), full=full)

        def found(reader: Reader) -> bool:
            passages = knowledge.retriever.retrieve("How long may I return an item?", reader)
            return f"article:{article.id}:en-us" in {each.document_id for each in passages}

        first = sync()
        assert (first.added, first.failed, first.error) == (2, 0, "")
        assert found(Reader.customer())

        account.restrict(article, account.segment("Staff", user_type="staff"))
        second = sync()
        assert (second.added, second.removed, second.error) == (0, 0, "")
        assert not found(Reader.customer())
        assert found(Reader.agent())

        account.archive(article)
        assert sync(full=True).removed == 1
        assert not found(Reader.agent())


def test_a_long_run_does_not_keep_what_webhooks_tell_of_waiting(
    zendesk: FakeZendesk, settings_with: Load, knowledge: Knowledge
) -> None:
    account = zendesk.account
    section = account.section(account.category(en_us="Orders"), en_us="Returns")
    articles = [
        account.publish(section, f"Article {number}", f"<p>Text number {number}.</p>")
        for number in range(250)
    ]
    late = account.publish(section, "Later", "<p>It will be shown.</p>", draft=True)
    sources, queue = Sources(pool=knowledge.pool), Queue(pool=knowledge.pool)
    sources.add(Source(name="help", kind="zendesk", config={}))
    happened: list[str] = []

    def meanwhile() -> None:
        """Before each answer: Zendesk tells of something while the second page is asked for, and
        once more while the third is."""
        asked = [each for each in zendesk.journal if each.path.endswith("/articles.json")]
        if len(asked) == 1 and not happened:
            happened.append("first")
            account.set_draft(articles[0], True)
            account.set_draft(late, False)
            for each in (articles[0], late):
                queue.enqueue(article_job("help", str(each.id), event="first"))
        if len(asked) == 2 and len(happened) == 1:
            happened.append("second")
            account.set_draft(late, True)
            queue.enqueue(article_job("help", str(late.id), event="second"))

    zendesk.meanwhile = meanwhile
    with Application(settings=settings_with(OAUTH)) as application:
        source = sources.get("help").source
        report = Sync(pool=knowledge.pool, indexer=knowledge.indexer).run(
            source,
            application.connector(source),
            told=lambda: queue.told_articles("help"),
        )
    assert report.succeeded, report.error
    assert happened == ["first", "second"]
    indexed = {row[0] for row in knowledge.rows("SELECT id FROM documents")}
    assert indexed == {f"article:{each.id}:en-us" for each in articles[1:]}
    # Who has told of everything is not asked for the list of it once more.
    assert len([each for each in zendesk.journal if each.path.endswith("/articles.json")]) == 3
    waiting = queue.told_articles("help")  # their jobs come all the same, and find nothing to do
    assert [(each.article, each.event) for each in waiting] == [
        (str(articles[0].id), "first"), (str(late.id), "second"),
    ]  # fmt: skip


def test_doctor_signs_in_and_names_the_help_centers(
    zendesk: FakeZendesk, settings_with: Load
) -> None:
    zendesk.account.brand("acme-outlet")
    oauth = doctor.zendesk(lambda: zendesk_account(settings_with(OAUTH).zendesk))
    legacy = doctor.zendesk(lambda: zendesk_account(settings_with(LEGACY).zendesk))

    assert (oauth.state, oauth.advice) == ("ok", "")
    assert "Support bot (admin)" in oauth.detail
    assert "acme, acme-outlet" in oauth.detail
    assert legacy.state == "warning"
    assert "2027-04-30" in legacy.advice


def test_doctor_says_what_is_wrong(zendesk: FakeZendesk, settings_with: Load) -> None:
    zendesk.account.bot.role = "end-user"
    found = doctor.zendesk(lambda: zendesk_account(settings_with(OAUTH).zendesk))

    assert found.state == "failed"
    assert "Help Center manager" in found.detail


def test_an_account_without_credentials_names_the_settings(settings_with: Load) -> None:
    for lines in ("", "ZENDESK_CLIENT_ID=x\n", "ZENDESK_EMAIL=x@y.example\n"):
        with pytest.raises(SourceMisconfigured, match="ZENDESK_CLIENT_SECRET"):
            zendesk_account(settings_with(lines).zendesk)
