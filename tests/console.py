"""A browser without a window: signs in to the console and sends its forms."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from bs4 import BeautifulSoup
from fastapi.testclient import TestClient

from bot.admin.people import People, Person
from bot.admin.roles import Role
from bot.admin.sessions import Sessions, proof
from bot.audit import SYSTEM

if TYPE_CHECKING:
    from fastapi import FastAPI
    from httpx2 import Response
    from psycopg import Connection
    from psycopg_pool import ConnectionPool

COOKIE = "supportbot_session"


class Browser:
    """One person's browser. Without a `person` nobody is signed in."""

    def __init__(
        self,
        app: FastAPI,
        pool: ConnectionPool[Connection[Any]],
        person: Person | None = None,
    ) -> None:
        self.client = TestClient(app, follow_redirects=False, raise_server_exceptions=True)
        self.csrf = ""
        if person is not None:
            sessions = Sessions(pool=pool, people=People(pool=pool))
            token = sessions.begin(person, agent="tests", address="127.0.0.1")
            self.client.cookies.set(COOKIE, token)
            self.csrf = proof(token)

    def get(self, path: str, **options: Any) -> Response:
        """A page of the console; `path` is below /admin."""
        return self.client.get(f"/admin{path}", **options)

    def post(self, path: str, data: dict[str, Any] | None = None, **options: Any) -> Response:
        """Sends a form with the proof that it is ours."""
        return self.client.post(
            f"/admin{path}", data={"csrf": self.csrf, **(data or {})}, **options
        )

    def page(self, path: str) -> BeautifulSoup:
        """The page as it reads, having been shown."""
        answer = self.get(path)
        assert answer.status_code == 200, (path, answer.status_code, answer.text)
        return BeautifulSoup(answer.text, "lxml")


def somebody(
    pool: ConnectionPool[Connection[Any]], role: Role = Role.ADMIN, *, email: str | None = None
) -> Person:
    """A person with this role."""
    people = People(pool=pool)
    address = email or f"{role}@example.com"
    return people.named(address) or people.add(
        email=address, name=role.title(), role=role, actor=SYSTEM
    )
