"""What an account has by name: groups, tags, brands and ticket forms, for people to choose from."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from itertools import islice

from connectors.errors import PermissionMissing, RequestRejected
from connectors.zendesk.client import Json, ZendeskClient


@dataclass(frozen=True, kw_only=True, slots=True)
class Named:
    """Something with an id that people know by its name."""

    id: int
    name: str


class Directory:
    """Asks anew each time. Raises ConnectorErrors."""

    def __init__(self, *, client: ZendeskClient) -> None:
        self._client = client

    def groups(self) -> tuple[Named, ...]:
        """The groups that tickets can be given to.
        https://developer.zendesk.com/api-reference/ticketing/groups/groups/"""
        return tuple(_named(each) for each in self._all("groups") if not each.get("deleted"))

    def brands(self) -> tuple[Named, ...]:
        """The active brands, with a help center or without."""
        return tuple(_named(each) for each in self._all("brands") if each.get("active"))

    def ticket_forms(self) -> tuple[Named, ...]:
        """The active forms; none on plans that have no forms.
        https://developer.zendesk.com/api-reference/ticketing/tickets/ticket_forms/"""
        try:
            found = tuple(self._all("ticket_forms"))
        except (PermissionMissing, RequestRejected):
            return ()
        return tuple(_named(each) for each in found if each.get("active"))

    def people_at(self, email: str) -> tuple[int, ...]:
        """The ids of whoever has this e-mail address.
        https://developer.zendesk.com/api-reference/ticketing/users/users/#search-users"""
        found = self._client.get("users/search", {"query": f'email:"{email}"'})
        return tuple(
            int(each["id"])
            for each in found.get("users") or ()
            if str(each.get("email") or "").casefold() == email.casefold()
        )

    def tags(self, *, most: int = 1000) -> tuple[str, ...]:
        """The tags of the last 60 days, the most used first, a request for each hundred.
        https://developer.zendesk.com/api-reference/ticketing/ticket-management/tags/"""
        return tuple(str(each.get("name")) for each in islice(self._all("tags"), most))

    def _all(self, kind: str) -> Iterator[Json]:
        for page in self._client.pages(kind):
            yield from page.get(kind) or ()


def _named(record: Json) -> Named:
    return Named(id=int(record["id"]), name=str(record.get("name") or ""))
