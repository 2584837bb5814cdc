"""The app in several workspaces: installed, renewed and taken away, with Bolt's own flow over the
books in PostgreSQL, against the stand-in."""

from __future__ import annotations

import re
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from datetime import timedelta
from html import unescape
from typing import TYPE_CHECKING, Any
from urllib.parse import urlsplit

import pytest
from cryptography.fernet import Fernet
from fastapi import FastAPI
from fastapi.testclient import TestClient
from pydantic import SecretStr
from slack_sdk.oauth.installation_store import Installation

from bot.audit import Actor, Audit
from bot.bootstrap.slack_installing import OAuth
from bot.errors import InputRejected, SecretUnreadable, SettingInvalid
from bot.jobs.slack_upkeep import SlackTokensJob
from bot.language import LanguageDetector
from bot.secrets import Sealer
from bot.slack.errors import NotInstalled
from bot.slack.installing import routes
from bot.slack.manifest import Deployment, manifest
from tests.asking import Asking, asking, shown
from tests.fakes.slack import App

if TYPE_CHECKING:
    from httpx2 import Response
    from psycopg import Connection
    from psycopg_pool import ConnectionPool

    from bot.slack.installations import Installations
    from indexing.embedders.embedder import Embedder
    from tests.fakes.slack import Workspace

# slack_sdk signs the exchange of a code with what aiohttp 4 will no longer have.
pytestmark = pytest.mark.filterwarnings("ignore:BasicAuth is deprecated:DeprecationWarning")

BASE = "https://bot.example"
INTERNAL = "How much goodwill may I give without asking my team lead?"
RETURNS = "How long do I have to return a jacket?"
OLD, NEW = Fernet.generate_key().decode(), Fernet.generate_key().decode()


@pytest.fixture(scope="module")
def migrated_template(sample_template: str) -> str:
    """Each test's database has the sample help center in it."""
    return sample_template


def oauth(*keys: str) -> OAuth:
    return OAuth(
        client_id="4242.2424",
        client_secret=SecretStr("the-client-secret"),
        encryption_keys=SecretStr(",".join(keys)),
    )


@pytest.fixture
def slack(
    pool: ConnectionPool[Connection[Any]], embedder: Embedder, language: LanguageDetector
) -> Iterator[Asking]:
    app = App.of_manifest(manifest(Deployment(public_url=BASE, is_distributed=True)))
    app.socket_mode = False
    with asking(pool, embedder, language, app=app) as made:
        made.oauth = oauth(OLD)
        made.restart()
        yield made


@pytest.fixture
def globex(slack: Asking) -> Workspace:
    """Another company's workspace."""
    return slack.slack.add_workspace("Globex")


@pytest.fixture
def browser(slack: Asking) -> Iterator[TestClient]:
    app = FastAPI()
    app.include_router(
        routes(
            installations=slack.parts.installations,
            missing=(),
            client_id="4242.2424",
            client_secret="the-client-secret",
            public_url=BASE,
            api_url=slack.slack.api_url.rstrip("/"),
        )
    )
    with TestClient(app, base_url=BASE) as made:
        yield made


def books(slack: Asking) -> Installations:
    installations = slack.parts.installations
    assert installations is not None
    return installations()


def installs(slack: Asking, browser: TestClient, workspace: Workspace) -> Response:
    """An admin of that workspace installs the app; what the browser shows in the end."""
    return browser.get(_way_back(slack, browser, workspace))


def _way_back(slack: Asking, browser: TestClient, workspace: Workspace) -> str:
    page = browser.get("/slack/install").text
    found = re.search(r'href="([^"]*/oauth/v2/authorize[^"]*)"', page)
    assert found is not None
    hank = workspace.member("Hank", admin=True)
    link = unescape(found[1])
    assert urlsplit(link).netloc == urlsplit(slack.slack.url).netloc
    return slack.slack.installing.allow(link, hank, workspace)


def asked_in(slack: Asking, workspace: Workspace) -> str:
    """What is answered to a question that is asked there."""
    someone = workspace.member("Ivy")
    channel = workspace.channel("help", [someone])
    question = workspace.say(someone, channel, f"{workspace.mention} {RETURNS}")
    slack.settle()
    return "\n".join(map(shown, workspace.answers(question)))


def stored(slack: Asking) -> list[tuple[Any, ...]]:
    return slack.rows(
        "SELECT id, token, refresh_token, expires_at FROM slack_workspaces "
        "WHERE token IS NOT NULL ORDER BY id"
    )


def test_a_workspace_that_installs_it_is_answered_beside_that_of_the_setting(
    slack: Asking, browser: TestClient, globex: Workspace
) -> None:
    done = installs(slack, browser, globex)
    assert (done.status_code, "Thank you!" in done.text) == (200, True)
    [(identity, token, refresh_token, expires_at)] = stored(slack)
    assert identity == globex.team.id
    assert expires_at is not None
    for sealed in (token, refresh_token):
        assert b"xoxe" not in sealed
        assert Sealer([OLD]).open(sealed).startswith("xoxe")

    assert "You have 60 days" in asked_in(slack, globex)
    assert "You have 60 days" in asked_in(slack, slack.workspace)
    used = {each.token for each in slack.slack.asked("chat.postMessage")}
    assert used == {Sealer([OLD]).open(token), slack.slack.bot_token}


def test_another_company_s_workspace_is_told_public_knowledge_until_it_is_trusted(
    slack: Asking, browser: TestClient, globex: Workspace
) -> None:
    """Whoever finds the page may install the app."""
    installs(slack, browser, globex)
    boss = globex.member("Ivy", admin=True)
    channel = globex.channel("help", [boss])

    def asked() -> str:
        question = globex.say(boss, channel, f"{globex.mention} {INTERNAL}")
        slack.settle()
        [reply] = globex.answers(question)
        return shown(reply)

    assert ":lock:" not in asked()
    globex.open_app(boss)
    slack.settle()
    assert "For admins" not in str(globex.modals.homes[boss.id].body)
    trust = slack.parts.workspaces.trust
    trust(globex.team.id, trusted=True, actor=Actor(surface="cli", name="bert"))
    assert ":lock:" in asked()
    trust(globex.team.id, trusted=False, actor=Actor(surface="cli", name="bert"))
    assert ":lock:" not in asked()
    with pytest.raises(InputRejected, match="not installed in T0"):
        trust("T0", trusted=True, actor=Actor(surface="cli", name="bert"))
    entries = Audit(pool=slack.pool).latest(target=globex.team.id)
    assert [(e.action, e.actor.name) for e in entries][:2] == [
        ("slack_workspaces changed", "bert")
    ] * 2
    assert all("token" not in (each.after or {}) for each in entries)


def test_the_way_back_is_good_once_and_in_the_same_browser_only(
    slack: Asking, browser: TestClient, globex: Workspace
) -> None:
    back = _way_back(slack, browser, globex)
    cookies = dict(browser.cookies)
    browser.cookies.clear()
    assert browser.get(back).status_code == 400
    browser.cookies.update(cookies)
    assert browser.get(back.replace("code=", "code=x")).status_code == 401
    browser.cookies.update(cookies)
    assert browser.get(back).status_code == 401
    late = _way_back(slack, browser, globex)
    slack.run("UPDATE slack_states SET issued_at = now() - interval '11 minutes'")
    assert browser.get(late).status_code == 401
    assert browser.get("/slack/oauth_redirect?error=access_denied").status_code == 200
    assert stored(slack) == []


def test_without_all_settings_nothing_is_installed_and_it_says_what_is_missing() -> None:
    app = FastAPI()
    app.include_router(routes(installations=None, missing=("ENCRYPTION_KEYS", "PUBLIC_URL")))
    with TestClient(app, base_url=BASE) as browser:
        for path in ("/slack/install", "/slack/oauth_redirect?code=1&state=2"):
            answer = browser.get(path)
            assert answer.status_code == 404
            assert "Set ENCRYPTION_KEYS and PUBLIC_URL" in answer.text


@pytest.mark.parametrize("keys", [[], [""], ["short"], [NEW, "x" * 44]])
def test_what_is_no_key_is_refused(keys: list[str]) -> None:
    with pytest.raises(SettingInvalid, match="openssl rand"):
        Sealer(keys)


def _ends_in(slack: Asking, minutes: int) -> None:
    slack.run(f"UPDATE slack_workspaces SET expires_at = now() + interval '{minutes} minutes'")


def _renewals(slack: Asking) -> int:
    asked = slack.slack.asked("oauth.v2.access")
    return sum(each.arguments.get("grant_type") == "refresh_token" for each in asked)


def test_a_token_is_renewed_in_time_and_once_however_many_do_it(
    slack: Asking, browser: TestClient, globex: Workspace
) -> None:
    installs(slack, browser, globex)
    [(_, first, _, _)] = stored(slack)
    assert not books(slack).renew(globex.team.id)
    _ends_in(slack, 60)
    with ThreadPoolExecutor(3) as threads:
        renew = books(slack).renew
        done = list(threads.map(renew, [globex.team.id] * 3))
    assert sorted(done) == [False, False, True]
    assert _renewals(slack) == 1
    [(_, second, _, _)] = stored(slack)
    assert Sealer([OLD]).open(second) != Sealer([OLD]).open(first)
    assert "You have 60 days" in asked_in(slack, globex)


def test_where_no_worker_renewed_it_whoever_needs_it_does(
    slack: Asking, browser: TestClient, globex: Workspace
) -> None:
    installs(slack, browser, globex)
    _ends_in(slack, -30)
    assert "You have 60 days" in asked_in(slack, globex)
    assert _renewals(slack) == 1


def test_what_cannot_be_renewed_is_told_and_holds_up_nobody(
    slack: Asking, browser: TestClient, globex: Workspace
) -> None:
    initech = slack.slack.add_workspace("Initech")
    for each in (globex, initech):
        installs(slack, browser, each)
    slack.slack.access.revoke(globex)
    _ends_in(slack, 60)
    assert slack.parts.installations is not None
    job = SlackTokensJob(installations=slack.parts.installations, problems=slack.parts.problems)
    job.run(0)
    [problem] = slack.parts.problems.all(globex.team.id)
    assert "Install the app there again" in problem.problem
    assert slack.parts.problems.all(initech.team.id) == ()
    installs(slack, browser, globex)
    job.run(0)
    assert slack.parts.problems.all() == ()


def test_a_key_is_replaced_without_installing_anew(
    slack: Asking, browser: TestClient, globex: Workspace
) -> None:
    installs(slack, browser, globex)
    slack.oauth = oauth(NEW, OLD)
    slack.restart()
    assert books(slack).renew(globex.team.id)
    assert not books(slack).renew(globex.team.id)
    slack.oauth = oauth(NEW)
    slack.restart()
    assert "You have 60 days" in asked_in(slack, globex)
    slack.oauth = oauth(OLD)
    slack.restart()
    with pytest.raises(SecretUnreadable, match="ENCRYPTION_KEYS"):
        books(slack).token(globex.team.id)


def test_who_takes_the_app_away_leaves_no_token(
    slack: Asking, browser: TestClient, globex: Workspace
) -> None:
    installs(slack, browser, globex)
    asked_in(slack, globex)
    slack.slack.installing.uninstall(globex)
    told = list(slack.slack.deliveries.pending)
    slack.deliver()
    assert stored(slack) == []
    for table in ("slack_teams", "slack_people", "slack_rooms"):
        assert slack.rows(f"SELECT 1 FROM {table} WHERE team_id = '{globex.team.id}'") == []
    with pytest.raises(NotInstalled):
        slack.process().workspaces.of(globex.team.id)

    slack.clock.advance(60)
    installs(slack, browser, globex)
    slack.run("UPDATE slack_workspaces SET installed_at = now() + interval '1 minute'")
    for number, each in enumerate(told):  # late, and by other ids
        again = slack.slack.deliveries.repeat(each)
        again.body = {**again.body, "event_id": f"EvLate{number}"}
    slack.restart()
    slack.deliver()
    assert len(stored(slack)) == 1


def test_an_organisation_installs_it_for_its_workspaces(slack: Asking) -> None:
    books(slack).save(
        Installation(
            user_id="W1",
            enterprise_id="E1",
            enterprise_name="Umbrella",
            bot_token="xoxb-of-the-organisation",
            bot_id="B1",
            bot_user_id="U1",
            is_enterprise_install=True,
        )
    )
    found = slack.parts.workspaces
    with pytest.raises(NotInstalled):
        found.of("T9")
    workspace = found.of("T9", enterprise="E1")
    assert (workspace.id, workspace.is_organisation) == ("E1", True)
    assert found.token(workspace) == "xoxb-of-the-organisation"
    assert slack.process().workspaces.of("T9").id == "E1"
    assert not books(slack).renew("E1", before=timedelta(days=9))
