"""Who somebody is: auth.test, team.info, users.*, usergroups.*, bots.info."""

from __future__ import annotations

from tests.fakes.slack.calls import TIER_2, TIER_3, TIER_4, Call, Method
from tests.fakes.slack.records import Json, Person
from tests.fakes.slack.refusals import Refused
from tests.fakes.slack.rendering import person_json, team_json, user_group_json


def auth_test(call: Call) -> Json:
    """https://docs.slack.dev/reference/methods/auth.test"""
    workspace = call.workspace
    told: Json = {
        "url": f"https://{workspace.team.domain}.slack.com/",
        "team": workspace.team.name,
        "team_id": workspace.team.id,
        "user": workspace.bot.name,
        "user_id": workspace.bot.id,
        "bot_id": workspace.bot.bot_id,
        "is_enterprise_install": False,
    }
    if workspace.team.enterprise_id:
        told["enterprise_id"] = workspace.team.enterprise_id
    if call.caller.expires_at is not None:
        told["expires_in"] = int(call.caller.expires_at - workspace.clock())
    return told


def team_info(call: Call) -> Json:
    if call.text("team") not in {"", call.workspace.team.id}:
        raise Refused("team_not_found")
    return {"team": team_json(call.workspace.team)}


def users_info(call: Call) -> Json:
    """https://docs.slack.dev/reference/methods/users.info"""
    return {"user": _shown(call, call.person("user"))}


def users_list(call: Call) -> Json:
    """The workspace's own people, bots and the deactivated among them, but no other company's."""
    home = call.workspace.team.id
    own = [each for each in list(call.workspace.people.values()) if each.team.id == home]
    found, more = call.page(own, default=1000)
    return {
        "members": [_shown(call, each) for each in found],
        "cache_ts": int(call.workspace.clock()),
        **more,
    }


def users_by_email(call: Call) -> Json:
    found = call.workspace.by_email(call.text("email"))
    if found is None:
        raise Refused("users_not_found")
    return {"user": _shown(call, found)}


def groups_list(call: Call) -> Json:
    home, users, numbers = (
        call.workspace.team,
        call.flag("include_users"),
        call.flag("include_count"),
    )
    return {
        "usergroups": [
            user_group_json(each, home=home, users=users, count=numbers)
            for each in list(call.workspace.groups.values())
            if not each.disabled or call.flag("include_disabled")
        ]
    }


def group_users(call: Call) -> Json:
    found = call.workspace.groups.get(call.text("usergroup"))
    if found is None:
        raise Refused("no_such_subteam")
    return {"users": [each.id for each in found.members]}


def bots_info(call: Call) -> Json:
    wanted = call.text("bot")
    for bot in list(call.workspace.people.values()):
        if bot.bot_id and bot.bot_id == wanted:
            return {
                "bot": {
                    "id": bot.bot_id,
                    "deleted": bot.deleted,
                    "name": bot.name,
                    "updated": int(bot.updated_at),
                    "app_id": bot.app_id,
                    "user_id": bot.id,
                    "icons": {},
                }
            }
    raise Refused("bot_not_found")


def _shown(call: Call, person: Person) -> Json:
    return person_json(
        person,
        home=call.workspace.team,
        email="users:read.email" in call.caller.scopes,
        locale=call.flag("include_locale"),
    )


METHODS = {
    "auth.test": Method(answer=auth_test),
    "team.info": Method(answer=team_info, scope="team:read", per_minute=TIER_3),
    "users.info": Method(
        answer=users_info,
        scope="users:read",
        needs=("user",),
        takes_json=False,
        per_minute=TIER_4,
    ),
    "users.list": Method(
        answer=users_list, scope="users:read", takes_json=False, per_minute=TIER_2
    ),
    "users.lookupByEmail": Method(
        answer=users_by_email,
        scope="users:read.email",
        needs=("email",),
        takes_json=False,
        per_minute=TIER_3,
    ),
    "usergroups.list": Method(
        answer=groups_list, scope="usergroups:read", takes_json=False, per_minute=TIER_2
    ),
    "usergroups.users.list": Method(
        answer=group_users,
        scope="usergroups:read",
        needs=("usergroup",),
        takes_json=False,
        per_minute=TIER_2,
    ),
    "bots.info": Method(
        answer=bots_info,
        scope="users:read",
        needs=("bot",),
        takes_json=False,
        per_minute=TIER_3,
    ),
}
