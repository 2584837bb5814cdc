"""Routing: the tags that a hand-off may get, what they are learnt from, and a text to try."""

from __future__ import annotations

from typing import TYPE_CHECKING, Annotated

from fastapi import APIRouter, Depends, Form, Request, Response

from bot.admin import insight_texts as texts
from bot.admin.errors import PageMissing
from bot.admin.pages import Page
from bot.admin.requests import is_partial, visitor_of
from bot.admin.roles import Role
from bot.admin.routing_account_page import account_routes
from bot.insight.routing import changes, learnt, tags_in_use
from bot.triage.models import NONE, PRIORITIES, Example, RoutingTag

if TYPE_CHECKING:
    from bot.admin.parts import Parts

_HERE = "/admin/routing"
_EXAMPLES_SHOWN = 200


def routes(parts: Parts) -> APIRouter:
    """The tags, one tag with its examples, and what is changed about them."""
    router = APIRouter(prefix="/routing")
    store = parts.work.taxonomy
    admins = Depends(parts.gate.needs(Role.ADMIN))

    @router.get("")
    def show(request: Request) -> Response:
        taxonomy = store.read()
        return parts.pages.show(
            request,
            "routing.html",
            tags=tags_in_use(parts.pool, taxonomy),
            rules=taxonomy.rules,
            changes=changes(parts.pool),
            priorities=PRIORITIES,
            has_account=parts.connected["zendesk"],
        )

    @router.get("/learnt")
    def mistakes(request: Request) -> Response:
        return parts.pages.show(
            request,
            "routing_learnt.html",
            learnt=learnt(parts.work.router()),
            partial=is_partial(request),
        )

    @router.post("/try")
    def attempt(
        request: Request, text: Annotated[str, Form()] = "", locale: Annotated[str, Form()] = "en"
    ) -> Response:
        routing = parts.work.router().route(text[:8_000], locale=locale[:20]) if text else None
        return parts.pages.show(
            request, "routing_try.html", routing=routing, text=text, partial=is_partial(request)
        )

    @router.get("/tags/{name:path}")
    def one(request: Request, name: str) -> Response:
        taxonomy = store.read()
        tag = next((each for each in taxonomy.tags if each.name == name), None)
        if tag is None and name != NONE:
            raise PageMissing
        wanted = None if tag is None else name
        examples = [each for each in taxonomy.examples if each.tag == wanted]
        return parts.pages.show(
            request,
            "routing_tag.html",
            tag=tag,
            name=name,
            examples=examples[:_EXAMPLES_SHOWN],
            count=len(examples),
            priorities=PRIORITIES,
        )

    @router.post("/save", dependencies=[admins])
    def save(
        request: Request,
        name: Annotated[str, Form()] = "",
        description: Annotated[str, Form()] = "",
        group_id: Annotated[str, Form()] = "",
        group_name: Annotated[str, Form()] = "",
        priority: Annotated[str, Form()] = "",
        enabled: Annotated[bool, Form()] = False,
    ) -> Response:
        known = {each.name: each for each in store.read().tags}
        before = known.get(name.strip().lower())
        tag = RoutingTag(
            name=name,
            description=description,
            group_id=texts.number(group_id, "The group's number"),
            group_name=group_name.strip(),
            priority=texts.priority(priority),
            custom_fields=before.custom_fields if before else {},
            enabled=enabled,
        )
        store.save([tag], actor=visitor_of(request).person.actor)
        return parts.pages.go(request, _HERE, said=texts.TAG_SAVED.format(name=name.strip()))

    @router.post("/remove", dependencies=[admins])
    def remove(request: Request, name: Annotated[str, Form()]) -> Response:
        store.remove(name, actor=visitor_of(request).person.actor)
        return parts.pages.go(request, _HERE, said=texts.TAG_REMOVED.format(name=name))

    @router.post("/examples", dependencies=[admins])
    def teach(
        request: Request, name: Annotated[str, Form()], examples: Annotated[str, Form()] = ""
    ) -> Response:
        given = [
            Example(text=line, tag=None if name == NONE else name)
            for line in examples.splitlines()
            if line.strip()
        ]
        added = store.save([], given, actor=visitor_of(request).person.actor)
        said = texts.EXAMPLES_ADDED.format(count=added)
        return parts.pages.go(request, f"{_HERE}/tags/{name}", said=said)

    @router.post("/examples/remove", dependencies=[admins])
    def unteach(
        request: Request, name: Annotated[str, Form()], text: Annotated[str, Form()]
    ) -> Response:
        example = Example(text=text, tag=None if name == NONE else name)
        store.remove_example(example, actor=visitor_of(request).person.actor)
        return parts.pages.go(request, f"{_HERE}/tags/{name}", said=texts.EXAMPLE_REMOVED)

    @router.post("/rules/{rule_id}/remove", dependencies=[admins])
    def remove_rule(request: Request, rule_id: int) -> Response:
        store.remove_rule(rule_id, actor=visitor_of(request).person.actor)
        return parts.pages.go(request, _HERE, said=texts.RULE_REMOVED)

    router.include_router(account_routes(parts))
    return router


PAGE = Page(path="/routing", title="Routing", section="Set up", role=Role.VIEWER, routes=routes)
