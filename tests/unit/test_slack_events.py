"""What Slack's events mean."""

from __future__ import annotations

from typing import Any

import pytest

from bot.slack.access import Person
from bot.slack.events import received
from bot.slack.happenings import (
    Event,
    HomeOpened,
    Ignored,
    LinksShared,
    PersonChanged,
    RoomChanged,
    Said,
    StreamStopped,
    Uninstalled,
    Withdrawn,
)
from bot.slack.places import Place

TS, LATER = "1700000000.000100", "1700000030.000200"
PLACE = Place(team="T1", channel="C1", thread=TS)


def happened(event: dict[str, Any], **more: Any) -> Event:
    body = {"type": "event_callback", "event_id": "Ev1", "event_time": 1700000000} | more
    body["event"] = event
    return received(body, team="T1", bot_user="UBOT").event


def message(**changes: Any) -> dict[str, Any]:
    told = {
        "type": "message",
        "channel": "C1",
        "channel_type": "channel",
        "user": "U1",
        "text": "How long do returns take?",
        "ts": TS,
    }
    return {key: value for key, value in {**told, **changes}.items() if value is not None}


def edit(**changes: Any) -> dict[str, Any]:
    inner = {
        "type": "message",
        "user": "U1",
        "text": "How long do refunds take?",
        "ts": TS,
        "edited": {"user": "U1", "ts": LATER},
        **changes,
    }
    return {
        "type": "message",
        "subtype": "message_changed",
        "channel": "C1",
        "channel_type": "channel",
        "ts": LATER,
        "message": inner,
    }


def test_a_message_and_a_mention_of_it_are_the_same_but_for_the_room() -> None:
    text = "<@UBOT> How long do returns take?"
    heard = happened(message(text=text))
    mention = happened(message(type="app_mention", text=text, channel_type=None))

    assert heard == Said(place=PLACE, ts=TS, user="U1", text=text, names_bot=True, room="channel")
    assert isinstance(mention, Said)
    assert (mention.place, mention.ts, mention.names_bot, mention.room) == (PLACE, TS, True, None)


def test_a_mention_names_the_bot_whatever_its_text() -> None:
    heard = happened(message(type="app_mention", text="hello"))

    assert isinstance(heard, Said)
    assert heard.names_bot


def test_a_reply_is_in_its_thread() -> None:
    heard = happened(message(ts=LATER, thread_ts=TS, subtype="thread_broadcast"))

    assert isinstance(heard, Said)
    assert (heard.place, heard.ts, heard.begins_thread) == (PLACE, LATER, False)


def test_an_edit_within_a_minute_is_another_wording() -> None:
    heard = happened(edit())

    assert isinstance(heard, Said)
    assert (heard.text, heard.ts, heard.edited) == ("How long do refunds take?", TS, LATER)


@pytest.mark.parametrize(
    ("event", "why"),
    [
        (edit(edited={"user": "U1", "ts": "1700000061.000000"}), "edited too late"),
        (edit(edited=None), "only its looks changed"),
        (message(bot_id="B1"), "written by a program"),
        (message(user="UBOT"), "written by a program"),
        (message(user="USLACKBOT"), "written by a program"),
        (edit(bot_id="B1"), "written by a program"),
        (message(subtype="bot_message", bot_id="B1", user=None), "a notice"),
        (message(subtype="channel_join"), "a notice"),
        (message(subtype="assistant_app_thread"), "a notice"),
        (message(user=None), "not understood"),
        (message(ts="yesterday"), "not understood"),
        (message(channel="../etc"), "not understood"),
        ({"type": "user_change", "user": "U7"}, "not understood"),
        (message(thread_ts=17), "not understood"),
        ({"type": "message", "subtype": "message_changed", "channel": "C1"}, "not understood"),
        ({"type": "tokens_revoked", "tokens": {"oauth": ["U1"]}}, "not the bot's token"),
        ({"type": "pin_added", "user": "U1"}, "not subscribed"),
        ({}, "not subscribed"),
    ],
)
def test_what_is_left_alone(event: dict[str, Any], why: str) -> None:
    assert happened(event) == Ignored(why=why)


@pytest.mark.parametrize("event", [None, "text", 7, ["list"]])
def test_no_event_is_left_alone(event: Any) -> None:
    assert isinstance(received({"event": event}, team="T1", bot_user="UBOT").event, Ignored)


def test_deleting_also_where_others_have_replied() -> None:
    gone = Withdrawn(team="T1", channel="C1", ts=TS)
    deleted = message(subtype="message_deleted", deleted_ts=TS, ts=LATER)

    assert happened(deleted) == gone
    assert happened(edit(subtype="tombstone", edited=None)) == gone


@pytest.mark.parametrize(
    ("event", "meant"),
    [
        (
            {"type": "user_change", "user": {"id": "U7", "is_restricted": True}},
            PersonChanged(team="T1", person=Person(id="U7", is_guest=True)),
        ),
        (
            {"type": "team_join", "user": {"id": "U7", "team_id": "T1"}},
            PersonChanged(team="T1", person=Person(id="U7", team="T1")),
        ),
        (
            {"type": "member_joined_channel", "user": "U7", "channel": "C1"},
            RoomChanged(team="T1", channel="C1"),
        ),
        (
            {"type": "member_joined_channel", "user": "UBOT", "channel": "C1"},
            RoomChanged(team="T1", channel="C1", bot_joined=True),
        ),
        ({"type": "channel_shared", "channel": "C1"}, RoomChanged(team="T1", channel="C1")),
        (
            {"type": "app_home_opened", "user": "U7", "channel": "D1", "tab": "messages"},
            HomeOpened(team="T1", user="U7", channel="D1", tab="messages"),
        ),
        (
            {
                "type": "link_shared",
                "channel": "C1",
                "user": "U7",
                "message_ts": TS,
                "links": [{"domain": "help.example.com", "url": "https://help.example.com/a"}],
            },
            LinksShared(
                team="T1",
                channel="C1",
                user="U7",
                ts=TS,
                unfurl="",
                source="",
                urls=("https://help.example.com/a",),
            ),
        ),
        (
            {
                "type": "agent_session_stopped",
                "channel": "C1",
                "thread_ts": TS,
                "streaming_message_ts": [LATER],
            },
            StreamStopped(place=PLACE, ts=LATER),
        ),
        ({"type": "app_uninstalled"}, Uninstalled(team="T1", enterprise="", at=1700000000.0)),
        (
            {"type": "tokens_revoked", "tokens": {"bot": ["UBOT"]}},
            Uninstalled(team="T1", enterprise="", at=1700000000.0),
        ),
    ],
)
def test_what_else_happens(event: dict[str, Any], meant: Event) -> None:
    assert happened(event) == meant


def test_people_of_other_organisations_are_told_of() -> None:
    heard = happened(message(), is_ext_shared_channel=True)

    assert isinstance(heard, Said)
    assert heard.shared


def test_an_id_that_is_none_is_not_remembered() -> None:
    body = {"event_id": "with a space", "event": message()}

    assert received(body, team="T1", bot_user="UBOT").id == ""
