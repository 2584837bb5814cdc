"""The Zendesk account as an edge that people and events come in by."""
