"""The macros of a Zendesk account as documents: replies that agents have agreed on.

A macro is written for agents: its description is a word among them, and what it writes may be an
internal note. So only a public reply is ever shown to others, and only where the source says so.
https://developer.zendesk.com/api-reference/ticketing/business-rules/macros/
"""

from __future__ import annotations

from collections.abc import Collection, Iterator, Mapping
from datetime import datetime
from typing import Any

from bs4 import BeautifulSoup
from pydantic import BaseModel, ValidationError

from connectors.base import Calls, Change, Checkpoint, Cursor, Delete, Failed, Upsert
from connectors.findings import Draft, Finding, Unusable
from connectors.validation import Identifier, Text, clean_text, explain
from connectors.zendesk.account import ZendeskAccount
from connectors.zendesk.addresses import origin
from connectors.zendesk.client import ZendeskClient
from connectors.zendesk.markup import paragraphs
from connectors.zendesk.placeholders import as_words, as_words_in_html
from indexing.models import Audience, Document

Json = Mapping[str, Any]

# Every run lists all macros, so there is nothing to remember but that one was made.
_CURSOR = '{"listed":true}'
_ACTIVE = {"active": "true"}
_LEVELS = "::"  # "Returns::Refund denied" stands in the menu under "Returns"


class _Action(BaseModel):
    field: Text
    value: Any = None


class _Macro(BaseModel):
    id: Identifier
    title: Text
    actions: tuple[_Action, ...]
    active: bool = True
    description: Text | None = None
    restriction: dict[str, Any] | None = None
    updated_at: datetime | None = None

    def values(self, field: str) -> Iterator[object]:
        return (each.value for each in self.actions if each.field == field)


class MacrosConnector:
    """One source of macros. `audience` is who may read the replies of those that every agent
    may use; the others are for agents in any case."""

    sweeps_each_run = True

    def __init__(
        self,
        *,
        account: ZendeskAccount,
        source: str,
        audience: Audience | None = None,
        locale: str = "en-us",
    ) -> None:
        self._account = account
        self._source = source
        self._audience = audience or Audience.agents()
        self._locale = locale
        self._calls = Calls()

    @property
    def api_calls(self) -> int:
        return self._calls.sent

    def changes(self, cursor: Cursor, *, again: Collection[str] = ()) -> Iterator[Change]:
        """Every active macro that says something, then a checkpoint. Raises a ConnectorError
        that says what the admin must do."""
        with self._account.sync_client(self._calls) as client:
            for found in self._findings(client):
                if isinstance(found, Document):
                    yield Upsert(document=found)
                elif isinstance(found, Unusable):
                    yield Failed(document_id=found.document_id, reason=found.reason)
                elif cursor:
                    yield Delete(document_id=found.document_id)
        yield Checkpoint(cursor=_CURSOR)

    def live_ids(self) -> Iterator[str]:
        """Ids of the active macros that say something; one that cannot be read keeps its id.
        Raises a ConnectorError before the first id where the listing is not complete."""
        with self._account.sync_client(self._calls) as client:
            return iter(
                {
                    found.id if isinstance(found, Document) else found.document_id: None
                    for found in self._findings(client)
                    if not isinstance(found, Draft)
                }
            )

    def _findings(self, client: ZendeskClient) -> Iterator[Finding]:
        client.check()
        for page in client.pages("macros", _ACTIVE):
            for record in page.get("macros") or ():
                yield macro_of(
                    record,
                    source=self._source,
                    subdomain=client.subdomain,
                    audience=self._audience,
                    locale=self._locale,
                )


def document_id(macro_id: object) -> str:
    return f"macro:{macro_id}"


def macro_of(
    record: Json, *, source: str, subdomain: str, audience: Audience, locale: str
) -> Finding:
    """The macro as a document; a Draft where it is switched off or only sets fields. Only those
    for agents carry the description and a link, which lead to where agents work."""
    try:
        macro = _Macro.model_validate(record)
    except ValidationError as error:
        name = document_id(record.get("id", "?"))
        return Unusable(document_id=name, reason=f"{name} cannot be read: {explain(error)}.")
    reply = _reply(macro)
    if not macro.active or not reply:
        return Draft(document_id=document_id(macro.id))
    kept = macro.restriction is not None or not _is_public_reply(macro)
    readers = Audience.agents() if kept else audience
    for_agents = readers == Audience.agents()
    *above, title = _levels(macro.title)
    about = paragraphs(as_words(macro.description or "")) if for_agents else ""
    return Document(
        id=document_id(macro.id),
        source=source,
        title=title,
        body=about + reply,
        media_type="text/html",
        kind="macro",
        locale=locale,
        url=_address(subdomain, macro.id) if for_agents else "",
        audience=readers,
        heading_path=tuple(above),
        edited_at=macro.updated_at,
        metadata=_metadata(macro),
    )


def _reply(macro: _Macro) -> str:
    """What the macro writes, as HTML; "" where it writes nothing. Where one reply is written
    both as HTML and as text, they say the same."""
    rich = [as_words_in_html(each) for each in _texts(macro, "comment_value_html")]
    plain = [paragraphs(as_words(each)) for each in _texts(macro, "comment_value")]
    reply = "\n".join(dict.fromkeys(rich or plain))
    return reply if BeautifulSoup(reply, "html.parser").get_text(strip=True) else ""


def _texts(macro: _Macro, field: str) -> Iterator[str]:
    """A text, or a pair of the channel that it is for ("channel:chat") and the text.
    https://developer.zendesk.com/documentation/ticketing/reference-guides/actions-reference/"""
    for value in macro.values(field):
        text = value[-1] if isinstance(value, list) and value else value
        if isinstance(text, str) and text.strip():
            yield clean_text(text)


def _is_public_reply(macro: _Macro) -> bool:
    """Where a macro does not say it, it writes what the agent is writing: mostly a reply."""
    return all(str(each).lower() == "true" for each in macro.values("comment_mode_is_public"))


def _levels(title: str) -> list[str]:
    parts = [each.strip() for each in as_words(title).split(_LEVELS)]
    return [each for each in parts if each] or ["Macro"]


def _metadata(macro: _Macro) -> dict[str, str]:
    metadata = {"macro_id": macro.id}
    metadata["comment"] = "public" if _is_public_reply(macro) else "private"
    if macro.restriction is not None:
        metadata["restricted_to"] = str(macro.restriction.get("type") or "").lower()
    return metadata


def _address(subdomain: str, macro_id: str) -> str:
    return f"{origin(subdomain)}/admin/workspaces/agent-workspace/macros/{macro_id}"
