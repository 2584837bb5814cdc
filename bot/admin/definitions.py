"""What each figure of the console means: shown a click away from it."""

from __future__ import annotations

DEFLECTED = (
    "Of the answered tickets whose end is known, those whose customer said that it helped "
    "(confirmed). Unknown: 72 hours of silence, which is never counted as success. Reopened: the "
    "customer came back after it was solved. Finished by people: a person replied or was handed "
    "the ticket later. Open: answered within the last 72 hours, not counted yet."
)
HANDED_OFF = (
    "Of all that somebody wrote and the bot took up, what people took over: a ticket's turn, or a "
    "question in Slack or on the help page. What was left alone, such as machine mail, is not "
    "counted; nor are tries in the playground and on the command line."
)
SELF_SERVICE = (
    "Answers on the help page of which the customer said that they helped, and who then wrote to "
    "nobody. Silence is not counted as help."
)
ANSWERED = (
    "Answers that were sent or shown, each with its sources. A draft counts as drafted, until a "
    "person sends it."
)
RATED = "Of the ratings that people gave to an answer, those that say it helped."
CITATIONS = (
    "A sample of the answers that people were given is looked at again every hour, statement by "
    "statement: does what it cites carry it, and is each citation needed? The share is given with "
    "its 95 % interval. Right: answers in which the look found no fault, corrected by how far it "
    "was off wherever people judged the answer themselves. By day, the plot shows what the look "
    "alone says."
)
LATENCY = (
    "From a question to its outcome, by stage, as half (p50) or 95 in 100 (p95) of a day's "
    "questions needed at most. Over several days: the mean of the days."
)
FRESHNESS = (
    "From an edit at the source until it could be answered from: half of the edits needed at most "
    "this long. Over several days: the mean of the days."
)
COST = "What the models' tokens cost by list prices. Without a model it is zero."
