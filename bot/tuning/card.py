"""The data card: what a dataset holds, how it was made, and what it must not be used for. Pure."""

from __future__ import annotations

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Sequence

    from bot.tuning.export import Dataset

_INTRODUCTION = """\
# Data card

Made {made} by `supportbot tune export`.

**Where it comes from.** Routing: the first message of solved tickets that had exactly one of the \
enabled routing tags, and the examples that admins gave. Replies: drafts that a person sent, as \
they were written or in that person's words, with the passages they were written from; and the \
public answers that solved the newest tickets, without courtesies, with passages that anybody may \
read: what a search finds for the question, and articles that the agent linked. A reply with a \
sentence that none of its passages carries, or that the claim check would not let pass, is left \
out, and private notes are never read. What the \
bot decided itself and nobody confirmed is not in it.

**Personal data.** Mail and network addresses, phone, card, account and other long numbers, \
private links and the names of the people in a ticket are replaced by marks, and so are names \
that people give as their own. Names of others in passing are not found by patterns: look at \
samples before a file leaves your company. Who asked is in no file.

**Split.** By time: the oldest 70 % of cases are for learning, the next 15 % for calibrating, the \
newest 15 % for measuring. A case of a customer, or with words, that a newer part has as well is \
left out of the older part. Admins' examples are for learning only.

**Use.** To learn which tag a text belongs to, and in what tone and form to write. Not to learn \
facts: those change, so replies have their passages beside them and cite them. The files are your \
customers' words; whose words they are may ask to have them deleted, so export anew, keep nothing.
"""


def card_text(datasets: Sequence[Dataset], made: str) -> str:
    """The card in Markdown."""
    return "\n".join([_INTRODUCTION.format(made=made), *map(_section, datasets)])


def _section(dataset: Dataset) -> str:
    lines = [f"## {dataset.task}", "", f"Fingerprint {dataset.fingerprint}."]
    if dataset.since:
        lines.append(f"Asked from {dataset.since} to {dataset.until}.")
    lines += ["", "| part | cases |", "|---|---|"]
    lines += [f"| {name} | {count} |" for name, count in dataset.parts.items()]
    tags = sorted({tag for some in dataset.labels.values() for tag in some})
    if tags:
        names = list(dataset.parts)
        lines += ["", f"| tag | {' | '.join(names)} |", f"|---|{'---|' * len(names)}"]
        lines += [
            f"| {tag} | {' | '.join(str(dataset.labels[name].get(tag, 0)) for name in names)} |"
            for tag in tags
        ]
    lines += ["", "Origins: " + (_counts(dataset.origins) or "none") + "."]
    lines += ["Left out: " + (_counts(dataset.left_out) or "nothing") + ".", ""]
    return "\n".join(lines)


def _counts(counted: object) -> str:
    assert isinstance(counted, dict)  # noqa: S101 - both are made by `export`
    return ", ".join(f"{count} {what}" for what, count in counted.items() if count)
