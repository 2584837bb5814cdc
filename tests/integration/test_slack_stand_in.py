"""The Slack stand-in is only worth testing against if Slack's own clients take it for Slack."""

from __future__ import annotations

import asyncio
from collections.abc import Iterator
from typing import Any

import pytest
import requests
from slack_sdk import WebClient
from slack_sdk.web.async_client import AsyncWebClient

from tests.fakes.clock import FakeClock
from tests.fakes.slack import App, FakeSlack, Message
from tests.refusals import error, refusal


@pytest.fixture
def clock() -> FakeClock:
    return FakeClock()


@pytest.fixture
def slack(clock: FakeClock) -> Iterator[FakeSlack]:
    with FakeSlack(clock=clock) as running:
        yield running


@pytest.fixture
def client(slack: FakeSlack) -> WebClient:
    return WebClient(slack.bot_token, base_url=slack.api_url, retry_handlers=[])


# --- Who is who


def test_people_are_shown_as_what_they_are(slack: FakeSlack, client: WebClient) -> None:
    acme = slack.workspace
    globex = acme.company("Globex")
    people = {
        "member": acme.member("Ann"),
        "admin": acme.member("Bob", admin=True),
        "guest": acme.guest("Gus"),
        "one-channel guest": acme.guest("Gil", channels=1),
        "stranger": acme.external("Sid", globex, stranger=True),
        "shared": acme.external("Eve", globex, stranger=False),
        "unsaid": acme.external("Una", globex, stranger=None),
        "bot": acme.other_bot("Zendesk"),
        "Slackbot": acme.slackbot,
        "left": acme.member("Lea"),
    }
    acme.deactivate(people["left"])

    shown = {kind: client.users_info(user=each.id)["user"] for kind, each in people.items()}

    assert {kind for kind, each in shown.items() if each["team_id"] != acme.team.id} == {
        "stranger",
        "shared",
        "unsaid",
    }
    assert {kind: each.get("is_stranger") for kind, each in shown.items()} == dict.fromkeys(
        people
    ) | {"stranger": True, "shared": False}
    assert {kind for kind, each in shown.items() if each.get("is_restricted")} == {
        "guest",
        "one-channel guest",
    }
    assert shown["one-channel guest"]["is_ultra_restricted"] is True
    assert {kind for kind, each in shown.items() if each["is_bot"]} == {"bot"}
    assert shown["bot"]["profile"]["bot_id"] == people["bot"].bot_id
    assert shown["left"]["deleted"] is True
    assert shown["admin"]["is_admin"] is True
    assert shown["member"]["profile"]["email"] == "ann@acme.example"
    assert "email" not in shown["shared"]["profile"]
    assert error(client.users_info, user="U404") == "user_not_found"


def test_people_of_one_organisation_are_known_by_its_id(clock: FakeClock) -> None:
    with FakeSlack(clock=clock, enterprise_id="E1") as slack:
        client = WebClient(slack.bot_token, base_url=slack.api_url)
        cora = slack.workspace.colleague("Cora")
        eve = slack.workspace.external("Eve", slack.workspace.company("Globex"))

        own, other = (client.users_info(user=each.id)["user"] for each in (cora, eve))

        assert own["enterprise_user"]["enterprise_id"] == client.auth_test()["enterprise_id"]
        assert own["team_id"] != client.auth_test()["team_id"]
        assert "is_stranger" not in own
        assert "enterprise_user" not in other


def test_pages_lead_through_everybody(slack: FakeSlack, client: WebClient) -> None:
    acme = slack.workspace
    people = [acme.member(f"Person {number}") for number in range(6)]
    acme.external("Eve", acme.company("Globex"))
    channel = acme.channel("help", people)

    pages = [page.data for page in client.users_list(limit=3)]

    assert [len(each["members"]) for each in pages] == [3, 3, 2]
    assert pages[-1]["response_metadata"]["next_cursor"] == ""
    everybody = [each["id"] for page in pages for each in page["members"]]
    assert everybody == [acme.bot.id, "USLACKBOT", *(each.id for each in people)]
    members = [
        e
        for page in client.conversations_members(channel=channel.id, limit=5)
        for e in page["members"]
    ]
    assert members == [*(each.id for each in people), acme.bot.id]
    assert error(client.users_list, cursor="bm9uc2Vuc2U=") == "invalid_cursor"
    assert error(client.users_list, limit=1001) == "invalid_limit"


def test_channels_say_who_else_may_read_them(slack: FakeSlack, client: WebClient) -> None:
    acme = slack.workspace
    ann, globex = acme.member("Ann"), acme.company("Globex")
    channels = {
        "public": acme.channel("public", [ann]),
        "private": acme.channel("private", [ann], private=True),
        "shared": acme.channel("shared", [ann], shared_with=[globex]),
        "pending": acme.channel("pending", [ann], pending_with=[globex]),
        "org": acme.channel("org", [ann], org_shared=True),
        "im": acme.direct_message(ann),
        "mpim": acme.group_message([ann, acme.member("Bob")]),
    }

    def which(flag: str) -> set[str]:
        shown = {k: client.conversations_info(channel=e.id)["channel"] for k, e in channels.items()}
        return {kind for kind, each in shown.items() if each.get(flag)}

    assert which("is_private") == {"private", "mpim"}
    assert which("is_ext_shared") == {"shared"}
    assert which("is_pending_ext_shared") == {"pending"}
    assert which("is_org_shared") == {"org"}
    assert which("is_shared") == {"shared", "org"}
    assert which("is_im") == {"im"}
    assert which("is_mpim") == {"mpim"}
    direct = client.conversations_info(channel=channels["im"].id)["channel"]
    assert direct["user"] == ann.id
    hidden = acme.channel("hidden", [ann], private=True, with_bot=False)
    assert error(client.conversations_info, channel=hidden.id) == "channel_not_found"
    listed = client.conversations_list(types="public_channel,private_channel,im,mpim")
    assert {e["id"] for e in listed["channels"]} == {e.id for e in channels.values()}


def test_people_and_groups_are_found(slack: FakeSlack, client: WebClient) -> None:
    acme = slack.workspace
    ann, bob = acme.member("Ann"), acme.member("Bob")
    group = acme.group("returns", [ann, bob])

    opened = client.conversations_open(users=[ann.id])
    again = client.conversations_open(users=[ann.id], return_im=True)

    assert client.users_lookupByEmail(email="bob@acme.example")["user"]["id"] == bob.id
    assert error(client.users_lookupByEmail, email="x@y.z") == "users_not_found"
    assert again["channel"]["id"] == opened["channel"]["id"]
    assert again["already_open"] is True
    together = client.conversations_open(users=[ann.id, bob.id])["channel"]["id"]
    assert together == client.conversations_open(users=[bob.id, ann.id])["channel"]["id"]
    assert acme.channels[together].kind == "mpim"
    listed = client.usergroups_list(include_users=True)["usergroups"]
    assert [(each["handle"], each["users"]) for each in listed] == [("returns", [ann.id, bob.id])]
    assert client.usergroups_users_list(usergroup=group.id)["users"] == [ann.id, bob.id]
    assert client.team_info()["team"]["domain"] == "acme"
    assert client.bots_info(bot=acme.bot.bot_id)["bot"]["user_id"] == acme.bot.id


# --- Tokens and scopes


def test_a_token_does_what_its_scopes_allow(clock: FakeClock) -> None:
    with FakeSlack(
        app=App(scopes=frozenset({"chat:write", "channels:read"})), clock=clock
    ) as slack:
        client = WebClient(slack.bot_token, base_url=slack.api_url)
        channel = slack.workspace.channel("help")
        direct = slack.workspace.direct_message(slack.workspace.member("Ann"))

        client.conversations_info(channel=channel.id)
        refused = refusal(client.conversations_info, channel=direct.id)

        assert refused["needed"] == "im:read"
        assert refused["provided"] == "channels:read,chat:write"
        assert error(client.users_info, user="U1") == "missing_scope"
        anybody = WebClient("", base_url=slack.api_url)
        assert error(anybody.auth_test) == "not_authed"
        assert error(anybody.auth_test, token="xoxb-stolen") == "invalid_auth"
        assert error(anybody.auth_test, token=slack.app_token) == "not_allowed_token_type"
        assert error(client.api_call, "chat.nonsense") == "unknown_method"
        slack.access.revoke(slack.workspace)
        assert error(client.auth_test) == "token_revoked"


# --- Messages


def test_a_message_is_posted_changed_and_deleted(slack: FakeSlack, client: WebClient) -> None:
    acme = slack.workspace
    ann = acme.member("Ann")
    channel = acme.channel("help", [ann])
    question = acme.say(ann, channel, "How long?")
    meta = {"event_type": "answer", "event_payload": {"question": "q1"}}
    blocks = [{"type": "markdown", "text": "**45** days"}]

    posted = client.chat_postMessage(
        channel=channel.id, thread_ts=question.ts, text="45 days", blocks=blocks, metadata=meta
    )
    client.chat_update(channel=channel.id, ts=posted["ts"], text="30 days")

    (reply,) = acme.replies(question)
    assert posted["message"]["thread_ts"] == question.ts
    assert posted["message"]["bot_id"] == acme.bot.bot_id
    assert (reply.text, reply.blocks, reply.metadata) == ("30 days", [], meta)
    assert [(e.text, e.blocks[0]["text"]) for e in reply.history] == [("45 days", "**45** days")]
    plain = client.conversations_replies(channel=channel.id, ts=question.ts)["messages"]
    assert [each.get("reply_count") for each in plain] == [1, None]
    assert plain[1]["metadata"] == {"event_type": "answer"}
    whole = client.conversations_replies(
        channel=channel.id, ts=reply.ts, include_all_metadata=True
    )["messages"]
    assert whole[1]["metadata"] == meta
    link = client.chat_getPermalink(channel=channel.id, message_ts=reply.ts)["permalink"]
    assert link.endswith(f"?thread_ts={question.ts}&cid={channel.id}")
    client.chat_delete(channel=channel.id, ts=reply.ts)
    assert acme.replies(question) == []
    assert error(client.chat_delete, channel=channel.id, ts=reply.ts) == "message_not_found"
    assert error(client.chat_delete, channel=channel.id, ts=question.ts) == "cant_delete_message"
    assert error(client.chat_update, channel=channel.id, ts=question.ts, text="x") == (
        "cant_update_message"
    )


def test_where_a_bot_may_not_write(slack: FakeSlack, client: WebClient) -> None:
    acme = slack.workspace
    ann = acme.member("Ann")
    channel = acme.channel("help", [ann])

    def posted(channel_id: str, **more: Any) -> str:
        return error(client.chat_postMessage, channel=channel_id, text="x", **more)

    assert posted("C404") == "channel_not_found"
    assert posted(acme.channel("elsewhere", with_bot=False).id) == "not_in_channel"
    assert posted(acme.channel("secret", private=True, with_bot=False).id) == "channel_not_found"
    assert error(client.chat_postEphemeral, channel=channel.id, user="U404", text="x") == (
        "user_not_in_channel"
    )
    client.chat_postEphemeral(channel=channel.id, user=ann.id, text="psst")
    assert [(each.user, each.text) for each in acme.ephemerals] == [(ann.id, "psst")]
    direct = client.chat_postMessage(channel=ann.id, text="hello")["channel"]
    assert direct == acme.direct_message(ann).id


def test_a_reply_to_a_deleted_message_stands_in_the_channel(
    slack: FakeSlack, client: WebClient
) -> None:
    acme = slack.workspace
    ann = acme.member("Ann")
    channel = acme.channel("help", [ann])
    question, other = acme.say(ann, channel, "How?"), acme.say(ann, channel, "Why?")
    acme.say(ann, channel, "Anybody?", thread=other)
    acme.delete(question)
    acme.delete(other)

    lost = client.chat_postMessage(channel=channel.id, thread_ts=question.ts, text="So.")
    kept = client.chat_postMessage(channel=channel.id, thread_ts=other.ts, text="Because.")

    assert "thread_ts" not in lost["message"]
    assert kept["message"]["thread_ts"] == other.ts
    assert error(client.conversations_replies, channel=channel.id, ts=question.ts) == (
        "thread_not_found"
    )
    thread = client.conversations_replies(channel=channel.id, ts=other.ts)["messages"]
    assert [each.get("subtype") for each in thread] == ["tombstone", None, None]


def test_what_slack_would_refuse_is_refused(slack: FakeSlack, client: WebClient) -> None:
    channel = slack.workspace.channel("help")
    wrong = [{"type": "section", "text": {"type": "mrkdwn", "text": ""}}]

    refused = refusal(client.chat_postMessage, channel=channel.id, text="x", blocks=wrong)
    posted = client.chat_postMessage(channel=channel.id, text="x" * 40_001)

    assert refused["error"] == "invalid_blocks"
    assert refused["response_metadata"]["messages"] == [
        "[ERROR] must be more than 0 characters [json-pointer:/blocks/0/text/text]"
    ]
    assert posted["warning"] == "message_truncated"
    assert len(slack.workspace.from_bot()[0].text) == 40_000
    assert error(client.chat_update, channel=channel.id, ts=posted["ts"], text="x" * 4001) == (
        "msg_too_long"
    )
    assert error(client.blocks_validate, blocks=wrong) == "invalid_blocks"
    answer = requests.post(
        f"{slack.api_url}auth.test",
        data="{",
        headers={"Content-Type": "application/json"},
        timeout=5,
    )
    assert answer.json()["error"] == "invalid_json"
    missing = refusal(client.api_call, "chat.postMessage", json={"text": "x"})
    assert missing["response_metadata"]["messages"] == ["[ERROR] missing required field: channel"]


def test_histories_hold_what_can_still_be_seen(slack: FakeSlack, client: WebClient) -> None:
    acme = slack.workspace
    ann = acme.member("Ann")
    channel = acme.channel("help", [ann])
    said = [acme.say(ann, channel, f"Message {number}") for number in range(5)]
    acme.say(ann, channel, "In a thread", thread=said[0])
    acme.delete(said[4])

    pages = [page.data for page in client.conversations_history(channel=channel.id, limit=3)]
    within = client.conversations_history(
        channel=channel.id, oldest=said[1].ts, latest=said[3].ts, inclusive=True
    )

    assert [[each["text"] for each in page["messages"]] for page in pages] == [
        ["Message 3", "Message 2", "Message 1"],
        ["Message 0"],
    ]
    assert [page["has_more"] for page in pages] == [True, False]
    assert [each["ts"] for each in within["messages"]] == [e.ts for e in reversed(said[1:4])]
    elsewhere = acme.channel("elsewhere", with_bot=False)
    assert error(client.conversations_history, channel=elsewhere.id) == "not_in_channel"


def test_reactions_count_once(slack: FakeSlack, client: WebClient) -> None:
    acme = slack.workspace
    message = acme.say(acme.member("Ann"), acme.channel("help"), "How?")
    where = {"channel": message.channel.id, "timestamp": message.ts, "name": "eyes"}

    client.reactions_add(**where)

    assert error(client.reactions_add, **where) == "already_reacted"
    assert message.reactions == {"eyes": [acme.bot.id]}
    client.reactions_remove(**where)
    assert error(client.reactions_remove, **where) == "no_reaction"


def test_signs_of_life_end_as_slack_ends_them(
    slack: FakeSlack, client: WebClient, clock: FakeClock
) -> None:
    acme = slack.workspace
    ann = acme.member("Ann")
    question = acme.say(ann, acme.direct_message(ann), "How?")
    where = {"channel_id": question.channel.id, "thread_ts": question.ts}

    client.assistant_threads_setStatus(**where, status="is searching", loading_messages=["Hm"])
    assert acme.status(question) == "is searching"
    clock.advance(121)
    assert acme.status(question) == ""
    client.assistant_threads_setStatus(**where, status="is writing")
    client.chat_postMessage(channel=question.channel.id, thread_ts=question.ts, text="So.")
    assert acme.status(question) == ""
    assert error(
        client.assistant_threads_setStatus, **{**where, "thread_ts": "1.1"}, status="x"
    ) == ("invalid_thread_ts")
    assert (
        error(client.assistant_threads_setStatus, **where, status="x", loading_messages=["x"] * 11)
        == "invalid_arguments"
    )
    client.agents_sessions_setStatus(**where, status="processing", title="Returns")
    client.agents_sessions_setStatus(**where, status="active", title="Ignored")
    client.agents_sessions_rename(**where, title="Returns of tents")
    (session,) = acme.sessions.values()
    assert (session.status, session.title) == ("active", "Returns of tents")
    assert error(client.agents_sessions_setStatus, **where, status="busy") == "invalid_status"


def test_prompts_are_few_and_for_agents_only(slack: FakeSlack, client: WebClient) -> None:
    channel = slack.workspace.direct_message(slack.workspace.member("Ann"))
    prompt = {"title": "Returns", "message": "How long do I have?"}

    def put(count: int) -> Any:
        return client.assistant_threads_setSuggestedPrompts(
            channel_id=channel.id, prompts=[prompt] * count, title="Try"
        )

    put(4)
    assert slack.workspace.prompts[channel.id]["prompts"] == [prompt] * 4
    assert error(put, 5) == "invalid_arguments"
    slack.app.agent = False
    assert error(put, 1) == "not_agent_app"


def test_only_links_of_the_message_get_previews(slack: FakeSlack, client: WebClient) -> None:
    slack.app.unfurl_domains = ("help.acme.example",)
    acme = slack.workspace
    ann = acme.member("Ann")
    channel = acme.channel("help", [ann])
    url = "https://help.acme.example/articles/1"
    message = acme.say(ann, channel, f"See <{url}> or <https://elsewhere.example>")
    shared = next(e.event for e in slack.deliveries.pending if e.event["type"] == "link_shared")
    preview = {"blocks": [{"type": "section", "text": {"type": "mrkdwn", "text": "*Returns*"}}]}

    assert shared["links"] == [{"domain": "help.acme.example", "url": url}]
    client.chat_unfurl(
        unfurl_id=shared["unfurl_id"], source=shared["source"], unfurls={url: preview}
    )
    assert message.unfurls == {url: preview}
    being_written = acme.compose(ann, url)
    told = slack.deliveries.pending[-1].event
    assert (told["channel"], told["source"]) == ("COMPOSER", "composer")
    client.chat_unfurl(unfurl_id=being_written, source="composer", unfurls={url: preview})
    assert acme.composed[being_written]["unfurls"] == {url: preview}
    assert (
        error(
            client.chat_unfurl,
            channel=channel.id,
            ts=message.ts,
            unfurls={"https://x.example": preview},
        )
        == "cannot_unfurl_url"
    )


async def _asks_the_same(slack: FakeSlack, message: Message) -> list[str]:
    client = AsyncWebClient(slack.bot_token, base_url=slack.api_url)
    posted = await client.chat_postMessage(
        channel=message.channel.id,
        thread_ts=message.ts,
        text="So.",
        blocks=[{"type": "divider"}],
        unfurl_links=False,
    )
    page = await client.conversations_replies(channel=message.channel.id, ts=message.ts)
    await client.assistant_threads_setTitle(
        channel_id=message.channel.id, thread_ts=message.ts, title="T"
    )
    return [posted["ts"], page["messages"][1]["ts"]]


def test_the_asynchronous_client_is_understood_too(slack: FakeSlack) -> None:
    acme = slack.workspace
    message = acme.say(acme.member("Ann"), acme.channel("help"), "How?")

    posted, read = asyncio.run(_asks_the_same(slack, message))

    assert posted == read == acme.replies(message)[0].ts
