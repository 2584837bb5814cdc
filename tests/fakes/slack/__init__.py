"""Slack on loopback: real HTTP, its own state, and the faults that the real one has.

It answers as Slack's reference pages say (https://docs.slack.dev/reference/methods); what they
leave open is named where it is decided. A test goes like this:

    with FakeSlack() as slack:
        acme = slack.workspace
        ann = acme.member("Ann")
        question = acme.say(ann, acme.channel("help", [ann]), f"{acme.mention} how?")
        slack.deliveries.url = ...  # the app's address, whose client calls slack.api_url
        slack.deliveries.flush()
        (answer,) = acme.answers(question)
        acme.ui.press(ann, answer, "show_passage")
"""

from tests.fakes.slack.app import App
from tests.fakes.slack.deliveries import Delivery, Disorder
from tests.fakes.slack.pings import pings_of
from tests.fakes.slack.reading import seen
from tests.fakes.slack.records import Channel, Message, Person, Team
from tests.fakes.slack.server import FakeSlack
from tests.fakes.slack.signing import sign, signed_headers
from tests.fakes.slack.workspace import Workspace

__all__ = [
    "App",
    "Channel",
    "Delivery",
    "Disorder",
    "FakeSlack",
    "Message",
    "Person",
    "Team",
    "Workspace",
    "pings_of",
    "seen",
    "sign",
    "signed_headers",
]
