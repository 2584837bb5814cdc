"""The solved tickets of a Zendesk account as one stream of changes, for agents only.

They come by the incremental export, which remembers for us where we stopped. A ticket that was
reopened, deleted, redacted or rated badly since is taken out again.
https://developer.zendesk.com/documentation/ticketing/managing-tickets/using-the-incremental-export-api/
"""

from __future__ import annotations

from collections.abc import Collection, Iterator
from datetime import UTC, datetime, timedelta
from typing import Any

from pydantic import BaseModel, ConfigDict, ValidationError

from connectors.base import Calls, Change, Checkpoint, Cursor, Delete, Failed, Upsert
from connectors.errors import PermissionMissing, RequestRejected
from connectors.validation import explain
from connectors.zendesk.account import ZendeskAccount
from connectors.zendesk.client import PAGE_SIZE, User, ZendeskClient
from connectors.zendesk.progress import fact
from connectors.zendesk.ticket_reading import Reading, Ticket, document_of, hosts_of

Json = dict[str, Any]

_EXPORT = "incremental/tickets/cursor"
# Each ticket costs a request for its conversation, so a small page is a checkpoint more often;
# a listing without conversations takes the largest, because the export has its own limit.
_PAGE, _LISTING_PAGE = "100", "1000"
# What documents become of the same tickets: another number reads them all again.
_RULES = 2
_YOUNGEST = 120  # seconds; the export takes no start_time within the last minute


class _Progress(BaseModel):
    """`after` is the export's own cursor; `rules` is by what tickets were chosen until then."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    rules: str
    after: str


class TicketsConnector:
    """One source of solved tickets, of the last `days`."""

    sweeps_each_run = False

    def __init__(
        self, *, account: ZendeskAccount, source: str, days: int = 365, locale: str = "en-us"
    ) -> None:
        self._account = account
        self._source = source
        self._days = days
        self._locale = locale
        self._rules = fact(_RULES, days, locale)
        self._calls = Calls()

    @property
    def api_calls(self) -> int:
        return self._calls.sent

    def changes(self, cursor: Cursor, *, again: Collection[str] = ()) -> Iterator[Change]:
        """Every solved ticket, or those that changed since the cursor, with a checkpoint after
        each page. Raises a ConnectorError that says what the admin must do."""
        with self._account.sync_client(self._calls) as client:
            reader = self._reader(client)
            after, left = self._after(cursor), set(again)
            for page in self._resumed(client, after, reader.since):
                for record in page.get("tickets") or ():
                    left.discard(f"ticket:{record.get('id')}")
                    yield from reader.changes(record, later=bool(cursor))
                after = page.get("after_cursor") or after
                if after:
                    yield Checkpoint(
                        cursor=_Progress(rules=self._rules, after=after).model_dump_json()
                    )
            for name in sorted(left):
                yield from reader.one(name)

    def live_ids(self) -> Iterator[str]:
        """Ids of the tickets that may be documents: solved, not too old. Whether their
        conversations say enough is not looked at, for `changes` takes out those that do not.
        Raises a ConnectorError before the first id where the listing is not complete."""
        ids: dict[str, bool] = {}
        with self._account.sync_client(self._calls) as client:
            since = self._reader(client).since
            for page in _export(client, "", since, size=_LISTING_PAGE):
                for record in page.get("tickets") or ():
                    try:
                        ticket = Ticket.model_validate(record)
                    except ValidationError:
                        ids[f"ticket:{record.get('id')}"] = True
                    else:  # the last that the export tells of a ticket counts
                        ids[ticket.document_id] = ticket.admitted(since=since)
        return iter([name for name, live in ids.items() if live])

    def _reader(self, client: ZendeskClient) -> _TicketReader:
        user = client.check()
        if user.role != "admin":
            raise PermissionMissing(
                f"The credentials stand for {user.name}, who is an agent. Zendesk exports tickets "
                "to administrators only: use an OAuth client of an administrator."
            )
        since = datetime.fromtimestamp(client.server_time, UTC) - timedelta(days=self._days)
        return _TicketReader(
            client=client, user=user, source=self._source, locale=self._locale, since=since
        )

    def _after(self, cursor: Cursor) -> str:
        try:
            progress = _Progress.model_validate_json(cursor) if cursor else None
        except ValidationError:
            return ""
        return progress.after if progress and progress.rules == self._rules else ""

    def _resumed(self, client: ZendeskClient, after: str, since: datetime) -> Iterator[Json]:
        """The pages from a cursor on; all of them where Zendesk no longer takes the cursor."""
        pages = _export(client, after, since, size=_PAGE)
        try:
            first = next(pages, None)
        except RequestRejected:
            if not after:
                raise
            pages = _export(client, "", since, size=_PAGE)
            first = next(pages, None)
        if first is not None:
            yield first
        yield from pages


class _TicketReader:
    """Asks for the conversations of one run's tickets."""

    def __init__(
        self, *, client: ZendeskClient, user: User, source: str, locale: str, since: datetime
    ) -> None:
        self.since = since
        self._client = client
        self._user = user
        self._source = source
        self._locale = locale
        self._known: Reading | None = None

    def changes(self, record: Json, *, later: bool) -> Iterator[Change]:
        """What the ticket means for an index that (`later`) may hold it already."""
        name = f"ticket:{record.get('id')}"
        try:
            ticket = Ticket.model_validate(record)
            admitted = ticket.admitted(since=self.since)
            conversation = self._conversation(ticket) if admitted else None
            document = conversation and document_of(ticket, *conversation, self._reading)
        except ValidationError as error:
            yield Failed(document_id=name, reason=f"{name} cannot be read: {explain(error)}.")
            return
        if document:
            yield Upsert(document=document)
        elif later or admitted:
            yield Delete(document_id=name)

    def one(self, name: str) -> Iterator[Change]:
        """What the ticket that goes by this name means now."""
        number = name.removeprefix("ticket:")
        if not number.isdecimal():
            return
        found = self._client.find(f"tickets/{number}", {"include": "metric_sets"})
        record = found.get("ticket") if found else None
        if isinstance(record, dict):
            yield from self.changes(record, later=True)
        else:
            yield Delete(document_id=name)

    def _conversation(self, ticket: Ticket) -> tuple[list[Json], list[Json]] | None:
        """All comments and their authors; None where the ticket is gone by now."""
        path, asked = f"tickets/{ticket.id}/comments", {"include": "users"}
        first = self._client.find(path, {**asked, "page[size]": PAGE_SIZE})
        if first is None:
            return None
        pages = [first]
        meta = first.get("meta") or {}
        if meta.get("has_more"):
            pages += self._client.pages(path, asked, after=str(meta.get("after_cursor") or ""))
        return (
            [each for page in pages for each in page.get("comments") or ()],
            [each for page in pages for each in page.get("users") or ()],
        )

    @property
    def _reading(self) -> Reading:
        """Asked for when the first ticket needs it."""
        if self._known is None:
            pages = self._client.pages("brands")
            self._known = Reading(
                source=self._source,
                subdomain=self._client.subdomain,
                hosts=hosts_of(each for page in pages for each in page.get("brands") or ()),
                bot_id=self._user.id,
                locale=self._locale,
            )
        return self._known


def _export(client: ZendeskClient, after: str, since: datetime, *, size: str) -> Iterator[Json]:
    start = min(int(since.timestamp()), client.server_time - _YOUNGEST)
    while True:
        position = {"cursor": after} if after else {"start_time": str(start)}
        page = client.get(_EXPORT, {**position, "per_page": size, "include": "metric_sets"})
        yield page
        following = page.get("after_cursor")
        if page.get("end_of_stream") or not following or following == after:
            return
        after = str(following)
