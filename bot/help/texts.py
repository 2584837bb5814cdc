"""What the help page says, beside the words of its templates and what the admin wrote."""

from __future__ import annotations

NOTHING_ASKED = "Write down what you would like to know."
TOO_LONG = "Please ask in fewer words."
TOO_MANY = "That was a lot of questions in a short time. Please wait a few minutes."
FAILED = "Something went wrong. Please try again."
OLD = "This page is too old. Please ask again."
THANKS_YES = "Thank you. We are glad that this helped."
THANKS_NO = "Thank you for telling us."
NO_ANSWER = "We found no reliable answer to this."
CONTACT_INVALID = "Write your e-mail address and what we can do for you."
CONTACT_SENT = "Thank you. Your message is with our team, who will answer you by e-mail."
NOT_SHOWN = "There is no help page here."
