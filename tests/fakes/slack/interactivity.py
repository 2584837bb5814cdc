"""What people do to what the app has shown: press, choose, fill in, close, call a command or a
shortcut; and the addresses that the app may answer at.

https://docs.slack.dev/interactivity/handling-user-interaction
"""

from __future__ import annotations

from typing import Any

from tests.fakes.slack import pressing
from tests.fakes.slack.posting import Answer
from tests.fakes.slack.pressing import NotThere
from tests.fakes.slack.records import Channel, Ephemeral, Json, Message, Person, View
from tests.fakes.slack.responses import Responses, Source
from tests.fakes.slack.wire import Wire
from tests.fakes.slack.workspace import Workspace


class Interactivity:
    """The hands of one workspace's people. Everything is sent once, at once and never again: the
    answer is what the person would see of it, a status of 0 where they would see that the app did
    not respond."""

    def __init__(self, workspace: Workspace, *, wire: Wire, responses: Responses) -> None:
        self._workspace = workspace
        self._app = workspace.app
        self._wire = wire
        self._responses = responses

    # --- Messages and home tabs

    def press(
        self,
        person: Person,
        where: Message | Ephemeral | View,
        action_id: str,
        chosen: object = None,
        *,
        still_seen: list[Json] | None = None,
    ) -> Answer:
        """Presses a button, or chooses in a menu: `chosen` is the value of an option, several of
        them, a date, somebody's id, or "positive" or "negative" of feedback buttons. `still_seen`
        are older blocks, where somebody else has just made the app change them."""
        view = where if isinstance(where, View) else None
        blocks = view.body["blocks"] if view else self._visible(person, where)
        blocks = still_seen if still_seen is not None else blocks
        shown = pressing.find(blocks, action_id)
        done = pressing.action(shown, chosen=chosen, ts=self._workspace.numbers.ts())
        told = self._acted(person, view)
        told |= {"type": "block_actions", "actions": [done]}
        if view is not None:
            self._keep(view, shown, done)
            told |= {"container": {"type": "view", "view_id": view.id}}
            told |= {"view": self._workspace.shown(view)}
        else:
            assert not isinstance(where, View)
            told |= self._on_message(where, person)
        return self._wire.interaction(told)

    def _visible(self, person: Person, where: Message | Ephemeral | View) -> list[Json]:
        """The blocks that this person sees there. Raises NotThere where they see none."""
        assert not isinstance(where, View)
        if not where.channel.has(person):
            raise NotThere(f"{person.name} is not in the channel")
        if isinstance(where, Ephemeral) and (where.user != person.id or where.gone):
            raise NotThere(f"{person.name} does not see this")
        if isinstance(where, Message) and where.deleted:
            raise NotThere("the message is deleted")
        return where.blocks

    def _on_message(self, where: Message | Ephemeral, person: Person) -> Json:
        hidden = isinstance(where, Ephemeral)
        container: Json = {
            "type": "message",
            "message_ts": where.ts,
            "channel_id": where.channel.id,
            "is_ephemeral": hidden,
        }
        if where.thread_ts:
            container["thread_ts"] = where.thread_ts
        source = Source(
            workspace=self._workspace, channel=where.channel, user=person.id, shown=where
        )
        told: Json = {
            "container": container,
            "channel": _channel(where.channel),
            "response_url": self._responses.url("actions", source),
            "state": {"values": {}},
        }
        if isinstance(where, Message):
            told["message"] = self._workspace.as_told(where)
        return told

    @staticmethod
    def _keep(view: View, shown: pressing.Shown, done: Json) -> None:
        """What was chosen in a view stays chosen."""
        if shown.element["type"] in {"button", "overflow", "icon_button"}:
            return
        left_out = {"action_id", "block_id", "action_ts"}
        state = {name: each for name, each in done.items() if name not in left_out}
        view.values.setdefault(shown.block["block_id"], {})[shown.element["action_id"]] = state

    # --- Modals

    def submit(self, person: Person, view: View, **typed: Any) -> Answer:
        """Fills the fields of these action ids in and submits. What the app answers becomes of
        the modal: it closes, shows errors (`view.errors`), changes, or gets another on top."""
        if view.closed or view.user != person.id:
            raise NotThere("the modal is not open")
        view.values = pressing.filled(view.body["blocks"], typed, view.values)
        told = self._acted(person, view)
        told |= {
            "type": "view_submission",
            "view": self._workspace.shown(view),
            "response_urls": [],
        }
        answer = self._wire.interaction(told)
        if answer.status == 200:
            self._respond(view, answer.json)
        return answer

    def _respond(self, view: View, said: Json | None) -> None:
        what = (said or {}).get("response_action", "")
        modals = self._workspace.modals
        view.errors = {}
        if what == "errors" and said:
            known = {each["block_id"] for each in view.body["blocks"]}
            unknown = said["errors"].keys() - known
            if unknown:
                raise NotThere(f"errors for blocks that are not there: {sorted(unknown)}")
            view.errors = dict(said["errors"])
        elif what == "update" and said:
            modals.update(view, said["view"])
        elif what == "push" and said:
            modals.lay_over(view, said["view"])
        else:
            modals.close(view, all_of_them=what == "clear")

    def close(self, person: Person, view: View, *, all_of_them: bool = False) -> Answer | None:
        """Closes a modal, or all that lie on each other; None where the app did not want to know
        of it."""
        self._workspace.modals.close(view, all_of_them=all_of_them)
        if not view.body.get("notify_on_close", False):
            return None
        told = self._acted(person, view)
        told.pop("trigger_id")
        told |= {
            "type": "view_closed",
            "view": self._workspace.shown(view),
            "is_cleared": all_of_them,
        }
        return self._wire.interaction(told)

    # --- Commands and shortcuts

    def command(
        self,
        person: Person,
        channel: Channel,
        command: str,
        text: str = "",
    ) -> Answer:
        """Types a slash command. What the app answers with is shown at once."""
        if command not in self._app.commands:
            raise NotThere(f"{command} is not one of the app's commands")
        source = Source(workspace=self._workspace, channel=channel, user=person.id, shown=None)
        fields = {
            "token": self._app.verification_token,
            "team_id": self._workspace.team.id,
            "team_domain": self._workspace.team.domain,
            "channel_id": channel.id,
            "channel_name": _channel(channel)["name"],
            "user_id": person.id,
            "user_name": person.name,
            "command": command,
            "text": text,
            "api_app_id": self._app.id,
            "is_enterprise_install": "false",
            "response_url": self._responses.url("commands", source),
            "trigger_id": self._workspace.modals.trigger(person),
        }
        if self._workspace.team.enterprise_id:
            fields |= {"enterprise_id": self._workspace.team.enterprise_id}
        answer = self._wire.command(fields)
        if answer.status == 200 and answer.body:
            said = answer.json
            shown = said if isinstance(said, dict) else {"text": answer.body.decode()}
            self._responses.show(source, shown)
        return answer

    def shortcut(self, person: Person, message: Message, callback_id: str) -> Answer:
        """Chooses a shortcut from a message's menu. It is there wherever the person is, whether
        or not the bot is in that channel."""
        self._check_shortcut(callback_id)
        if not message.channel.has(person) or message.deleted:
            raise NotThere(f"{person.name} does not see this message")
        source = Source(
            workspace=self._workspace, channel=message.channel, user=person.id, shown=None
        )
        told = self._acted(person)
        told.pop("api_app_id")
        told["user"].pop("username")
        told |= {
            "type": "message_action",
            "callback_id": callback_id,
            "action_ts": self._workspace.numbers.ts(),
            "message_ts": message.ts,
            "message": self._workspace.as_told(message),
            "channel": _channel(message.channel),
            "response_url": self._responses.url("app", source),
        }
        return self._wire.interaction(told)

    def global_shortcut(self, person: Person, callback_id: str) -> Answer:
        self._check_shortcut(callback_id)
        told = self._acted(person)
        told |= {
            "type": "shortcut",
            "callback_id": callback_id,
            "action_ts": self._workspace.numbers.ts(),
        }
        return self._wire.interaction(told)

    def _check_shortcut(self, callback_id: str) -> None:
        if self._app.shortcuts is not None and callback_id not in self._app.shortcuts:
            raise NotThere(f"{callback_id} is not one of the app's shortcuts")

    def _acted(self, person: Person, view: View | None = None) -> Json:
        """What is told of everything that anybody does."""
        team: Json = {"id": self._workspace.team.id, "domain": self._workspace.team.domain}
        if self._workspace.team.enterprise_id:
            team |= {"enterprise_id": self._workspace.team.enterprise_id}
        return {
            "team": team,
            "enterprise": None,
            "is_enterprise_install": False,
            "user": {
                "id": person.id,
                "username": person.name,
                "name": person.name,
                "team_id": person.team.id,
            },
            "api_app_id": self._app.id,
            "token": self._app.verification_token,
            "trigger_id": self._workspace.modals.trigger(person, view),
        }


def _channel(channel: Channel) -> Json:
    """Channels that have no name of their own are called by their kind."""
    names = {"im": "directmessage", "private": "privategroup"}
    return {"id": channel.id, "name": names.get(channel.kind, channel.name)}
