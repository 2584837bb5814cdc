"""Slack channels: where the bot speaks up by itself, and what it may answer from there."""

from __future__ import annotations

from typing import TYPE_CHECKING, Annotated

from fastapi import APIRouter, Depends, Form, Request, Response

from bot.admin import texts
from bot.admin.requests import visitor_of
from bot.admin.roles import Role
from bot.admin.settings_tabs import TABS
from bot.errors import InputRejected
from bot.slack.channels import FLOOR, Channel, Channels

if TYPE_CHECKING:
    from bot.admin.parts import Parts

_HERE = "/admin/settings/slack"

_PLACES = """
SELECT team.team_id, coalesce(workspace.name, team.team_id) FROM slack_teams AS team
JOIN slack_workspaces AS workspace ON workspace.id = team.workspace ORDER BY 2, 1
"""


def slack_routes(parts: Parts) -> APIRouter:
    """The channels that something was decided of, and a form for one."""
    router = APIRouter(prefix="/slack")
    admins = [Depends(parts.gate.needs(Role.ADMIN))]
    channels = Channels(pool=parts.pool)

    def listed(request: Request, *, given: Channel | None = None, problem: str = "") -> Response:
        with parts.pool.connection() as connection:
            teams = connection.execute(_PLACES).fetchall()
        return parts.pages.show(
            request,
            "settings_slack.html",
            status=422 if problem else 200,
            name="slack",
            tabs=TABS,
            teams=teams,
            known=[each for team, _ in teams for each in channels.all(team)],
            sources=[each.source.name for each in parts.sources.all()],
            given=given or Channel(team="", channel=""),
            problem=problem,
        )

    @router.get("")
    def show(request: Request) -> Response:
        return listed(request)

    @router.get("/{team}/{channel}", dependencies=admins)
    def change(request: Request, team: str, channel: str) -> Response:
        return listed(request, given=channels.of(team, channel))

    @router.post("", dependencies=admins)
    def save(
        request: Request,
        team: Annotated[str, Form(max_length=30)] = "",
        channel: Annotated[str, Form(max_length=30)] = "",
        title: Annotated[str, Form(max_length=100)] = "",
        floor: Annotated[float, Form()] = FLOOR,
        auto_answer: Annotated[bool, Form()] = False,
        public_only: Annotated[bool, Form()] = False,
        language: Annotated[str, Form(max_length=20)] = "",
        sources: Annotated[list[str] | None, Form()] = None,
    ) -> Response:
        given = Channel(
            team=team.strip(),
            channel=channel.strip(),
            name=title.strip().lstrip("#"),
            auto_answer=auto_answer,
            floor=floor,
            sources=frozenset(sources) if sources else None,
            public_only=public_only,
            language=language.strip() or None,
        )
        try:
            if not (given.channel.isalnum() and given.team.isalnum()):
                raise InputRejected(texts.CHANNEL_ID)  # noqa: TRY301 - said beside the form
            channels.put(given, actor=visitor_of(request).person.actor)
        except InputRejected as error:
            return listed(request, given=given, problem=str(error))
        return parts.pages.go(request, _HERE, said=texts.SETTINGS_SAVED)

    return router
