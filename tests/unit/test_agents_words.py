"""What an agent's reply says, without what stands around it."""

from __future__ import annotations

import pytest

from bot.phrases.replying import says_something, told
from bot.tuning.solved import resolution
from connectors.zendesk.markup import paragraphs

AROUND = """\
Hi [name],
Hello there!
Thanks for reaching out to us.
Thank you so much for contacting support!
Sorry to hear that.
I'm sorry for the inconvenience.
We're sorry to hear about that.
Please let us know if you have any other questions.
If you have any further questions, please don't hesitate to contact us.
If there is anything else, just let me know!
Hope this helps!
Have a great day!
Best regards,
Best, [name]
Happy to help.
We are happy to help you.
You're welcome!
Read more here: https://help.example.com/hc/en-us/articles/7
https://help.example.com/hc/en-us/articles/7
Please see this article for more details: <https://x.example/hc/articles/5>.
Vielen Dank für Ihre Nachricht.
Bei weiteren Fragen melden Sie sich gerne.
N'hésitez pas à revenir vers nous.
Gracias por contactar con nosotros.
Viele Grüße"""

SAID = """\
You have 60 days to return a jacket.
Please send us your order number.
Return it at https://shop.example/returns within 60 days.
Sorry, we do not ship to Norway.
Thanks for your order, it ships on Monday.
Let us know within 14 days if you have any problems with it after 30 washes.
See page 7.
No."""


@pytest.mark.parametrize("sentence", AROUND.splitlines())
def test_what_stands_around_a_reply_says_nothing(sentence: str) -> None:
    assert not says_something(sentence)


@pytest.mark.parametrize("sentence", SAID.splitlines())
def test_what_tells_the_customer_something_stays(sentence: str) -> None:
    assert says_something(sentence)


def test_a_reply_is_told_without_greeting_and_signature() -> None:
    text = (
        "Dear [name], thanks for your message.\n\nHi again - you can return it within 60 days. "
        "Hope this helps!\nDo not wash it before.\n\nKind regards,\nCarl\nLarkmoor Support"
    )

    assert told(text) == "You can return it within 60 days.\nDo not wash it before."
    assert told("Hello,\n\nthank you!\n\nBest regards\nCarl") == ""


def test_only_the_resolution_of_a_ticket_is_read() -> None:
    asked = paragraphs("How <h2>Resolution</h2> long? I paid 5.")
    said = paragraphs("60 days.\n\nNot 5 & not 6.\nReally.")
    body = f"<h2>Question</h2>\n{asked}<h2>Resolution</h2>\n{said}"

    assert resolution(body) == "60 days.\nNot 5 & not 6.\nReally."
    assert resolution("<h2>Question</h2><p>How long?</p>") == ""
