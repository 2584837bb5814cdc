"""Pages: what each module of a page hands over, and how its template becomes HTML."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any
from urllib.parse import quote, unquote

from fastapi import APIRouter, Request
from fastapi.responses import HTMLResponse, RedirectResponse, Response
from jinja2 import Environment, FileSystemLoader, StrictUndefined

from bot.admin import showing
from bot.admin.requests import is_partial
from bot.admin.roles import Role

if TYPE_CHECKING:
    from bot.admin.assets import Asset
    from bot.admin.cookies import Cookies
    from bot.admin.parts import Parts
    from bot.admin.sessions import Visitor

_TEMPLATES = Path(__file__).parent / "templates"
_LONGEST_SAID = 600
THEMES = ("auto", "light", "dark")


@dataclass(frozen=True, kw_only=True, slots=True)
class Page:
    """One page, or several that share an entry of the menu. `path` begins with "/" and is under
    /admin; `section` groups the menu, and "" keeps the page out of it; `role` is the least that
    every route of it needs, beside which a route may need more."""

    path: str
    title: str
    section: str
    role: Role
    routes: Callable[[Parts], APIRouter]


class Pages:
    """Renders templates, with the menu around them."""

    def __init__(
        self, *, menu: Sequence[Page], assets: Mapping[str, Asset], cookies: Cookies
    ) -> None:
        self._menu = menu
        self._cookies = cookies
        self._jinja = environment(_TEMPLATES, assets)

    def show(
        self, request: Request, template: str, *, status: int = 200, **values: Any
    ) -> HTMLResponse:
        """The template with these values, around which every template knows `visitor`, `csrf`,
        `menu`, `theme` and `said`. Serves whole pages and the parts that htmx asks for."""
        visitor: Visitor | None = getattr(request.state, "visitor", None)
        said = unquote(self._cookies.get(request, "said"))
        around: dict[str, Any] = {
            "visitor": visitor,
            "csrf": visitor.csrf if visitor else "",
            "menu": self._menu_for(visitor, request.url.path),
            "theme": self.theme(request),
            "said": said,
            "path": request.url.path,
        }
        html = self._jinja.get_template(template).render({**around, **values})
        response = HTMLResponse(html, status_code=status)
        if said and not is_partial(request):
            self._cookies.drop(response, "said")
        return response

    def go(self, request: Request, to: str, *, said: str = "") -> Response:
        """On to another page of ours, which then says this once."""
        if is_partial(request):
            response = Response(status_code=204, headers={"HX-Redirect": to})
        else:
            response = RedirectResponse(to, status_code=303)
        if said:
            self._cookies.put(response, "said", quote(said[:_LONGEST_SAID]))
        return response

    def theme(self, request: Request) -> str:
        """auto, light or dark."""
        chosen = self._cookies.get(request, "theme")
        return chosen if chosen in THEMES else "auto"

    def _menu_for(self, visitor: Visitor | None, path: str) -> dict[str, list[dict[str, Any]]]:
        """Section to its entries, of those pages that this person may open."""
        sections: dict[str, list[dict[str, Any]]] = {}
        if visitor is None:
            return sections
        for page in self._menu:
            if page.section and visitor.person.role.may(page.role):
                address = f"/admin{page.path}"
                is_here = path == address or (page.path != "/" and path.startswith(f"{address}/"))
                entry = {"title": page.title, "address": address, "here": is_here}
                sections.setdefault(page.section, []).append(entry)
        return sections


def environment(folder: Path, assets: Mapping[str, Asset]) -> Environment:
    """Templates of a folder, with our filters and the addresses of our files. What is put into them
    is escaped."""
    jinja = Environment(
        loader=FileSystemLoader(folder),
        autoescape=True,
        undefined=StrictUndefined,
        trim_blocks=True,
        lstrip_blocks=True,
    )
    jinja.globals["asset"] = lambda name: f"/admin/static/{name}?v={assets[name].version}"
    jinja.globals["options_as_pairs"] = lambda options: [(each, each) for each in options]
    jinja.filters.update(showing.FILTERS)
    return jinja
