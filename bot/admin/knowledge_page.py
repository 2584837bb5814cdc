"""Knowledge: the documents and passages as the bot sees them."""

from __future__ import annotations

from typing import TYPE_CHECKING, Annotated
from urllib.parse import urlencode

from fastapi import APIRouter, Depends, Query, Request, Response

from bot.admin import insight_texts as texts
from bot.admin.errors import PageMissing
from bot.admin.looking import Asker, reader_as, viewer_of
from bot.admin.pages import Page
from bot.admin.roles import Role
from bot.insight.document import document_shown
from bot.insight.finding import found_as
from bot.insight.knowledge import Knowledge, Sought
from bot.support import EVIDENCE_NEEDED

if TYPE_CHECKING:
    from bot.admin.parts import Parts

_PASSAGES_SHOWN = 15


def routes(parts: Parts) -> APIRouter:
    """The shelf, a search as the bot searches, and one document."""
    router = APIRouter(prefix="/knowledge")
    knowledge = Knowledge(pool=parts.pool)

    @router.get("")
    def shelf(
        request: Request, sought: Annotated[Sought, Depends(_sought)], before: int | None = None
    ) -> Response:
        found = knowledge.list(sought, viewer_of(request), place=before)
        kept = {name: value for name, value in _asked(sought).items() if value}
        known = knowledge.facets()
        return parts.pages.show(
            request,
            "knowledge.html",
            shelf=found,
            asked=_asked(sought),
            choices={
                "source": texts.options(known.sources),
                "kind": texts.options(known.kinds),
                "locale": texts.options(known.locales),
            },
            older=urlencode({**kept, "before": found.next}) if found.next else "",
        )

    @router.get("/search")
    def search(
        request: Request,
        q: Annotated[str, Query(max_length=2_000)] = "",
        asker: Annotated[Asker, Query(alias="as")] = "customer",
        locale: Annotated[str, Query(max_length=20)] = "",
        segments: Annotated[str, Query(max_length=500)] = "",
    ) -> Response:
        viewer = viewer_of(request)
        found = None
        if q.strip():
            found = found_as(
                parts.work.retriever(),
                parts.pool,
                q,
                reader_as(asker, viewer, segments=segments),
                viewer,
                locale=locale or None,
                most=_PASSAGES_SHOWN,
            )
        return parts.pages.show(
            request,
            "knowledge_search.html",
            asked={"q": q, "as": asker, "locale": locale, "segments": segments},
            found=found,
            evidence_needed=EVIDENCE_NEEDED,
            may_name_segments=viewer.labels is None,
        )

    @router.get("/{pk}")
    def one(request: Request, pk: int) -> Response:
        shown = document_shown(parts.pool, pk, viewer_of(request))
        if shown is None:
            raise PageMissing
        return parts.pages.show(request, "document.html", document=shown)

    return router


def _sought(
    words: Annotated[str, Query(max_length=500)] = "",
    source: str = "",
    kind: str = "",
    locale: str = "",
    label: str = "",
) -> Sought:
    return Sought(words=words, source=source, kind=kind, locale=locale, label=label)


def _asked(sought: Sought) -> dict[str, str]:
    return {
        "words": sought.words,
        "source": sought.source,
        "kind": sought.kind,
        "locale": sought.locale,
        "label": sought.label,
    }


PAGE = Page(path="/knowledge", title="Knowledge", section="See", role=Role.VIEWER, routes=routes)
