"""Routing tags for the sample help center, loaded by `supportbot routing import --sample`."""
