"""Slack, wired to the parts of one process."""

from __future__ import annotations

from functools import cached_property
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from psycopg import Connection
    from psycopg_pool import ConnectionPool

    from bot.bootstrap import Application
    from bot.slack.api import SlackApi
    from bot.slack.attending import Attendant
    from bot.slack.facts import Facts
    from bot.slack.listening import Listeners
    from bot.slack.pacing import Pacing
    from bot.slack.workspaces import Workspace, Workspaces


class Slack:
    """The parts of one process. `pool` is the web process's, which does without a database, or the
    others', who wait for one."""

    def __init__(self, app: Application, *, pool: ConnectionPool[Connection[Any]]) -> None:
        self._app = app
        self._pool = pool

    @property
    def api_url(self) -> str:
        return self._app.settings.slack.api_url

    @cached_property
    def workspaces(self) -> Workspaces:
        from bot.slack.workspaces import Workspaces  # noqa: PLC0415 - made when asked for

        settings = self._app.settings.slack
        return Workspaces(pool=self._pool, token=settings.bot_token, identify=self._identify)

    @cached_property
    def listeners(self) -> Listeners:
        from bot.queue import Queue  # noqa: PLC0415 - made when asked for
        from bot.slack.inbox import Inbox  # noqa: PLC0415 - as above
        from bot.slack.listening import Listeners  # noqa: PLC0415 - brings Bolt

        inbox = Inbox(pool=self._pool, queue=Queue(pool=self._pool))
        return Listeners(workspaces=self.workspaces, inbox=inbox, api_url=self.api_url)

    @cached_property
    def attendant(self) -> Attendant:
        from bot.bootstrap import DEFAULT_LOCALE  # noqa: PLC0415 - it imports this module
        from bot.language import LanguageDetector  # noqa: PLC0415 - made when asked for
        from bot.slack.attending import Attendant  # noqa: PLC0415 - as above
        from bot.slack.channels import Channels  # noqa: PLC0415 - as above
        from bot.slack.deciding import Decider  # noqa: PLC0415 - as above
        from bot.slack.posting import Poster  # noqa: PLC0415 - as above
        from bot.slack.questions import Questions  # noqa: PLC0415 - as above
        from bot.slack.signs import Signs  # noqa: PLC0415 - as above

        app, questions = self._app, Questions(pool=self._pool)
        language = LanguageDetector(default=DEFAULT_LOCALE)
        decider = Decider(
            support=app.desk,
            records=app.records,
            questions=questions,
            channels=Channels(pool=self._pool),
            facts=self.facts,
            language=language,
            workspace=self.workspaces.of,
            api=self.api,
        )
        return Attendant(
            pool=self._pool,
            questions=questions,
            decider=decider,
            poster=Poster(questions=questions),
            signs=Signs(),
            facts=self.facts,
            records=app.records,
            language=language,
            workspace=self.workspaces.of,
            api=self.api,
        )

    @cached_property
    def facts(self) -> Facts:
        from bot.slack.facts import Facts  # noqa: PLC0415 - made when asked for

        return Facts(pool=self._pool, workspace=self.workspaces.of, api=self.api)

    def api(self, team: str) -> SlackApi:
        """The Web API as the bot of a workspace. Raises NotInstalled."""
        workspace = self.workspaces.of(team)
        return self._api(self.workspaces.token(workspace), team)

    @cached_property
    def _pacing(self) -> Pacing:
        from bot.slack.pacing import Pacing  # noqa: PLC0415 - made when asked for

        return Pacing()

    def _api(self, token: str, team: str) -> SlackApi:
        from bot.slack.api import SlackApi  # noqa: PLC0415 - brings the SDK

        return SlackApi(token=token, api_url=self.api_url, team=team, pacing=self._pacing)

    def _identify(self, token: str) -> Workspace:
        from bot.slack.workspaces import Workspace  # noqa: PLC0415 - made when asked for

        found = self._api(token, "").auth_test()
        return Workspace(
            id=str(found["team_id"]),
            name=str(found.get("team") or ""),
            bot_user=str(found["user_id"]),
            bot_id=str(found.get("bot_id") or ""),
            enterprise_id=str(found.get("enterprise_id") or ""),
        )
