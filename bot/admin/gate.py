"""Who may open which page. Every route of the console has a `Needs`, or is listed as open."""

from __future__ import annotations

import hmac
import secrets
from typing import TYPE_CHECKING

from fastapi import Request
from starlette.concurrency import run_in_threadpool

from bot.admin.errors import FormNotOurs, RoleNeeded, SignInNeeded
from bot.admin.requests import UNSAFE, comes_from_elsewhere
from bot.admin.sessions import proof

if TYPE_CHECKING:
    from bot.admin.cookies import Cookies
    from bot.admin.roles import Role
    from bot.admin.sessions import Sessions, Visitor

FIELD = "csrf"
HEADER = "x-csrf-token"


class Gate:
    """Finds out who asks, and whether a form is one of ours."""

    def __init__(self, *, sessions: Sessions, cookies: Cookies, public_url: str | None) -> None:
        self._sessions = sessions
        self._cookies = cookies
        self._public_url = public_url

    def needs(self, role: Role) -> Needs:
        """What a route depends on, so that only people with this role or more get there."""
        return Needs(gate=self, role=role)

    def visitor(self, request: Request) -> Visitor | None:
        """Whoever is signed in."""
        token = self._cookies.get(request, "session")
        return self._sessions.visitor(token) if token else None

    def visit(self, request: Request) -> str:
        """What ties a form to this browser before anybody is signed in; new where there is none."""
        return self._cookies.get(request, "visit") or secrets.token_urlsafe(32)

    async def open_form(self, request: Request) -> None:
        """What a route depends on that takes a form from people who are not signed in. Raises
        FormNotOurs."""
        visit = self._cookies.get(request, "visit")
        await self.check_form(request, proof(visit) if visit else "")

    async def check_form(self, request: Request, expected: str) -> None:
        """Raises FormNotOurs unless one of our pages, with this proof in it, sends this."""
        if request.method not in UNSAFE:
            return
        given = request.headers.get(HEADER)
        if given is None:
            sent = (await request.form()).get(FIELD)
            given = sent if isinstance(sent, str) else ""
        is_ours = expected and hmac.compare_digest(given.encode(), expected.encode())
        if not is_ours or comes_from_elsewhere(request, public_url=self._public_url):
            raise FormNotOurs


class Needs:
    """A dependency of routes: somebody is signed in, has the role, and sends a form of ours."""

    def __init__(self, *, gate: Gate, role: Role) -> None:
        self.role = role
        self._gate = gate

    async def __call__(self, request: Request) -> None:
        """Raises SignInNeeded, RoleNeeded or FormNotOurs."""
        known: Visitor | None = getattr(request.state, "visitor", None)
        visitor = known or await run_in_threadpool(self._gate.visitor, request)
        if visitor is None:
            raise SignInNeeded
        if not visitor.person.role.may(self.role):
            raise RoleNeeded
        await self._gate.check_form(request, visitor.csrf)
        request.state.visitor = visitor
