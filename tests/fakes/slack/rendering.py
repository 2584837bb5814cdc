"""People, channels and views as Slack's JSON.

https://docs.slack.dev/reference/objects/
"""

from __future__ import annotations

from tests.fakes.slack.records import Channel, Json, Person, Team, UserGroup, View


def team_json(team: Team) -> Json:
    shown: Json = {
        "id": team.id,
        "name": team.name,
        "domain": team.domain,
        "email_domain": "",
        "url": f"https://{team.domain}.slack.com/",
        "icon": {"image_default": True},
        "is_verified": False,
    }
    if team.enterprise_id:
        shown |= {"enterprise_id": team.enterprise_id, "enterprise_name": "Organisation"}
    return shown


def person_json(person: Person, *, home: Team, email: bool, locale: bool = False) -> Json:
    """People of other teams come without an e-mail address, and are nobody's guests."""
    outside = _is_outside(person, home)
    shown: Json = {
        "id": person.id,
        "team_id": person.team.id,
        "name": person.name,
        "deleted": person.deleted,
        "real_name": person.real_name,
        "tz": person.tz,
        "tz_label": "Central European Time",
        "tz_offset": 3600,
        "profile": _profile(person, email=email and not outside),
        "is_bot": person.is_bot,
        "is_app_user": False,
        "updated": int(person.updated_at),
        "who_can_share_contact_card": "EVERYONE",
    }
    if not person.deleted:
        shown |= {
            "is_admin": person.admin or person.owner,
            "is_owner": person.owner,
            "is_primary_owner": False,
            "is_restricted": bool(person.guest),
            "is_ultra_restricted": person.guest == "single_channel",
        }
    if outside and person.stranger is not None:
        shown["is_stranger"] = person.stranger
    if person.team.enterprise_id:
        shown["enterprise_user"] = _enterprise_user(person)
    if locale and not outside:
        shown["locale"] = person.locale
    return shown


def _is_outside(person: Person, home: Team) -> bool:
    if home.enterprise_id and person.team.enterprise_id == home.enterprise_id:
        return False
    return person.team.id != home.id


def _profile(person: Person, *, email: bool) -> Json:
    shown: Json = {
        "real_name": person.real_name,
        "real_name_normalized": person.real_name,
        "display_name": person.name,
        "display_name_normalized": person.name,
        "status_text": "",
        "status_emoji": "",
        "avatar_hash": "g0000000000a",
        "team": person.team.id,
        "image_72": f"https://avatars.example/{person.id}-72.png",
    }
    if person.is_bot:
        return shown | {"bot_id": person.bot_id, "api_app_id": person.app_id}
    return shown | ({"email": person.email} if email else {})


def _enterprise_user(person: Person) -> Json:
    return {
        "id": person.id,
        "enterprise_id": person.team.enterprise_id,
        "enterprise_name": "Organisation",
        "is_admin": False,
        "is_owner": False,
        "teams": [person.team.id],
    }


def channel_json(channel: Channel, *, home: Team, viewer: Person, count_members: bool) -> Json:
    """A direct message is shown with the person at its other end instead of a name."""
    shown: Json = {"id": channel.id, "created": int(channel.created_at), "is_archived": False}
    if channel.kind == "im":
        other = next((each for each in channel.members if each.id != viewer.id), viewer)
        shown |= {"is_im": True, "is_org_shared": False, "user": other.id, "is_open": True}
    else:
        shown |= _named_channel(channel, home=home, viewer=viewer)
    if count_members:
        shown["num_members"] = len(channel.members)
    return shown


def _named_channel(channel: Channel, *, home: Team, viewer: Person) -> Json:
    purpose = {"value": "", "creator": "", "last_set": 0}
    teams = [home, *channel.shared_with]
    return {
        "name": channel.name,
        "name_normalized": channel.name,
        "is_channel": channel.kind == "public",
        "is_group": channel.kind != "public",
        "is_im": False,
        "is_mpim": channel.kind == "mpim",
        "is_private": channel.kind != "public",
        "is_archived": channel.archived,
        "is_general": channel.name == "general",
        "is_member": channel.has(viewer),
        "is_shared": bool(channel.shared_with) or channel.org_shared,
        "is_ext_shared": channel.is_ext_shared,
        "is_org_shared": channel.org_shared,
        "is_pending_ext_shared": bool(channel.pending_with),
        "pending_shared": [each.id for each in channel.pending_with],
        "pending_connected_team_ids": [each.id for each in channel.pending_with],
        "shared_team_ids": [each.id for each in teams],
        "internal_team_ids": [home.id],
        "connected_team_ids": [each.id for each in channel.shared_with],
        "context_team_id": home.id,
        "conversation_host_id": home.id,
        "creator": channel.creator.id,
        "unlinked": 0,
        "updated": int(channel.created_at * 1000),
        "topic": purpose,
        "purpose": purpose,
        "previous_names": [],
    }


def user_group_json(group: UserGroup, *, home: Team, users: bool, count: bool) -> Json:
    shown: Json = {
        "id": group.id,
        "team_id": home.id,
        "is_usergroup": True,
        "is_subteam": True,
        "name": group.name,
        "description": "",
        "handle": group.handle,
        "is_external": False,
        "date_create": int(group.created_at),
        "date_update": int(group.created_at),
        "date_delete": int(group.created_at) if group.disabled else 0,
        "auto_type": None,
        "created_by": group.created_by.id,
        "updated_by": group.created_by.id,
        "deleted_by": None,
        "prefs": {"channels": [], "groups": []},
    }
    if users:
        shown["users"] = [each.id for each in group.members]
    if count:
        shown["user_count"] = len(group.members)
    return shown


def view_json(view: View, *, team: Team, app_id: str, bot_id: str) -> Json:
    body = view.body
    before = view.stack[view.stack.index(view) - 1] if view in view.stack[1:] else None
    return {
        "id": view.id,
        "team_id": team.id,
        "type": body["type"],
        "title": body.get("title") or {"type": "plain_text", "text": "View Title", "emoji": True},
        "submit": body.get("submit"),
        "close": body.get("close"),
        "blocks": body["blocks"],
        "private_metadata": body.get("private_metadata", ""),
        "callback_id": body.get("callback_id", ""),
        "external_id": body.get("external_id", ""),
        "state": {"values": view.values},
        "hash": view.hash,
        "clear_on_close": body.get("clear_on_close", False),
        "notify_on_close": body.get("notify_on_close", False),
        "submit_disabled": body.get("submit_disabled", False),
        "root_view_id": view.stack[0].id if view.stack else view.id,
        "previous_view_id": before.id if before else None,
        "app_id": app_id,
        "app_installed_team_id": team.id,
        "bot_id": bot_id,
    }
