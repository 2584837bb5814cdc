"""Fetches what changed at a vendor and says it as one stream of changes."""
