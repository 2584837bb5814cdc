"""`supportbot routing`: which tags a hand-off can get, and what belongs to each."""

from dataclasses import asdict
from typing import TYPE_CHECKING, Annotated, Any

import typer

from bot.cli import routing_files
from bot.cli.opening import application, operator
from bot.errors import InputRejected

if TYPE_CHECKING:
    from bot.triage.models import Routing, Taxonomy
    from connectors.zendesk.conversation import Priority

app = typer.Typer(
    help="Say which tag, group and priority a hand-off gets.",
    no_args_is_help=True,
    rich_markup_mode=None,
)

Tag = Annotated[str, typer.Argument(help="The tag's name, as at the help desk")]
AsJson = Annotated[bool, typer.Option("--json", help="Print JSON")]
Several = list[str] | None


@app.command("list")
def list_all(as_json: AsJson = False) -> None:
    """List the tags and rules."""
    from bot import terminal  # noqa: PLC0415 - keeps --help instant

    with application() as opened:
        taxonomy = opened.routing_tags.read()
    if as_json:
        terminal.write_json(_taxonomy_json(taxonomy))
        return
    if not taxonomy.tags:
        terminal.notice(
            "There is no routing tag yet. Add one with `supportbot routing add NAME`, or read some "
            "from a file: see `supportbot routing import --help`."
        )
        return
    counts = _counts(taxonomy)
    terminal.write_table(
        ("TAG", "EXAMPLES", "GROUP", "PRIORITY", "ENABLED", "DESCRIPTION"),
        (
            (
                each.name,
                counts[each.name],
                each.group_name or each.group_id or "-",
                each.priority or "-",
                "yes" if each.enabled else "no",
                each.description,
            )
            for each in taxonomy.tags
        ),
    )
    terminal.write(f"{counts[None]} examples belong to none of them.")
    if taxonomy.rules:
        terminal.write_table(
            ("RULE", "TAG", "WHEN"),
            ((each.id, each.tag, _when(asdict(each))) for each in taxonomy.rules),
        )


@app.command("add")
def add(
    name: Tag,
    description: Annotated[str, typer.Option(help="What belongs to it, in a sentence")] = "",
    group: Annotated[str, typer.Option(help="The name of the group that gets the ticket")] = "",
    group_id: Annotated[int | None, typer.Option(help="That group's id at the help desk")] = None,
    priority: Annotated[str | None, typer.Option(help="low, normal, high or urgent")] = None,
    field: Annotated[Several, typer.Option(help="A custom field, as ID=VALUE; repeatable")] = None,
    example: Annotated[Several, typer.Option(help="What a customer writes; repeatable")] = None,
    enabled: Annotated[bool, typer.Option(help="Whether it is chosen at all")] = True,
) -> None:
    """Add a tag, or replace what an existing one says; its examples and rules stay."""
    from bot import terminal  # noqa: PLC0415 - keeps --help instant
    from bot.triage.models import Example, RoutingTag  # noqa: PLC0415 - keeps --help instant

    tag = RoutingTag(
        name=name,
        description=description,
        group_id=group_id,
        group_name=group,
        priority=_priority(priority),
        custom_fields=_fields(field or []),
        enabled=enabled,
    )
    with application() as opened:
        own = name.strip().lower()
        examples = [Example(text=one, tag=own) for one in example or []]
        opened.routing_tags.save([tag], examples, actor=operator())
    terminal.write(
        f'Saved {own}. Examples teach it: `supportbot routing example {own} "What they write"`.'
    )


@app.command("remove")
def remove(name: Tag) -> None:
    """Remove a tag with its examples and rules."""
    from bot import terminal  # noqa: PLC0415 - keeps --help instant

    with application() as opened:
        opened.routing_tags.remove(name, actor=operator())
    terminal.write(f"Removed {name}.")


@app.command("example")
def example(
    name: Annotated[str, typer.Argument(help="The tag, or oos for what belongs to none")],
    text: Annotated[str, typer.Argument(help="What a customer writes")],
    remove: Annotated[bool, typer.Option("--remove", help="Remove this example")] = False,
) -> None:
    """Add an example to a tag, or remove one; running workers learn it with the next ticket."""
    from bot import terminal  # noqa: PLC0415 - keeps --help instant
    from bot.triage.models import NONE, Example  # noqa: PLC0415 - keeps --help instant

    one = Example(text=text, tag=None if name == NONE else name)
    with application() as opened:
        if remove:
            opened.routing_tags.remove_example(one, actor=operator())
            terminal.write("Removed.")
        elif opened.routing_tags.save([], [one], actor=operator()):
            terminal.write("Added.")
        else:
            terminal.write("It was there already.")


@app.command("rule")
def rule(
    name: Annotated[str | None, typer.Argument(help="The tag that it gives")] = None,
    phrase: Annotated[
        Several, typer.Option(help="Words in the text; refund* finds refunded")
    ] = None,
    channel: Annotated[Several, typer.Option(help="A channel, such as email")] = None,
    brand: Annotated[Several, typer.Option(help="A brand's id")] = None,
    form: Annotated[Several, typer.Option(help="A ticket form's id")] = None,
    requester_tag: Annotated[Several, typer.Option(help="A tag of the requester")] = None,
    locale: Annotated[Several, typer.Option(help="A language, such as de")] = None,
    position: Annotated[int, typer.Option(help="Its place; behind all others if left out")] = 0,
    remove: Annotated[int | None, typer.Option(help="Remove the rule of this id")] = None,
) -> None:
    """Add a rule, which decides before any example does, or remove one.

    Each option is repeatable: one of its values is enough, and every option that is given must
    fit. The first rule that fits decides.
    """
    from bot import terminal  # noqa: PLC0415 - keeps --help instant
    from bot.triage.models import Rule  # noqa: PLC0415 - keeps --help instant

    if (name is None) == (remove is None):
        raise InputRejected("Name either a tag to add a rule for, or --remove ID.")
    with application() as opened:
        if remove is not None:
            opened.routing_tags.remove_rule(remove, actor=operator())
            terminal.write(f"Removed rule {remove}.")
            return
        made = Rule(
            tag=name or "",
            phrases=tuple(phrase or ()),
            channels=tuple(channel or ()),
            brands=tuple(brand or ()),
            forms=tuple(form or ()),
            requester_tags=tuple(requester_tag or ()),
            locales=tuple(locale or ()),
            position=position,
        )
        terminal.write(f"Added rule {opened.routing_tags.add_rule(made, actor=operator())}.")


app.command("import")(routing_files.import_)
app.command("export")(routing_files.export)


@app.command("try")
def try_(
    text: Annotated[str, typer.Argument(help="What a customer writes")],
    locale: Annotated[str, typer.Option(help="Its language")] = "en",
    channel: Annotated[str, typer.Option(help="For rules: the channel")] = "",
    brand: Annotated[str, typer.Option(help="For rules: the brand's id")] = "",
    form: Annotated[str, typer.Option(help="For rules: the ticket form's id")] = "",
    requester_tag: Annotated[Several, typer.Option(help="For rules: a requester's tag")] = None,
    as_json: AsJson = False,
) -> None:
    """Show the tag that a text would get, how sure that is, and what decided."""
    from bot import terminal  # noqa: PLC0415 - keeps --help instant
    from bot.triage.models import Context  # noqa: PLC0415 - keeps --help instant

    context = Context(
        channel=channel, brand=brand, form=form, requester_tags=frozenset(requester_tag or ())
    )
    with application() as opened:
        routing = opened.router.route(text, locale=locale, context=context)
    if as_json:
        terminal.write_json(_routing_json(routing))
        return
    tag = routing.tag.name if routing.tag else "none of the tags"
    terminal.write(f"{tag} ({routing.confidence:.0%} sure, decided by {routing.decided_by})")
    if routing.tag and (routing.tag.group_name or routing.tag.priority):
        terminal.write(
            f"Group: {routing.tag.group_name or '-'}. Priority: {routing.tag.priority or '-'}."
        )
    if routing.alternatives:
        others = (f"{name} {share:.0%}" for name, share in routing.alternatives)
        terminal.write(f"Next: {', '.join(others)}")
    if routing.detail:
        terminal.notice(routing.detail)


def _priority(name: str | None) -> "Priority | None":
    match name:
        case None | "low" | "normal" | "high" | "urgent":
            return name
        case _:
            raise InputRejected(f"{name!r} is no priority: use low, normal, high or urgent.")


def _fields(given: list[str]) -> dict[str, object]:
    found: dict[str, object] = {}
    for each in given:
        name, equals, value = each.partition("=")
        if not equals or not name.strip().isdecimal():
            raise InputRejected(f"{each!r} is no custom field: write it as ID=VALUE.")
        found[name.strip()] = value
    return found


def _counts(taxonomy: "Taxonomy") -> dict[str | None, int]:
    counts: dict[str | None, int] = {None: 0, **{each.name: 0 for each in taxonomy.tags}}
    for each in taxonomy.examples:
        counts[each.tag] += 1
    return counts


def _when(rule: dict[str, Any]) -> str:
    conditions = ("phrases", "channels", "brands", "forms", "requester_tags", "locales")
    return "; ".join(f"{name}: {', '.join(rule[name])}" for name in conditions if rule[name])


def _taxonomy_json(taxonomy: "Taxonomy") -> dict[str, Any]:
    counts = _counts(taxonomy)
    return {
        "version": taxonomy.version,
        "tags": [{**asdict(each), "examples": counts[each.name]} for each in taxonomy.tags],
        "examples_of_none": counts[None],
        "rules": [asdict(each) for each in taxonomy.rules],
    }


def _routing_json(routing: "Routing") -> dict[str, Any]:
    """As `routing try --json` prints it."""
    return {
        "tag": routing.tag.name if routing.tag else None,
        "confidence": round(routing.confidence, 4),
        "decided_by": routing.decided_by,
        "alternatives": [
            {"tag": name, "confidence": round(share, 4)} for name, share in routing.alternatives
        ],
        "group_id": routing.tag.group_id if routing.tag else None,
        "group": routing.tag.group_name if routing.tag else None,
        "priority": routing.tag.priority if routing.tag else None,
        "custom_fields": dict(routing.tag.custom_fields) if routing.tag else {},
        "version": routing.version,
        "detail": routing.detail,
    }
