"""What the console says to people, beside the words that stand in its templates."""

from __future__ import annotations

from collections.abc import Mapping

WRONG_PASSWORD = "This e-mail address and this password do not belong together."  # noqa: S105 - no password
TOO_MANY_TRIES = "Too many attempts. Wait a quarter of an hour, or sign in with a link."
LINK_INVALID = (
    "This link is used up or too old. `supportbot console link` on the machine prints a new one; "
    "if you were invited, ask an admin for another invitation."
)
NO_OPENID = "Signing in at a provider is not set up here. Set OIDC_ISSUER and what goes with it."
OPENID_REFUSED = "The provider did not let you in. Try again."
SIGNED_OUT = "You are signed out."

PERSON_INVITED = "Invited. Send them the link below; it works once, within seven days."
ROLE_CHANGED = "Changed. It counts from their next page on."
PERSON_OUT = "They are shut out, and their sessions have ended."
PERSON_IN = "They may sign in again."
SESSIONS_ENDED = "Their sessions have ended."
PROFILE_SAVED = "Saved."
PASSWORD_SET = "Your password is set. Your other sessions have ended."  # noqa: S105 - no password
PASSWORD_NOT_YOURS = "Your present password is another one."  # noqa: S105 - no password
PASSWORDS_DIFFER = "The two passwords differ."
OTHERS_ENDED = "Your other sessions have ended."
NOT_YOURSELF = "You cannot do this to yourself: ask another admin."

SYNC_ASKED = "A sync was asked for; it begins as soon as a worker is free."
RETRY_ASKED = "{document} is tried again as soon as a worker is free."
FULL_ASKED = "A full sync was asked for: it reads everything anew and removes what is gone."
SCHEDULE_SAVED = "The schedule is saved."
SCHEDULE_PAUSED = "Paused: nothing is planned until you resume it."
SCHEDULE_RESUMED = "Planned again, from now on."
SCHEDULE_REMOVED = "The schedule is removed; the source is synced only when somebody asks for it."

SETTINGS_SAVED = "Saved. It counts from now on."
POLICY_SAVED = "Saved. It counts from the next ticket on."
POLICY_REMOVED = "Removed. What says less about these tickets decides now."
CHANNEL_ID = (
    "A channel is named by its id, such as C0123456789: it stands under its details in Slack."
)


def source_added(found: str) -> str:
    """What is said of a new source, which delivered a document of this title."""
    first = f" The first thing found is “{found[:100]}”." if found else ""
    return f"The source is added.{first}"


def source_removed(name: str, documents: int) -> str:
    """What is said of one that is gone."""
    return f"{name} is removed, with {documents:,} documents."


def person_erased(erased: Mapping[str, int]) -> str:
    """What is said of somebody of whom all this was known."""
    if not erased:
        return "Nothing was known of this person."
    told = ", ".join(f"{count:,} {name}" for name, count in erased.items())
    return f"Erased: {told}."
