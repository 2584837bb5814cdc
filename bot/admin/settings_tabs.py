"""The pages of the settings, in the order in which they stand beside each other."""

from __future__ import annotations

TABS = (
    ("tickets", "Tickets"),
    ("sending", "How sure"),
    ("voice", "Voice"),
    ("slack", "Slack channels"),
    ("limits", "Left to people"),
    ("help", "Help page"),
    ("retention", "Retention"),
)
